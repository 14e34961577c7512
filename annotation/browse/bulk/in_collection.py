"""What the bulk actions on a collection share: which items are in it, and in and out. The collection may be a name
without a row yet, while the dialog asks, and may be deleted meanwhile."""

from collections.abc import Iterable, Sequence

from annotation.models import Collection


def there(collection: Collection | None, items: Sequence[int]) -> set[int]:
    if collection is None or collection.pk is None:
        return set()
    links = Collection.items.through.objects.filter(collection=collection, item__in=items)
    return set(links.values_list("item", flat=True))


def put_in(collection: Collection, items: Iterable[int]) -> None:
    link = Collection.items.through
    link.objects.bulk_create((link(collection=collection, item_id=pk) for pk in items), ignore_conflicts=True)


def take_out(collection: int, items: Sequence[int]) -> int:
    """How many were in it."""
    return Collection.items.through.objects.filter(collection=collection, item__in=items).delete()[0]

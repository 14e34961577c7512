"""Bulk action: items are taken out of a collection."""

from collections.abc import Sequence

from annotation.browse.bulk import in_collection
from annotation.browse.bulk.verb import Changes, Stays, Verb
from annotation.models import Collection
from studio.models import Project, User


def stay(project: Project, items: Sequence[int], *, collection: Collection | None = None) -> Stays:
    if collection is not None:
        yield "not in this collection", set(items) - in_collection.there(collection, items)


def do(project: Project, items: Sequence[int], *, actor: User, collection: Collection | None) -> Changes:
    if collection is None:
        return {"items": []}
    in_collection.take_out(collection.pk, items)
    return {"items": list(items)}


def undo(project: Project, changes: Changes) -> int:
    collection = Collection.objects.filter(project=project, pk=changes["collection"]).first()
    if collection is None:
        return 0
    there = in_collection.there(collection, changes["items"])
    missing = [pk for pk in changes["items"] if pk not in there]
    in_collection.put_in(collection, missing)
    return len(missing)


UNCOLLECT = Verb(
    label="Remove from a collection",
    deed="is taken out of the collection, and nothing else.",
    done="taken out of the collection",
    stay=stay,
    do=do,
    undo=undo,
    needs="collection",
)

"""Bulk action: items go into a collection."""

from collections.abc import Sequence

from annotation.browse.bulk import in_collection
from annotation.browse.bulk.verb import Changes, Stays, Verb
from annotation.models import Collection
from studio.models import Project, User


def stay(project: Project, items: Sequence[int], *, collection: Collection | None = None) -> Stays:
    yield "in this collection already", in_collection.there(collection, items)


def do(project: Project, items: Sequence[int], *, actor: User, collection: Collection | None) -> Changes:
    if collection is None:
        return {"items": []}
    in_collection.put_in(collection, items)
    return {"items": list(items)}


def undo(project: Project, changes: Changes) -> int:
    return in_collection.take_out(changes["collection"], changes["items"])


COLLECT = Verb(
    label="Add to a collection",
    deed="is added to the collection, which can be frozen by itself.",
    done="added to the collection",
    stay=stay,
    do=do,
    undo=undo,
    needs="collection",
)

"""What a bulk action is: which items it leaves as they are and why, what it does to the others, and how that is put
back. One file each; `bulk_verbs` lists them, and `bulk_actions` plans, does and undoes them chunk by chunk.

All three are called under the locks of the items. Readers of an item with a single seat do not take that lock, and
claims never do: there, the conditional UPDATE of a seat decides.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from annotation.models import BulkAction
from studio.models import Project

Stays = Iterator[tuple[str, Iterable[int]]]
"""(why, ids) in order; each id is counted by the first reason."""
Changes = dict[str, Any]
"""What undo needs, in lists of rows that begin with their item's id (those of seats have it second)."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One action, and the words in which the dialog speaks of it."""

    label: str
    deed: str
    """What happens to an item, after "Each"."""
    done: str
    """After "12 items"."""
    stay: Callable[..., Stays]
    do: Callable[..., Changes]
    """Returns what undo needs, with the ids of the items it changed under "items"."""
    undo: Callable[[Project, Changes], int]
    """Puts back what nobody changed since, and says at how many items."""
    stands: Callable[[Sequence[int]], QuerySet[Any, Any]] | None = None
    """What `do` said it "wrote", as it is said now: another moment where somebody steered or marked the item anew."""
    needs: str = ""
    """The field of the form without which it cannot be done."""

    def changed_since(self, action: BulkAction, changes: Changes) -> set[int]:
        """Those of the changed items at which something later stands, whoever did it: an undo of what came before
        would overwrite it.

        In the queue and of gold the item itself says when it was last steered or marked, and an undo puts that back
        too. That an item is in a collection, or not, carries no date: there the later actions tell.
        """
        if self.stands:
            now = dict(self.stands(changes["items"]))
            wrote = {item: datetime.fromisoformat(at) for item, at in changes["wrote"]}
            return {item for item, at in wrote.items() if now.get(item) != at}
        later = BulkAction.objects.filter(project=action.project_id, pk__gt=action.pk, undone_at=None)
        same = later.filter(changes__choice__collection=changes["collection"])
        return {*changes["items"]}.intersection(
            chain.from_iterable(same.values_list("changes__items", flat=True).iterator())
        )

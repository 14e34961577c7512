"""Verbs of the data browser on many items at once: first a plan of what would happen, then the deed, then its undo.

Two bulk actions in a project go one after the other. Between an action and the readers, conditional UPDATEs decide: a
seat that somebody took in the meantime stays theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotation import bulk_verbs
from annotation.models import BulkAction
from studio import audit
from studio.models import Project, User

MOST = 10_000
"""Items one action takes."""


class AlreadyUndone(Exception):
    """Somebody took this action back before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action would do to the items chosen."""

    verb: str
    total: int
    will: tuple[int, ...]
    """Ids of those it would change."""
    stay: tuple[tuple[int, str], ...]
    """How many stay as they are, and why: (3, "are frozen")."""

    @property
    def count(self) -> int:
        return len(self.will)


def plan(project: Project, verb: str, items: Sequence[int], **choice: Any) -> Plan:
    """Sort `items`: those that `verb` would change, and the others by the first reason why they stay."""
    left, stay = dict.fromkeys(items), []
    for why, found in bulk_verbs.VERBS[verb].stay(project, list(left), **choice):
        staying = [item for item in found if item in left]
        for item in staying:
            del left[item]
        stay += [(len(staying), why)] if staying else []
    return Plan(verb, len(items), tuple(left), tuple(stay))


@transaction.atomic
def act(project: Project, verb: str, items: Sequence[int], *, actor: User, **choice: Any) -> BulkAction:
    """Do `verb` to those of `items` it applies to now; the row remembers what was there before."""
    one_at_a_time(project)
    will = plan(project, verb, items, **choice).will
    changes = bulk_verbs.VERBS[verb].do(project, will, actor=actor, **choice)
    action = BulkAction.objects.create(
        project=project, actor=actor, verb=verb, count=len(changes["items"]), changes=changes
    )
    said = {name: str(value) for name, value in choice.items()}
    audit.record(actor, f"bulk: {verb}", action, project=project, count=action.count, **said)
    return action


@transaction.atomic
def undo(action: BulkAction, *, actor: User) -> tuple[int, int]:
    """Put back what nobody changed since: (how many items are as they were, how many could not be)."""
    one_at_a_time(action.project)
    if not BulkAction.objects.filter(pk=action.pk, undone_at=None).update(undone_at=timezone.now()):
        raise AlreadyUndone("This action was undone already.")
    restored = bulk_verbs.VERBS[action.verb].undo(action.project, action.changes)
    audit.record(actor, f"undid bulk: {action.verb}", action, project=action.project, count=restored)
    return restored, action.count - restored


def one_at_a_time(project: Project) -> None:
    """Not a full lock: on PostgreSQL everybody who writes a row that names the project would wait for it."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def newest_of(project: Project, user: User) -> BulkAction | None:
    """The action that this person could take back: their newest of the last day, unless it is undone."""
    recent = timezone.now() - timedelta(days=1)
    mine = BulkAction.objects.filter(project=project, actor=user, at__gt=recent).defer("changes")
    newest = mine.order_by("-pk").first()
    return newest if newest is not None and newest.undone_at is None else None


def sentence(action: BulkAction) -> str:
    """What was done: "12 items back in the queue."."""
    return f"{items_in_words(action.count)} {bulk_verbs.VERBS[action.verb].done}."


def items_in_words(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"

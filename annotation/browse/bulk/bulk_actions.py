"""Verbs of the data browser on many items at once: first a plan of what would happen, then the deed, then its undo.

Deed and undo go chunk by chunk, each chunk a transaction under the locks of its items, in which it is asked again what
can be done to them: what somebody took, answered or settled in the meantime stays theirs. The row of the action is
written first and grows with every chunk, so that whatever ends a run, what was done can be undone, and the rest done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.fields.json import KT
from django.utils import timezone

from annotation.browse.bulk.bulk_verbs import VERBS
from annotation.models import BulkAction, Collection, Item
from annotation.queue.turn import in_turn
from studio import audit
from studio.models import Project, User

MOST = 10_000
"""Items one action takes."""

CHUNK = 200
"""Items changed by one transaction: readers never wait long for the lock."""

FEW = 2000
"""So many items are changed while a person waits; more are a worker's."""

FIRST_COLUMN = ("verdicts", "steered", "golds", "wrote")
"""Rows of `changes` that begin with their item's id; those of seats have it second."""


LATELY = timedelta(days=7)
"""For so long the data page offers to undo an action, and the timer goes on with one that broke off."""

ALONE = timedelta(minutes=1)
"""Whoever began an action is given so long with it."""

SHOWN = 10
"""Actions that the data page shows at most."""


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

    @property
    def takes_a_while(self) -> bool:
        return self.count > FEW


def plan(project: Project, verb: str, items: Sequence[int], **choice: Any) -> Plan:
    """Sort `items`: those that `verb` would change, and the others by the first reason why they stay."""
    left, stay = dict.fromkeys(items), []
    for why, found in VERBS[verb].stay(project, list(left), **choice):
        staying = {item for item in found if item in left}
        for item in staying:
            del left[item]
        stay += [(len(staying), why)] if staying else []
    return Plan(verb, len(items), tuple(left), tuple(stay))


# ---------------------------------------------------------------- the deed


def with_collection(project: Project, choice: dict[str, Any], *, actor: User) -> dict[str, Any]:
    """The same choice; a collection that is only a name so far is made, by whoever of two is first."""
    if "collection" not in choice or choice["collection"].pk:
        return choice
    collection, is_new = Collection.objects.get_or_create(project=project, name=choice["collection"].name)
    if is_new:
        audit.record(actor, "made a collection", collection)
    return {**choice, "collection": collection}


def act(project: Project, verb: str, items: Sequence[int], *, actor: User, **choice: Any) -> BulkAction:
    """Do `verb` to those of `items` it applies to now; the row remembers what was there before."""
    return work(begin(project, verb, items, actor=actor, **choice).pk)


@transaction.atomic
def begin(project: Project, verb: str, items: Sequence[int], *, actor: User, **choice: Any) -> BulkAction:
    """Write down what is to be done; `work` does it."""
    will = plan(project, verb, items, **choice).will
    chosen = {name: value.pk if isinstance(value, Model) else value for name, value in choice.items()}
    changes = {"todo": list(will), "left": len(will), "choice": chosen, "items": []}
    action = BulkAction.objects.create(project=project, actor=actor, verb=verb, changes=changes)
    said = {name: str(value) for name, value in choice.items()}
    audit.record(actor, f"bulk: {verb}", action, project=project, count=len(will), **said)
    return action


def work(pk: int) -> BulkAction:
    """Go on with an action, or with its undo, until nothing is left to do. Who breaks off loses a chunk at most; two at
    once share the work."""
    while True:
        with in_turn(), transaction.atomic():
            action = (
                BulkAction.objects.select_for_update(no_key=True, of=("self",)).select_related("project").get(pk=pk)
            )
            if not (undo_some(action) if "undoing" in action.changes else do_some(action)):
                return action
            action.save(update_fields=["changes", "count", "undone_at"])


def do_some(action: BulkAction) -> bool:
    """The next chunk, of those to which it can still be done; whether there was one."""
    changes = action.changes
    chunk = changes.get("todo", [])[:CHUNK]
    if not chunk:
        return False
    Project.objects.select_for_update(no_key=True).values_list("pk").get(pk=action.project_id)  # as a freeze does
    lock(chunk)
    choice = chosen(action)
    will = plan(action.project, action.verb, chunk, **choice).will
    done = VERBS[action.verb].do(action.project, will, actor=action.actor, **choice)
    for name, rows in done.items():
        changes[name] = changes.get(name, []) + rows
    changes["todo"] = changes["todo"][CHUNK:]
    changes["left"] = len(changes["todo"])
    action.count = len(changes["items"])
    return True


def chosen(action: BulkAction) -> dict[str, Any]:
    """What the verb needs beside the items, as it was chosen."""
    choice = dict(action.changes.get("choice", {}))
    if "person" in choice:
        choice["person"] = User.objects.get(pk=choice["person"])
    if "collection" in choice:
        choice["collection"] = action.project.collections.filter(pk=choice["collection"]).first()
    return choice


def lock(items: Sequence[int]) -> None:
    """As `turn.lock`, of many, in the order in which everybody takes these locks."""
    list(Item.objects.select_for_update(no_key=True).filter(pk__in=items).order_by("pk").values_list("pk"))


# ---------------------------------------------------------------- its undo


def undo(action: BulkAction, *, actor: User) -> tuple[int, int]:
    """Put back what nobody changed since: (how many items are as they were, how many could not be)."""
    begin_undo(action, actor=actor)
    done = work(action.pk)
    return done.changes["restored"], done.count - done.changes["restored"]


@transaction.atomic
def begin_undo(action: BulkAction, *, actor: User) -> None:
    """Nothing more is done from now on; `work` undoes what was. An undo that broke off goes on."""
    found = BulkAction.objects.select_for_update(no_key=True).get(pk=action.pk)
    if found.undone_at is not None:
        raise AlreadyUndone("This action was undone already.")
    if "undoing" not in found.changes:
        items = found.changes["items"]
        found.changes |= {"todo": [], "left": 0, "undoing": items, "undo_left": len(items), "restored": 0}
        found.changes["undone_by"] = actor.pk
        found.save(update_fields=["changes"])


def undo_some(action: BulkAction) -> bool:
    """Put back the next chunk; the last one ends the undo."""
    changes = action.changes
    if action.undone_at is not None:
        return False
    chunk = changes["undoing"][:CHUNK]
    lock(chunk)
    verb = VERBS[action.verb]
    as_left = sorted({*chunk} - verb.changed_since(action, part(changes, chunk)))
    changes["restored"] += verb.undo(action.project, part(changes, as_left))
    changes["undoing"] = changes["undoing"][CHUNK:]
    changes["undo_left"] = len(changes["undoing"])
    if not changes["undoing"]:
        action.undone_at = timezone.now()
        actor = User.objects.get(pk=changes["undone_by"])
        audit.record(actor, f"undid bulk: {action.verb}", action, project=action.project, count=changes["restored"])
    return True


def part(changes: dict[str, Any], items: Sequence[int]) -> dict[str, Any]:
    """What an action changed at these items."""
    here = {*items}
    rows = {name: [row for row in changes.get(name, []) if row[0] in here] for name in FIRST_COLUMN}
    seats = [row for row in changes.get("seats", []) if row[1] in here]
    return {**changes.get("choice", {}), **rows, "seats": seats, "items": list(items)}


# ---------------------------------------------------------------- what pages say of it


def recent(project: Project) -> list[BulkAction]:
    """What curators did in the last days and could take back, whoever did it, the newest first, each with `left` and
    `undo_left`: items still to be changed, and to be put back. The long lists of items stay in the database."""
    done = BulkAction.objects.filter(project=project, undone_at=None, at__gt=timezone.now() - LATELY)
    return list(with_numbers(done).select_related("actor").order_by("-pk")[:SHOWN])


def is_fresh(action: BulkAction, user: User) -> bool:
    """Whether this person did it today, and looks at the page to see that it is done."""
    return action.actor_id == user.pk and action.at > timezone.now() - timedelta(days=1)


def lost() -> list[int]:
    """Ids of actions, or undos, that are not at their end though begun a while ago. Some may still be at work: whoever
    joins them shares it."""
    begun = BulkAction.objects.filter(undone_at=None, at__gt=timezone.now() - LATELY, at__lt=timezone.now() - ALONE)
    return [action.pk for action in with_numbers(begun) if any(to_go(action))]


def with_numbers(actions: QuerySet[BulkAction]) -> QuerySet[BulkAction]:
    return actions.defer("changes").annotate(left=KT("changes__left"), undo_left=KT("changes__undo_left"))


def sentence(action: BulkAction) -> str:
    """What was done: "12 items back in the queue.", and how much is left of it."""
    left, undo_left = to_go(action)
    if undo_left:
        return f"This is being undone: {items_in_words(undo_left)} to go."
    done = f"{items_in_words(action.count)} {VERBS[action.verb].done}"
    return f"{done} so far, {left:,} to go." if left else f"{done}."


def undone_in_words(action: BulkAction) -> tuple[str, int]:
    """What was put back, and how many items could not be."""
    restored = action.changes["restored"]
    kept = action.count - restored
    stay = "stays as it is" if kept == 1 else "stay as they are"
    left = f" {items_in_words(kept)} changed since, and {stay}." if kept else ""
    return f"Undone: {items_in_words(restored)} as before.{left}", kept


def to_go(action: BulkAction) -> tuple[int, int]:
    """Items that are still to be changed, and to be put back; of an action without its lists, as `recent` gives it."""
    if "changes" in action.get_deferred_fields():
        return int(getattr(action, "left", None) or 0), int(getattr(action, "undo_left", None) or 0)
    return action.changes.get("left", 0), action.changes.get("undo_left", 0)


def items_in_words(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"

"""What each bulk action does, to which items it cannot be done and why, and how it is put back.

Of each: `stay` gives (why, ids) in order, each id counted by the first reason; `do` returns what undo needs, with the
ids of the items it changed under "items"; `undo` puts back what nobody changed since and says at how many items.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation import gold
from annotation.models import Answer, Collection, Gold, Item, Seat, Skip, Verdict
from studio import audit
from studio.models import Project, User
from training.models import SnapshotRow

Stays = Iterator[tuple[str, Iterable[int]]]
Changes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """One action, and the words in which the dialog speaks of it."""

    label: str
    deed: str
    """What happens to an item, after "Each"."""
    stay: Callable[..., Stays]
    do: Callable[..., Changes]
    undo: Callable[[Project, Changes], int]
    done: str = ""
    """After "12 items"."""
    needs: str = ""
    """The field of the form without which it cannot be done."""


def work_seats(items: Sequence[int]) -> QuerySet[Seat]:
    return Seat.objects.filter(item__in=items, purpose=Seat.Purpose.WORK)


def free_now() -> Q:
    """Open, and nobody is at it now."""
    return Q(status=Seat.Status.OPEN) & (Q(holder=None) | Q(lease_ends_at__lte=timezone.now()))


def steer(items: Iterable[int], at: datetime | None = None) -> None:
    """Say that a curator put these into the queue, or took them out (`at`), so that the timer leaves them as they are;
    or, without a moment, that this no longer holds."""
    Item.objects.filter(pk__in=items).update(steered_at=at)


def with_open_seat(items: Sequence[int]) -> set[int]:
    return set(work_seats(items).filter(status=Seat.Status.OPEN).values_list("item", flat=True))


# ---------------------------------------------------------------- re-queue


def requeue_stay(project: Project, items: Sequence[int]) -> Stays:
    uuids = Item.objects.filter(pk__in=items).values("uuid")
    rows = SnapshotRow.objects.filter(snapshot__project=project, uuid__in=uuids).values("uuid")
    yield "frozen: a snapshot holds their verdict", Item.objects.filter(uuid__in=rows).values_list("pk", flat=True)
    yield "gold: their answer is known", Gold.objects.filter(item__in=items).values_list("item", flat=True)
    yield "in the queue already", with_open_seat(items)


def requeue(project: Project, items: Sequence[int], *, actor: User) -> Changes:
    """Verdicts go, answers stay. Retired seats open again; where there is none, one more reader gets a seat."""
    fields = ("item", "answer", "how", "decided_by", "reason", "created_at")
    verdicts = [list(row) for row in Verdict.objects.filter(item__in=items).values_list(*fields)]
    Verdict.objects.filter(item__in=items).delete()
    retired = list(work_seats(items).filter(status=Seat.Status.RETIRED).values_list("pk", "item"))
    Seat.objects.filter(pk__in=[pk for pk, _ in retired], status=Seat.Status.RETIRED).update(
        status=Seat.Status.OPEN, holder=None, lease_ends_at=None, reserved_for=None
    )
    new = add_seats(project, sorted({*items} - {item for _, item in retired}))
    steer(items, timezone.now())
    return {
        "items": list(items),
        "seats": [list(row) for row in [*retired, *new]],
        "verdicts": [[*row[:-1], row[-1].isoformat()] for row in verdicts],
    }


def add_seats(project: Project, items: Sequence[int]) -> list[tuple[int, int]]:
    """One more open seat at each; the new ones as (seat, item)."""
    last: dict[int, int] = defaultdict(lambda: -1)
    for item, position in Seat.objects.filter(item__in=items).values_list("item", "position"):
        last[item] = max(last[item], position)
    topics = dict(Item.objects.filter(pk__in=items).values_list("pk", "prompt__topic"))
    made = Seat.objects.bulk_create(
        Seat(project=project, item_id=item, position=last[item] + 1, topic_id=topics[item]) for item in items
    )
    return [(seat.pk, seat.item_id) for seat in made]


def requeue_undo(project: Project, changes: Changes) -> int:
    """Where nobody sat down since: the seats close again, and the verdict stands as it stood."""
    seats = [seat for seat, _ in changes["seats"]]
    untouched = set(Seat.objects.filter(free_now(), pk__in=seats).values_list("pk", flat=True))
    touched = {item for seat, item in changes["seats"] if seat not in untouched}
    touched |= set(Verdict.objects.filter(item__in=changes["items"]).values_list("item", flat=True))
    back = [pk for pk, item in changes["seats"] if item not in touched]
    closed = Seat.objects.filter(free_now(), pk__in=back)
    closed.update(status=Seat.Status.RETIRED)
    standing = set(
        Answer.objects.standing().filter(pk__in=[row[1] for row in changes["verdicts"]]).values_list("pk", flat=True)
    )
    rows = [row for row in changes["verdicts"] if row[0] not in touched and row[1] in standing]
    made = Verdict.objects.bulk_create(
        Verdict(item_id=item, answer_id=answer, how=how, decided_by_id=by, reason=reason)
        for item, answer, how, by, reason, _ in rows
    )
    for verdict, row in zip(made, rows, strict=True):
        verdict.created_at = datetime.fromisoformat(row[-1])
    Verdict.objects.bulk_update(made, ["created_at"], batch_size=500)
    lost = {row[0] for row in changes["verdicts"] if row[1] not in standing}
    steer({*changes["items"]} - touched)
    return len({*changes["items"]} - touched - lost)


# ---------------------------------------------------------------- retire


def retire_stay(project: Project, items: Sequence[int]) -> Stays:
    open_now = with_open_seat(items)
    yield "not in the queue", set(items) - open_now
    answered = work_seats(items).filter(status=Seat.Status.ANSWERED)
    yield "answered by some of their readers: settle these instead", answered.values_list("item", flat=True)
    held = work_seats(items).filter(status=Seat.Status.OPEN).exclude(free_now())
    yield "being read now", held.values_list("item", flat=True)


def retire(project: Project, items: Sequence[int], *, actor: User) -> Changes:
    seats = list(work_seats(items).filter(free_now()).values_list("pk", "item"))
    pks = [pk for pk, _ in seats]
    Seat.objects.filter(free_now(), pk__in=pks).update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None)
    closed = set(Seat.objects.filter(pk__in=pks, status=Seat.Status.RETIRED).values_list("pk", flat=True))
    kept = [[pk, item] for pk, item in seats if pk in closed]
    steer({item for _, item in kept}, timezone.now())
    return {"items": sorted({item for _, item in kept}), "seats": kept}


def retire_undo(project: Project, changes: Changes) -> int:
    settled = set(Verdict.objects.filter(item__in=changes["items"]).values_list("item", flat=True))
    pks = [pk for pk, item in changes["seats"] if item not in settled]
    retired = Seat.objects.filter(pk__in=pks, status=Seat.Status.RETIRED)
    items = set(retired.values_list("item", flat=True))
    retired.update(status=Seat.Status.OPEN)
    steer(items)
    return len(items)


# ---------------------------------------------------------------- assign


def assign_stay(project: Project, items: Sequence[int], *, person: User | None = None) -> Stays:
    free = set(work_seats(items).filter(free_now()).values_list("item", flat=True))
    yield "without an open seat", set(items) - free
    if person is not None:
        sat = Seat.objects.filter(item__in=items, holder=person).values_list("item", flat=True)
        skipped = Skip.objects.filter(item__in=items, user=person).values_list("item", flat=True)
        yield f"read or skipped by {person.display_name} before", {*sat, *skipped}
        has = work_seats(items).filter(status=Seat.Status.OPEN, reserved_for=person)
        yield f"kept for {person.display_name} already", has.values_list("item", flat=True)


def assign(project: Project, items: Sequence[int], *, actor: User, person: User) -> Changes:
    """One open seat of each item is kept for `person`: rather one that is kept for nobody yet."""
    chosen: dict[int, tuple[int, int | None]] = {}
    for pk, item, kept_for in work_seats(items).filter(free_now()).values_list("pk", "item", "reserved_for"):
        if item not in chosen or (chosen[item][1] is not None and kept_for is None):
            chosen[item] = (pk, kept_for)
    pks = [pk for pk, _ in chosen.values()]
    Seat.objects.filter(free_now(), pk__in=pks).update(reserved_for=person, holder=None, lease_ends_at=None)
    kept = set(Seat.objects.filter(pk__in=pks, reserved_for=person).values_list("pk", flat=True))
    seats = [[pk, item, before] for item, (pk, before) in chosen.items() if pk in kept]
    return {"items": [item for _, item, _ in seats], "seats": seats, "person": person.pk}


def assign_undo(project: Project, changes: Changes) -> int:
    before: dict[int | None, list[int]] = defaultdict(list)
    for pk, _, kept_for in changes["seats"]:
        before[kept_for].append(pk)
    mine = Seat.objects.filter(free_now(), reserved_for=changes["person"])
    return sum(mine.filter(pk__in=pks).update(reserved_for=kept_for) for kept_for, pks in before.items())


# ---------------------------------------------------------------- gold


def mark_gold_stay(project: Project, items: Sequence[int], *, explanation: str = "") -> Stays:
    settled = Verdict.objects.filter(item__in=items).values_list("item", flat=True)
    yield "not settled: gold needs a known answer", set(items) - set(settled)
    marked = Gold.objects.filter(item__in=items, is_active=True).values_list("item", flat=True)
    yield "gold already", marked


def mark_gold(project: Project, items: Sequence[int], *, actor: User, explanation: str = "") -> Changes:
    done = []
    for item in Item.objects.filter(pk__in=items).select_related("project", "verdict__answer"):
        gold.mark(item, actor=actor, explanation=explanation)
        done.append(item.pk)
    return {"items": done}


def mark_gold_undo(project: Project, changes: Changes) -> int:
    """Where it was given to nobody yet, it was never gold; else it is gold no longer."""
    marked = Gold.objects.filter(item__in=changes["items"], is_active=True)
    given = Seat.objects.filter(item=OuterRef("item")).exclude(purpose=Seat.Purpose.WORK)
    used = list(marked.filter(Exists(given)).values_list("pk", flat=True))
    count = marked.filter(pk__in=used).update(is_active=False)
    return count + marked.exclude(pk__in=used).delete()[0]


# ---------------------------------------------------------------- collections


def collect_stay(project: Project, items: Sequence[int], *, collection: Collection | None = None) -> Stays:
    yield "in this collection already", in_collection(collection, items)


def uncollect_stay(project: Project, items: Sequence[int], *, collection: Collection | None = None) -> Stays:
    if collection is not None:
        yield "not in this collection", set(items) - in_collection(collection, items)


def with_collection(project: Project, choice: Changes, *, actor: User) -> Changes:
    """The same choice; a collection that is only a name so far is made, by whoever of two is first."""
    if "collection" not in choice or choice["collection"].pk:
        return choice
    collection, is_new = Collection.objects.get_or_create(project=project, name=choice["collection"].name)
    if is_new:
        audit.record(actor, "made a collection", collection)
    return {**choice, "collection": collection}


def in_collection(collection: Collection | None, items: Sequence[int]) -> set[int]:
    if collection is None or collection.pk is None:
        return set()
    links = Collection.items.through.objects.filter(collection=collection, item__in=items)
    return set(links.values_list("item", flat=True))


def collect(project: Project, items: Sequence[int], *, actor: User, collection: Collection) -> Changes:
    link = Collection.items.through
    link.objects.bulk_create((link(collection=collection, item_id=pk) for pk in items), ignore_conflicts=True)
    return {"items": list(items), "collection": collection.pk}


def uncollect(project: Project, items: Sequence[int], *, actor: User, collection: Collection) -> Changes:
    Collection.items.through.objects.filter(collection=collection, item__in=items).delete()
    return {"items": list(items), "collection": collection.pk}


def collect_undo(project: Project, changes: Changes) -> int:
    links = Collection.items.through.objects.filter(collection=changes["collection"], item__in=changes["items"])
    return links.delete()[0]


def uncollect_undo(project: Project, changes: Changes) -> int:
    collection = Collection.objects.filter(project=project, pk=changes["collection"]).first()
    if collection is None:
        return 0
    there = in_collection(collection, changes["items"])
    link = Collection.items.through
    missing = [pk for pk in changes["items"] if pk not in there]
    link.objects.bulk_create((link(collection=collection, item_id=pk) for pk in missing), ignore_conflicts=True)
    return len(missing)


VERBS = {
    "requeue": Verb(
        label="Re-queue",
        deed="gets open seats again. A verdict that no snapshot holds is removed; every answer is kept.",
        done="back in the queue",
        stay=requeue_stay,
        do=requeue,
        undo=requeue_undo,
    ),
    "retire": Verb(
        label="Retire",
        deed="is taken out of the queue, unread.",
        done="taken out of the queue",
        stay=retire_stay,
        do=retire,
        undo=retire_undo,
    ),
    "assign": Verb(
        label="Assign",
        deed="has one of its open seats kept for one person: nobody else gets it.",
        done="assigned",
        stay=assign_stay,
        do=assign,
        undo=assign_undo,
        needs="person",
    ),
    "gold": Verb(
        label="Mark gold",
        deed="becomes a gold item: it is mixed in, unrecognisable, and answers are compared with its verdict.",
        done="marked gold",
        stay=mark_gold_stay,
        do=mark_gold,
        undo=mark_gold_undo,
        needs="explanation",
    ),
    "collect": Verb(
        label="Add to a collection",
        deed="is added to the collection, which can be frozen by itself.",
        done="added to the collection",
        stay=collect_stay,
        do=collect,
        undo=collect_undo,
        needs="collection",
    ),
    "uncollect": Verb(
        label="Remove from a collection",
        deed="is taken out of the collection, and nothing else.",
        done="taken out of the collection",
        stay=uncollect_stay,
        do=uncollect,
        undo=uncollect_undo,
        needs="collection",
    ),
}

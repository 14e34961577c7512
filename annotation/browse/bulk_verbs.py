"""What each bulk action does, to which items it cannot be done and why, and how it is put back.

Of each: `stay` gives (why, ids) in order, each id counted by the first reason; `do` returns what undo needs, with the
ids of the items it changed under "items"; `undo` puts back what nobody changed since and says at how many items. All
three are called under the locks of the items (see bulk_actions). Readers of an item with a single seat do not take that
lock, and claims never do: there, the conditional UPDATE of a seat decides.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.models import Answer, Collection, Gold, Item, Remark, Seat, Skip, Topic, Verdict
from annotation.submit import agree
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
    stands: Callable[[Sequence[int]], QuerySet[Any, Any]] | None = None
    """What `do` said it "wrote", as it is said now: another moment where somebody steered or marked the item anew."""
    needs: str = ""
    """The field of the form without which it cannot be done."""


def work_seats(items: Sequence[int]) -> QuerySet[Seat]:
    return Seat.objects.filter(item__in=items, purpose=Seat.Purpose.WORK)


def free_now() -> Q:
    """Open, and nobody is at it now."""
    return Q(status=Seat.Status.OPEN) & (Q(holder=None) | Q(lease_ends_at__lte=timezone.now()))


def steer(items: Iterable[int]) -> Changes:
    """Say that a curator put these into the queue, or took them out, so that the timer leaves them as they are; what
    was said before, as (item, when), and what is said now."""
    found, now = Item.objects.filter(pk__in=items), timezone.now()
    before = [[pk, at.isoformat() if at else None] for pk, at in found.values_list("pk", "steered_at")]
    found.update(steered_at=now)
    return {"steered": before, "wrote": [[pk, now.isoformat()] for pk, _ in before]}


def steered(items: Sequence[int]) -> QuerySet[Item, Any]:
    return Item.objects.filter(pk__in=items).values_list("pk", "steered_at")


def unsteer(before: list[list[Any]], items: Iterable[int]) -> None:
    """Of these items, say again what was said before."""
    here = {*items}
    Item.objects.filter(pk__in=[pk for pk, at in before if at is None and pk in here]).update(steered_at=None)
    steered = [Item(pk=pk, steered_at=datetime.fromisoformat(at)) for pk, at in before if at and pk in here]
    Item.objects.bulk_update(steered, ["steered_at"])


def settle_what_is_due(items: Iterable[int]) -> None:
    """Items that somebody has answered and where no seat is open any more get the verdict their readers agree on."""
    answered = Item.objects.filter(pk__in=items, verdict=None, seats__in=work_seats([*items]).filter(status="answered"))
    due = {*answered.values_list("pk", flat=True)} - with_open_seat([*items])
    for item in sorted(due):
        agree(item)


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
    return {
        "items": list(items),
        "seats": [list(row) for row in [*retired, *new]],
        "verdicts": [[*row[:-1], row[-1].isoformat()] for row in verdicts],
        **steer(items),
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
    """Where nobody sat down since: the seats close again, and the verdict stands as it stood, or, where readers changed
    their answers meanwhile, as they agree now."""
    seats = [seat for seat, _ in changes["seats"]]
    free = set(Seat.objects.filter(free_now(), pk__in=seats).values_list("pk", flat=True))
    touched = {item for seat, item in changes["seats"] if seat not in free}
    touched |= set(Verdict.objects.filter(item__in=changes["items"]).values_list("item", flat=True))
    back = [pk for pk, item in changes["seats"] if item not in touched]
    closing = Seat.objects.filter(free_now(), pk__in=back)
    closing.update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None, reserved_for=None)
    # who sat down, or answered, in this very moment
    missed = work_seats(changes["items"]).filter(pk__in=back).exclude(status=Seat.Status.RETIRED)
    touched |= set(missed.values_list("item", flat=True))
    there = {*changes["items"]} - touched
    restored = restore_verdicts([row for row in changes["verdicts"] if row[0] in there])
    settle_what_is_due(there)
    unsteer(changes["steered"], there)
    return len(there - {row[0] for row in changes["verdicts"]} | restored)


def restore_verdicts(rows: list[list[Any]]) -> set[int]:
    """Those whose answer stands, and no reader of which says otherwise now; the items."""
    answers = Answer.objects.standing().filter(item__in=[row[0] for row in rows])
    standing = set(answers.values_list("pk", flat=True))
    said: dict[int, set[str]] = defaultdict(set)
    for item, outcome in answers.filter(seat__purpose=Seat.Purpose.WORK).values_list("item", "outcome"):
        said[item].add(outcome)
    by_readers = (Verdict.How.SINGLE, Verdict.How.AGREEMENT)
    kept = [row for row in rows if row[1] in standing and (row[2] not in by_readers or len(said[row[0]]) < 2)]
    made = Verdict.objects.bulk_create(
        Verdict(item_id=item, answer_id=answer, how=how, decided_by_id=by, reason=reason)
        for item, answer, how, by, reason, _ in kept
    )
    for verdict, row in zip(made, kept, strict=True):
        verdict.created_at = datetime.fromisoformat(row[-1])
    Verdict.objects.bulk_update(made, ["created_at"])
    return {row[0] for row in kept}


# ---------------------------------------------------------------- retire


def retire_stay(project: Project, items: Sequence[int]) -> Stays:
    open_now = with_open_seat(items)
    yield "not in the queue", set(items) - open_now
    answered = work_seats(items).filter(status=Seat.Status.ANSWERED)
    yield "answered by some of their readers: settle these instead", answered.values_list("item", flat=True)
    waiting = work_seats(items).filter(status=Seat.Status.OPEN)
    yield "sent back to their reader, for whom they wait", waiting.filter(sent_back()).values_list("item", flat=True)
    yield "being read now", waiting.exclude(free_now()).values_list("item", flat=True)


def retire(project: Project, items: Sequence[int], *, actor: User) -> Changes:
    seats = list(work_seats(items).filter(free_now()).values_list("pk", "item"))
    pks = [pk for pk, _ in seats]
    Seat.objects.filter(free_now(), pk__in=pks).update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None)
    closed = set(Seat.objects.filter(pk__in=pks, status=Seat.Status.RETIRED).values_list("pk", flat=True))
    kept = [[pk, item] for pk, item in seats if pk in closed]
    done = sorted({item for _, item in kept})
    settle_what_is_due(done)
    return {"items": done, "seats": kept, **steer(done)}


def retire_undo(project: Project, changes: Changes) -> int:
    settled = set(Verdict.objects.filter(item__in=changes["items"]).values_list("item", flat=True))
    pks = [pk for pk, item in changes["seats"] if item not in settled]
    retired = Seat.objects.filter(pk__in=pks, status=Seat.Status.RETIRED)
    items = set(retired.values_list("item", flat=True))
    retired.update(status=Seat.Status.OPEN)
    unsteer(changes["steered"], items)
    return len(items)


# ---------------------------------------------------------------- assign


def assign_stay(project: Project, items: Sequence[int], *, person: User | None = None) -> Stays:
    """Who would rather not read a topic is not told of here: that is theirs alone, and what is kept for them in it
    goes to the others by itself."""
    free = work_seats(items).filter(free_now())
    yield "without an open seat", set(items) - set(free.values_list("item", flat=True))
    yield (
        "sent back to their reader, for whom they wait",
        set(items) - set(free.filter(~sent_back()).values_list("item", flat=True)),
    )
    if person is not None:
        sat = Seat.objects.filter(item__in=items, holder=person).values_list("item", flat=True)
        skipped = Skip.objects.filter(item__in=items, user=person).values_list("item", flat=True)
        yield f"read or skipped by {person.display_name} before", {*sat, *skipped}
        wrote = Item.objects.written_by(person).filter(pk__in=items)
        yield f"with {person.display_name}’s own words in it", wrote.values_list("pk", flat=True)
        others = Topic.objects.filter(project=project, readers__isnull=False).exclude(readers__user=person)
        named = Item.objects.filter(pk__in=items, prompt__topic__in=others.values("pk"))
        yield f"of a topic for which others are named, not {person.display_name}", named.values_list("pk", flat=True)
        has = work_seats(items).filter(status=Seat.Status.OPEN, reserved_for=person)
        yield f"kept for {person.display_name} already", has.values_list("item", flat=True)


def sent_back() -> Exists:
    """Of seats: a curator asked their reader to think their answer over, and they have not answered yet."""
    asked = Remark.objects.filter(sent_back__seat=OuterRef("pk"), sent_back__annotator=OuterRef("reserved_for"))
    return Exists(asked)


def assign(project: Project, items: Sequence[int], *, actor: User, person: User) -> Changes:
    """One open seat of each item is kept for `person`: rather one that is kept for nobody yet."""
    chosen: dict[int, tuple[int, int | None]] = {}
    free = work_seats(items).filter(free_now(), ~sent_back())
    for pk, item, kept_for in free.values_list("pk", "item", "reserved_for"):
        if item not in chosen or (chosen[item][1] is not None and kept_for is None):
            chosen[item] = (pk, kept_for)
    pks = [pk for pk, _ in chosen.values()]
    Seat.objects.filter(free_now(), pk__in=pks).update(reserved_for=person, holder=None, lease_ends_at=None)
    kept = set(Seat.objects.filter(pk__in=pks, reserved_for=person).values_list("pk", flat=True))
    seats = [[pk, item, before] for item, (pk, before) in chosen.items() if pk in kept]
    done = [item for item, (pk, _) in chosen.items() if pk in kept]
    return {"items": done, "seats": seats, **steer(done)}


def assign_undo(project: Project, changes: Changes) -> int:
    """Where they have not begun: kept for whom it was kept before, and if for nobody, for everybody."""
    mine = Seat.objects.filter(free_now(), reserved_for=changes["person"])
    seats = {pk: (item, kept_for) for pk, item, kept_for in changes["seats"]}
    free = mine.filter(pk__in=seats).values_list("pk", flat=True)
    before: dict[int | None, list[int]] = defaultdict(list)
    for pk in free:
        before[seats[pk][1]].append(pk)
    done = {seats[pk][0] for pks in before.values() for pk in pks}
    for kept_for, pks in before.items():
        mine.filter(pk__in=pks).update(reserved_for=kept_for, holder=None, lease_ends_at=None)
    unsteer(changes["steered"], done)
    return len(done)


# ---------------------------------------------------------------- gold

GOLD = ("answer", "explanation", "created_at")
"""What of gold is written anew by whoever marks it, and put back."""


def mark_gold_stay(project: Project, items: Sequence[int], *, explanation: str = "") -> Stays:
    settled = Verdict.objects.filter(item__in=items).values_list("item", flat=True)
    yield "not settled: gold needs a known answer", set(items) - set(settled)
    marked = Gold.objects.filter(item__in=items, is_active=True).values_list("item", flat=True)
    yield "gold already", marked


def mark_gold(project: Project, items: Sequence[int], *, actor: User, explanation: str = "") -> Changes:
    """As `gold.mark` does for one, of many at once; the items are locked, so their verdicts are those of the plan."""
    verdicts = Verdict.objects.filter(item__in=items).values_list("item", "answer")
    before = Gold.objects.filter(item__in=items).values_list("item", *GOLD)
    was = [[*row[:-1], row[-1].isoformat()] for row in before]
    made = Gold.objects.bulk_create(
        [Gold(item_id=item, answer_id=answer, explanation=explanation, created_by=actor) for item, answer in verdicts],
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=[*GOLD, "is_active"],
    )
    wrote = [[one.item_id, one.created_at.isoformat()] for one in made]
    return {"items": [item for item, _ in wrote], "golds": was, "wrote": wrote}


def marked(items: Sequence[int]) -> QuerySet[Gold, Any]:
    return Gold.objects.filter(item__in=items).values_list("item", "created_at")


def mark_gold_undo(project: Project, changes: Changes) -> int:
    """Where it was given to nobody yet, it was never gold; else it is gold no longer, and what nobody holds of it is
    closed, as `gold.unmark` does."""
    golds = Gold.objects.filter(item__in=changes["items"], is_active=True)
    given = Seat.objects.filter(item=OuterRef("item")).exclude(purpose=Seat.Purpose.WORK)
    was = {item: dict(zip(GOLD, values, strict=False)) for item, *values in changes["golds"]}
    keep = list(golds.filter(Q(item__in=was) | Exists(given)).values_list("pk", "item"))
    for pk, item in keep:
        if item in was:
            golds.filter(pk=pk).update(**was[item])
    used = [pk for pk, _ in keep]
    count = golds.filter(pk__in=used).update(is_active=False)
    for_nobody = Seat.objects.open().filter(item__in=[item for _, item in keep]).exclude(purpose=Seat.Purpose.WORK)
    for_nobody.update(status=Seat.Status.RETIRED)
    return count + golds.exclude(pk__in=used).delete()[0]


# ---------------------------------------------------------------- collections


def collect_stay(project: Project, items: Sequence[int], *, collection: Collection | None = None) -> Stays:
    yield "in this collection already", in_collection(collection, items)


def uncollect_stay(project: Project, items: Sequence[int], *, collection: Collection | None = None) -> Stays:
    if collection is not None:
        yield "not in this collection", set(items) - in_collection(collection, items)


def in_collection(collection: Collection | None, items: Sequence[int]) -> set[int]:
    if collection is None or collection.pk is None:
        return set()
    links = Collection.items.through.objects.filter(collection=collection, item__in=items)
    return set(links.values_list("item", flat=True))


def collect(project: Project, items: Sequence[int], *, actor: User, collection: Collection | None) -> Changes:
    if collection is None:  # it was deleted meanwhile
        return {"items": []}
    link = Collection.items.through
    link.objects.bulk_create((link(collection=collection, item_id=pk) for pk in items), ignore_conflicts=True)
    return {"items": list(items)}


def uncollect(project: Project, items: Sequence[int], *, actor: User, collection: Collection | None) -> Changes:
    if collection is None:
        return {"items": []}
    Collection.items.through.objects.filter(collection=collection, item__in=items).delete()
    return {"items": list(items)}


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
        stands=steered,
    ),
    "retire": Verb(
        label="Retire",
        deed="is taken out of the queue, unread.",
        done="taken out of the queue",
        stay=retire_stay,
        do=retire,
        undo=retire_undo,
        stands=steered,
    ),
    "assign": Verb(
        label="Assign",
        deed="has one of its open seats kept for one person: nobody else gets it.",
        done="assigned",
        stay=assign_stay,
        do=assign,
        undo=assign_undo,
        stands=steered,
        needs="person",
    ),
    "gold": Verb(
        label="Mark gold",
        deed="becomes a gold item: it is mixed in, unrecognisable, and answers are compared with its verdict.",
        done="marked gold",
        stay=mark_gold_stay,
        do=mark_gold,
        undo=mark_gold_undo,
        stands=marked,
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

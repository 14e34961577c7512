"""Bulk action: items go back into the queue."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from annotation.browse.bulk.in_queue import (
    close,
    settle_what_is_due,
    steer,
    steered,
    unsteer,
    with_open_seat,
    work_seats,
)
from annotation.browse.bulk.verb import Changes, Stays, Verb
from annotation.models import Answer, Gold, Item, Seat, Verdict
from studio.models import Project, User
from training.models import SnapshotRow


def stay(project: Project, items: Sequence[int]) -> Stays:
    uuids = Item.objects.filter(pk__in=items).values("uuid")
    rows = SnapshotRow.objects.filter(snapshot__project=project, uuid__in=uuids).values("uuid")
    yield "frozen: a snapshot holds their verdict", Item.objects.filter(uuid__in=rows).values_list("pk", flat=True)
    yield "gold: their answer is known", Gold.objects.filter(item__in=items).values_list("item", flat=True)
    yield "in the queue already", with_open_seat(items)


def do(project: Project, items: Sequence[int], *, actor: User) -> Changes:
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


def undo(project: Project, changes: Changes) -> int:
    """Where nobody sat down since: the seats close again, and the verdict stands as it stood, or, where readers changed
    their answers meanwhile, as they agree now."""
    seats = dict(changes["seats"])
    free = set(Seat.objects.open().filter(pk__in=seats).values_list("pk", flat=True))
    touched = {item for seat, item in seats.items() if seat not in free}
    touched |= set(Verdict.objects.filter(item__in=changes["items"]).values_list("item", flat=True))
    back = [seat for seat, item in seats.items() if item not in touched]
    closed = close(back, reserved_for=None)
    touched |= {seats[seat] for seat in back if seat not in closed}  # who sat down, or answered, in this very moment
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


REQUEUE = Verb(
    label="Re-queue",
    deed="gets open seats again. A verdict that no snapshot holds is removed; every answer is kept.",
    done="back in the queue",
    stay=stay,
    do=do,
    undo=undo,
    stands=steered,
)

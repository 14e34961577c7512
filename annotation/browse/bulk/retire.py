"""Bulk action: items are taken out of the queue."""

from collections.abc import Sequence

from annotation.browse.bulk.in_queue import (
    close,
    sent_back,
    settle_what_is_due,
    steer,
    steered,
    unsteer,
    with_open_seat,
    work_seats,
)
from annotation.browse.bulk.verb import Changes, Stays, Verb
from annotation.models import Seat, Verdict
from studio.models import Project, User


def stay(project: Project, items: Sequence[int]) -> Stays:
    yield "not in the queue", set(items) - with_open_seat(items)
    answered = work_seats(items).filter(status=Seat.Status.ANSWERED)
    yield "answered by some of their readers: settle these instead", answered.values_list("item", flat=True)
    waiting = work_seats(items).filter(status=Seat.Status.OPEN)
    yield "sent back to their reader, for whom they wait", waiting.filter(sent_back()).values_list("item", flat=True)
    yield "being read now", waiting.touched().values_list("item", flat=True)


def do(project: Project, items: Sequence[int], *, actor: User) -> Changes:
    seats = list(work_seats(items).open().values_list("pk", "item"))
    closed = close([pk for pk, _ in seats])
    kept = [[pk, item] for pk, item in seats if pk in closed]
    done = sorted({item for _, item in kept})
    settle_what_is_due(done)
    return {"items": done, "seats": kept, **steer(done)}


def undo(project: Project, changes: Changes) -> int:
    settled = set(Verdict.objects.filter(item__in=changes["items"]).values_list("item", flat=True))
    pks = [pk for pk, item in changes["seats"] if item not in settled]
    retired = Seat.objects.filter(pk__in=pks, status=Seat.Status.RETIRED)
    items = set(retired.values_list("item", flat=True))
    retired.update(status=Seat.Status.OPEN)
    unsteer(changes["steered"], items)
    return len(items)


RETIRE = Verb(
    label="Retire",
    deed="is taken out of the queue, unread.",
    done="taken out of the queue",
    stay=stay,
    do=do,
    undo=undo,
    stands=steered,
)

"""What the bulk actions on the queue share: the seats of many items, and the word of a curator about them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotation.browse.bulk.verb import Changes
from annotation.models import Item, Remark, Seat
from annotation.models.queue import SeatQuerySet
from annotation.submit import agree


def work_seats(items: Sequence[int]) -> SeatQuerySet:
    return Seat.objects.filter(item__in=items, purpose=Seat.Purpose.WORK)


def with_open_seat(items: Sequence[int]) -> set[int]:
    return set(work_seats(items).filter(status=Seat.Status.OPEN).values_list("item", flat=True))


def sent_back() -> Exists:
    """Of seats: a curator asked their reader to think their answer over, and they have not answered yet."""
    asked = Remark.objects.filter(sent_back__seat=OuterRef("pk"), sent_back__annotator=OuterRef("reserved_for"))
    return Exists(asked)


def close(seats: Iterable[int], **also: Any) -> set[int]:
    """Retire those of these seats that are free in this very moment; which are closed now."""
    closing = Seat.objects.open().filter(pk__in=seats)
    closing.update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None, **also)
    closed = Seat.objects.filter(pk__in=seats, status=Seat.Status.RETIRED)
    return set(closed.values_list("pk", flat=True))


def settle_what_is_due(items: Iterable[int]) -> None:
    """Items that somebody has answered and where no seat is open any more get the verdict their readers agree on."""
    answered = Item.objects.filter(pk__in=items, verdict=None, seats__in=work_seats([*items]).filter(status="answered"))
    due = {*answered.values_list("pk", flat=True)} - with_open_seat([*items])
    for item in sorted(due):
        agree(item)


# ---------------------------------------------------------------- a curator's word


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

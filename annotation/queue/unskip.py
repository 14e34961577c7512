"""Verb of the person at a seat: take a pass back, as long as an answer could be taken back."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, When
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.claim import lease_end
from annotation.models import UNDO_WINDOW, Item, Seat, Skip
from annotation.queue.turn import lock
from annotation.submit import UndoRefused
from studio.models import Project, User


@transaction.atomic
def unskip(project: Project, user: User, item: UUID, *, before: int = 0) -> int:
    """Take back that `user` passed on an item, within UNDO_WINDOW; a seat at it is theirs again. Returns the seat's id.

    Rather the seat that they had `before`, or one that is kept for them, than another: there a comparison may stand the
    other way round. Where none is free any more, the pass stands. Raises UndoRefused; Item.DoesNotExist for an item of
    another project.
    """
    passed = Item.objects.get(uuid=item, project=project)
    lock(passed.pk)
    if not Skip.objects.filter(item=passed, user=user, at__gt=timezone.now() - UNDO_WINDOW).delete()[0]:
        held = Seat.objects.held_by(user).filter(item=passed).first()
        if held is not None:
            return held.pk  # sent twice
        raise UndoRefused(why_none(passed, user))
    # One at a known answer was theirs alone, and ended when they passed.
    theirs = Seat.objects.filter(item=passed, reserved_for=user, status=Seat.Status.RETIRED, holder=None)
    ended = theirs.exclude(purpose=Seat.Purpose.WORK)
    again: dict[str, Any] = {"status": Seat.Status.OPEN, "holder": user, "lease_ends_at": lease_end(project)}
    first = Case(When(pk=before, then=0), When(reserved_for=user, then=1), default=2)
    free = Seat.objects.open_to(user, project).filter(item=passed).order_by(first, "position")
    for seat in [*ended, *free]:
        # The condition stands on the row itself, so that whoever claims it in this instant is not overrun.
        is_free = ended if seat.status == Seat.Status.RETIRED else Seat.objects.open()
        if is_free.filter(pk=seat.pk).update(**again):
            return seat.pk
    raise UndoRefused(why_taken(passed))


def why_none(item: Item, user: User) -> str:
    if Skip.objects.filter(item=item, user=user).exists():
        return _("You passed on this item more than 30 seconds ago, and that stands.")
    return _("You have not passed on this item, or you have taken that back already.")


def why_taken(item: Item) -> str:
    if item.seats.filter(status=Seat.Status.OPEN, purpose=Seat.Purpose.WORK).exists():
        return _("Somebody else has this item by now, so your pass stands.")
    return _("This item was answered, settled or taken out of the queue since you passed on it, so your pass stands.")

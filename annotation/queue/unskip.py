"""Verb of the person at a seat: take a pass back, as long as an answer could be taken back."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.claim import lease_end
from annotation.models import UNDO_WINDOW, Item, Seat, Skip
from annotation.queue.turn import lock
from annotation.submit import UndoRefused
from studio.models import Project, User


@transaction.atomic
def unskip(project: Project, user: User, item: UUID) -> int:
    """Take back that `user` passed on an item, within UNDO_WINDOW; a seat at it is theirs again. Returns the seat's id.

    Where somebody else has the item by now, the pass stands. Raises UndoRefused; Item.DoesNotExist for an item of
    another project.
    """
    passed = Item.objects.get(uuid=item, project=project)
    lock(passed.pk)
    if not Skip.objects.filter(item=passed, user=user, at__gt=timezone.now() - UNDO_WINDOW).delete()[0]:
        held = Seat.objects.held_by(user).filter(item=passed).first()
        if held is not None:
            return held.pk  # sent twice
        raise UndoRefused(_("You passed on this item more than 30 seconds ago, and that stands."))
    # One at a known answer was theirs alone, and ended when they passed.
    theirs = Seat.objects.filter(item=passed, reserved_for=user, status=Seat.Status.RETIRED, holder=None)
    ended = theirs.exclude(purpose=Seat.Purpose.WORK)
    again: dict[str, Any] = {"status": Seat.Status.OPEN, "holder": user, "lease_ends_at": lease_end(project)}
    for seat in [*ended, *Seat.objects.open_to(user, project).filter(item=passed)]:
        # The condition stands on the row itself, so that whoever claims it in this instant is not overrun.
        is_free = ended if seat.status == Seat.Status.RETIRED else Seat.objects.open()
        if is_free.filter(pk=seat.pk).update(**again):
            return seat.pk
    raise UndoRefused(_("Somebody else has this item by now, so your pass stands."))

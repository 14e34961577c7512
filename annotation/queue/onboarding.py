"""The set of gold items that a new annotator answers first, where a project wants it, and who has passed it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Answer, Gold, Seat
from annotation.queue import gold
from annotation.queue.turn import in_turn
from studio import audit, configure
from studio.models import Membership, Project, Role, User


class NothingLeftToTry(Exception):
    """There is no gold item that this person has not had."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far somebody is."""

    answered: int
    right: int
    of: int
    """How many are to be answered."""
    left: int
    """How many more can be given to them."""
    percent: int
    """How many per cent must be right."""

    @property
    def is_over(self) -> bool:
        return self.answered >= self.of or not self.left

    @property
    def is_passed(self) -> bool:
        """Who passes on items until too few are left has not passed; a curator decides."""
        return 0 < self.of <= self.answered and 100 * self.right >= self.percent * self.answered


def is_new(project: Project, user: User) -> bool:
    """Whether this person must pass the onboarding first: an annotator, where a project wants it and can ask it.

    A project without gold items has nothing to ask. Curators and admins need no onboarding.
    """
    if not project.onboarding_items:
        return False
    return waiting(project).filter(user=user).exists() and in_force(project)


def waiting(project: Project) -> QuerySet[Membership]:
    """The annotators who have not passed."""
    return Membership.objects.filter(project=project, role=Role.ANNOTATOR, onboarded_at=None)


def in_force(project: Project) -> bool:
    return Gold.objects.known().filter(item__project=project).exists()


def seats_of(user: User, project: Project) -> QuerySet[Seat]:
    """The seats of the present try; what became of earlier ones counts as gold. One at an item whose known answer was
    taken back is none: nobody can say what is right there."""
    seats = Seat.objects.filter(project=project, reserved_for=user, purpose=Seat.Purpose.ONBOARDING)
    return seats.filter(item__gold__answer__undone_at=None)


def next_seat(project: Project, user: User, *, besides: list[int], until: datetime) -> int | None:
    """A seat of the onboarding for somebody who is new; None where it is over, or what is left of it is held.

    Their tabs go one after the other here, at the lock of their membership: each counts what the one before was given.
    """
    mine = seats_of(user, project)
    given_back = mine.filter(status=Seat.Status.OPEN).exclude(pk__in=besides).exclude(item__skips__user=user)
    with in_turn(), transaction.atomic():
        list(waiting(project).filter(user=user).select_for_update(no_key=True).values_list("pk"))
        for seat in given_back.order_by("item_id").values_list("pk", flat=True):
            if mine.filter(pk=seat, status=Seat.Status.OPEN).update(holder=user, lease_ends_at=until):
                return seat
        given = mine.exclude(item__skips__user=user).exclude(status=Seat.Status.RETIRED).count()
        if given >= project.onboarding_items:
            return None
        return gold.seat_at_one(project, user, until=until, purpose=Seat.Purpose.ONBOARDING)


def standing(project: Project, user: User) -> Standing:
    """How far this person is; where they took an answer back, the first one counts.

    Where there are fewer gold items than the project asks for, these are all.
    """
    seats = seats_of(user, project)
    answers = Answer.objects.standing().filter(seat__in=seats)
    answered = answers.count()
    right = answers.with_first_outcome().filter(item__gold__answer__outcome=F("first_outcome")).count()
    of, left = project.onboarding_items, 0
    if answered < of:
        passed_on = seats.filter(item__skips__user=user).count()
        begun = seats.filter(status=Seat.Status.OPEN).exclude(item__skips__user=user).count()
        left = begun + len(gold.unseen_by(project, user))
        of = min(of, answered + left + passed_on)
    return Standing(answered, right, of, left, project.onboarding_percent)


def why_waiting(project: Project, user: User) -> str | None:
    """For an empty review screen: that the onboarding is over and not passed; None where that is not so."""
    if not is_new(project, user):
        return None
    now = standing(project, user)
    if not now.of or not now.is_over or now.is_passed:
        return None
    sentence = _(
        "Your first %(answered)d items had known answers. You gave %(right)d of these; %(percent)d %% are asked for. "
        "My work shows what differed. A curator can let you in, or let you try again."
    )
    return sentence % {"answered": now.answered, "right": now.right, "percent": now.percent}


def finish(project: Project, user: User) -> bool:
    """Let somebody in who has passed, or for whom there is nothing to pass it by: no gold item that they have not
    written, decided or read. Whether they are in. Two tabs at once: one UPDATE finds them not in yet."""
    now = standing(project, user)
    if now.of and not now.is_passed:
        return False
    waiting(project).filter(user=user).update(onboarded_at=timezone.now())
    return True


@transaction.atomic
def change_settings(project: Project, wanted: dict[str, Any], *, actor: User | None) -> dict[str, list[Any]]:
    """Change a project's settings. Where this turns the onboarding on, those who work here already are in: they are
    not new, and what they are reading must not be taken from them."""
    changes = configure.change_settings(project, wanted, actor=actor)
    before, now = changes.get("onboarding_items", (None, None))
    if before == 0 and now:
        answered = Seat.objects.filter(project=project, status=Seat.Status.ANSWERED, purpose=Seat.Purpose.WORK)
        old_hands = waiting(project).filter(Exists(answered.filter(holder=OuterRef("user"))))
        old_hands.update(onboarded_at=timezone.now())
    return changes


@transaction.atomic
def let_in(membership: Membership, *, actor: User, reason: str = "") -> bool:
    """A curator lets somebody in, whatever they answered; False if they were in."""
    if not Membership.objects.filter(pk=membership.pk, onboarded_at=None).update(onboarded_at=timezone.now()):
        return False
    audit.record(actor, "let in", membership, project=membership.project, reason=reason)
    return True


@transaction.atomic
def try_again(membership: Membership, *, actor: User) -> int:
    """Let somebody begin anew with gold items they have not had; the number of these there are.

    What they answered before stays, as answers to gold items like any other.
    """
    project, user = membership.project, membership.user
    unseen = len(gold.unseen_by(project, user))
    if not unseen:
        raise NothingLeftToTry(
            f"{user.display_name} has had every gold item. Mark more items as gold, or let them in as they are."
        )
    Membership.objects.filter(pk=membership.pk).update(onboarded_at=None)
    before = seats_of(user, project)
    before.filter(~Q(status=Seat.Status.ANSWERED)).update(status=Seat.Status.RETIRED)
    before.update(purpose=Seat.Purpose.GOLD)
    audit.record(actor, "let try again", membership, project=project)
    return min(unseen, project.onboarding_items)

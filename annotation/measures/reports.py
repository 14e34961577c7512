"""The newest report of a kind, and whether it is time for another. Only reads, and without numpy."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotation.models import Answer, Report, Seat
from studio.models import Project

OFTEN = timedelta(minutes=5)
"""Between two reports at least, however fast answers come."""
AT_LEAST = timedelta(hours=1)
"""After so long a single new answer is enough."""
NEWS = 50
"""Before that, one new answer in so many."""


def newest(project: Project, kind: str) -> Report | None:
    """The report that a page shows."""
    return Report.objects.filter(project=project, kind=kind).first()


def older(project: Project, kind: str, age: timedelta) -> bool:
    """Is there no report of this kind that is younger?"""
    last = newest(project, kind)
    return last is None or timezone.now() - last.at > age


def new_answers(project: Project, since: int) -> QuerySet[Answer]:
    """Answers given after the answer `since` at items that somebody else has answered too, in whatever order they sit:
    what can change an agreement.

    The search begins at answered seats beyond an item's first: there are none where one reader is enough.
    """
    answered = Seat.objects.filter(status=Seat.Status.ANSWERED, purpose=Seat.Purpose.WORK)
    other = answered.filter(item=OuterRef("item")).exclude(pk=OuterRef("seat"))
    new = Answer.objects.filter(pk__gt=since, item__project=project, seat__purpose=Seat.Purpose.WORK)
    return new.filter(Exists(other), item__in=answered.filter(position__gt=0).values("item"))


def due(project: Project) -> bool:
    """Is it time to work out the agreement of `project` again?"""
    last = newest(project, "agreement")
    if last is None:
        return new_answers(project, 0).exists()
    age = timezone.now() - last.at
    if age < OFTEN:
        return False
    enough = 1 if age >= AT_LEAST else max(1, last.data["answers"] // NEWS)
    return new_answers(project, last.last_answer)[:enough].count() >= enough

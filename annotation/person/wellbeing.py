"""How long and how hard a sitting was, when a break is proposed, and the weekly check-in.

A sitting is a row of answers with no half hour between two of them. It is told from the answers and stored nowhere, so
an answer taken back counts no more, and nothing of it can be shown to anybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Avg, Count
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from annotation.models import Answer, CheckIn
from annotation.queue.prepared import NOW, PROJECT, USER, Prepared, moment, once, prepare
from studio.models import SMALLEST_GROUP, Project, User

REST = timedelta(minutes=30)
"""A pause so long ends a sitting."""

USUAL = 100
"""So many answers are looked at first: of most days, they hold the sitting that goes on."""

LOOKED_AT = 1000
"""Most answers of a sitting that are looked at: what it costs to ask has a bound."""

ENOUGH_FOR_CHECK_IN = 10
"""Nobody is asked how the week was before so many answers of it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What counts of one answer."""

    at: datetime
    severity: int | None
    active_ms: int | None


def sitting(project: Project, user: User) -> dict[str, int]:
    """`done`: answers in the sitting that goes on now; `minutes` since it began; `exposure`: their severities' sum."""
    given = of_this_sitting(project, user)
    if not given or timezone.now() - given[0].at >= REST:
        return {"done": 0, "minutes": 0, "exposure": 0}
    return {"done": len(given), "minutes": minutes(given, timezone.now()), "exposure": exposure(given)}


def pause(project: Project, user: User) -> str | None:
    """Why a break would be good now: the newest answer passed the project's minutes or budget; None: it did not.

    Whoever goes on is asked again when as much more has gathered. Told by arithmetic on the answers, so that the same
    reply, asked for twice, says the same. One query, two in a long sitting; none where the project proposes no breaks.
    """
    if not project.sitting_minutes and not project.exposure_budget:
        return None
    given = of_this_sitting(project, user)
    if passed(project.exposure_budget, exposure(given[1:]), exposure(given)):
        return gettext("This sitting held a lot of hard material. A break is a good idea: your items wait for you.")
    if given and passed(project.sitting_minutes, minutes(given[1:], since(given[1:])), minutes(given, given[0].at)):
        spent = minutes(given, given[0].at)
        sentence = ngettext(
            "You have been at it for %(minutes)d minute. A break is a good idea: your items wait for you.",
            "You have been at it for %(minutes)d minutes. A break is a good idea: your items wait for you.",
            spent,
        )
        return sentence % {"minutes": spent}
    return None


def of_this_sitting(project: Project, user: User) -> list[Given]:
    """The newest answers with less than REST between each and the one before, the newest first."""
    since = moment(timezone.now() - timedelta(days=1))
    rows: list[Given] = []
    for most in (USUAL, LOOKED_AT):
        found = newest(most).rows({USER.pk: user.pk, PROJECT.pk: project.pk, moment(NOW): since})
        rows = [Given(*row) for row in found]
        for place, (later, earlier) in enumerate(pairwise(rows), 1):
            if later.at - earlier.at >= REST:
                return rows[:place]
        if len(rows) < most:
            break
    return rows


@once
def newest(most: int) -> Prepared:
    mine = Answer.objects.standing().filter(annotator=USER, created_at__gte=NOW, seat__isnull=False)
    here = mine.filter(item__project=PROJECT).order_by("-created_at")[:most]
    return prepare(here.values_list("created_at", "severity", "active_ms"))


def passed(limit: int, before: int, after: int) -> bool:
    """Whether a multiple of `limit` lies between the two; 0 is no limit."""
    return bool(limit) and after // limit > before // limit


def exposure(given: Sequence[Given]) -> int:
    return sum(one.severity or 0 for one in given)


def minutes(given: Sequence[Given], until: datetime | None) -> int:
    """Whole minutes from the start of work on the first answer."""
    if not given or until is None:
        return 0
    first = given[-1]
    began = first.at - min(timedelta(milliseconds=first.active_ms or 0), REST)
    return int((until - began).total_seconds()) // 60


def since(given: Sequence[Given]) -> datetime | None:
    return given[0].at if given else None


# ---------------------------------------------------------------- the weekly check-in


def this_week() -> date:
    """The Monday of the week that it is where the studio stands."""
    today = timezone.localdate()
    return today - timedelta(days=today.weekday())


def check_in_due(project: Project, user: User) -> bool:
    """Whether to ask now."""
    return check_in_after(project, user) == 0


def check_in_after(project: Project, user: User) -> int | None:
    """In how many answers to ask: 0 is now; None: the project does not ask, or has asked this person this week."""
    if not project.check_in or CheckIn.objects.filter(project=project, user=user, week=this_week()).exists():
        return None
    monday = timezone.make_aware(datetime.combine(this_week(), datetime.min.time()))
    mine = Answer.objects.standing().filter(annotator=user, created_at__gte=monday, seat__isnull=False)
    return ENOUGH_FOR_CHECK_IN - mine.filter(item__project=project)[:ENOUGH_FOR_CHECK_IN].count()


def say(project: Project, user: User, *, worth: int | None, mood: int | None) -> CheckIn:
    """Keep what a person says of this week; said again within the week, the newest counts. Both may be left blank."""
    changes: dict[str, Any] = {"worth": worth, "mood": mood}
    CheckIn.objects.bulk_create(
        [CheckIn(project=project, user=user, week=this_week(), **changes)],
        update_conflicts=True,
        unique_fields=["project", "user", "week"],
        update_fields=["worth", "mood"],
    )
    return CheckIn.objects.get(project=project, user=user, week=this_week())


# ---------------------------------------------------------------- the team's average


@dataclass(frozen=True, slots=True)
class Average:
    """What a team said in one week. None where fewer than SMALLEST_GROUP people answered the question."""

    week: date
    worth: float | None
    mood: float | None

    @property
    def is_shown(self) -> bool:
        return self.worth is not None or self.mood is not None


def of_the_team(project: Project) -> list[Average]:
    """The averages of the last week: of one person's answers, nobody learns anything.

    Not of the week that it is: who saw its average move when somebody answered would know what they said.
    """
    weeks = [this_week() - timedelta(days=7)]
    said = CheckIn.objects.filter(project=project, week__in=weeks)
    rows = said.order_by().values_list("week").annotate(Count("worth"), Avg("worth"), Count("mood"), Avg("mood"))
    found = {week: (shown(n, worth), shown(m, mood)) for week, n, worth, m, mood in rows}
    return [Average(week, *found.get(week, (None, None))) for week in weeks]


def shown(n: int, average: float | None) -> float | None:
    return average if n >= SMALLEST_GROUP else None

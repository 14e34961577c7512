"""What the pages about assignment show: topics, people, gold. Only reads; nobody is ranked."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet

from annotation.models import Answer, Gold, Report, Seat, Topic
from annotation.person import wellbeing
from studio.models import Membership, Project, Role

KNOWN = (Seat.Purpose.GOLD, Seat.Purpose.ONBOARDING)
SAME = Q(first_outcome=F("item__gold__answer__outcome"))
"""An answer that was the known one, from the first."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    right: int
    n: int

    def __str__(self) -> str:
        return f"{self.right} of {self.n}"


def page(project: Project) -> dict[str, Any]:
    """Context of annotation/assignment.html."""
    return {
        "topics": topics(project),
        "without_topic": waiting_seats(project).get(None, 0),
        "people": people(project),
        "gold_items": Gold.objects.filter(item__project=project, is_active=True).count(),
        "wellbeing": wellbeing.of_the_team(project),
        "forecast": Report.objects.filter(project=project, kind="severity").first(),
    }


def waiting_seats(project: Project) -> dict[int | None, int]:
    """How many seats for work are open, by topic."""
    rows = Seat.objects.filter(project=project, status=Seat.Status.OPEN, purpose=Seat.Purpose.WORK)
    return dict(rows.order_by().values_list("topic").annotate(Count("pk")))


def topics(project: Project) -> list[dict[str, Any]]:
    waiting = waiting_seats(project)
    named = Prefetch("readers", Membership.objects.select_related("user"))
    return [
        {
            "topic": topic,
            "overlap": topic.overlap or project.overlap,
            "is_own": topic.overlap is not None,
            "readers": sorted(reader.user.display_name for reader in topic.readers.all()),
            "waiting": waiting.get(topic.pk, 0),
        }
        for topic in Topic.objects.filter(project=project).prefetch_related(named)
    ]


def people(project: Project) -> list[dict[str, Any]]:
    """Every member by name: whether they are onboarded, what they are named for, how they did on known items.

    Whom of the two purposes an answer was given for does not matter to the fraction; it is for curators to see where
    somebody needs help, so there is no order by it and no colour.
    """
    known = results(project)
    named: dict[int, list[str]] = defaultdict(list)
    readers = Topic.readers.through.objects.filter(topic__project=project).order_by("topic__name")
    for member, topic in readers.values_list("membership", "topic__name"):
        named[member].append(topic)
    members = project.memberships.select_related("user")
    rows = [
        {
            "member": member,
            "name": member.user.display_name,
            "topics": named[member.pk],
            "gold": known.get((member.user_id, Seat.Purpose.GOLD)),
            "onboarding": known.get((member.user_id, Seat.Purpose.ONBOARDING)),
            "state": state_of(project, member),
        }
        for member in members
    ]
    return sorted(rows, key=lambda row: (row["name"].casefold(), row["member"].pk))


def state_of(project: Project, member: Membership) -> str:
    """not needed, passed or open."""
    if member.role != Role.ANNOTATOR or not project.onboarding_items:
        return "not needed"
    return "passed" if member.onboarded_at else "open"


def results(project: Project) -> dict[tuple[int, str], Share]:
    """(person, purpose) -> how many of their answers to known items were the known one."""
    given = Answer.objects.standing().filter(item__project=project, seat__purpose__in=KNOWN).with_first_outcome()
    given = given.filter(item__gold__isnull=False, item__gold__answer__undone_at=None)
    counts = (
        given.order_by().values("annotator", "seat__purpose").annotate(n=Count("pk"), right=Count("pk", filter=SAME))
    )
    rows = counts.values_list("annotator", "seat__purpose", "n", "right")
    return {(person, purpose): Share(right, n) for person, purpose, n, right in rows}


def golds(project: Project) -> QuerySet[Gold]:
    """Gold items, the newest first, each with how many people answered it and how many gave the known answer."""
    given = Q(item__answers__seat__purpose__in=KNOWN, item__answers__undone_at=None)
    return (
        Gold.objects.filter(item__project=project)
        .select_related("item__prompt__topic", "item__generation", "answer", "created_by")
        .annotate(
            n=Count("item__answers", filter=given),
            right=Count("item__answers", filter=given & Q(item__answers__outcome=F("answer__outcome"))),
        )
        .order_by("-is_active", "-pk")
    )


def said_of(golds: list[Gold]) -> dict[int, list[tuple[str, int]]]:
    """Item -> each outcome people gave there, and how many did: never who."""
    items = [gold.item_id for gold in golds]
    given = Answer.objects.standing().filter(item__in=items, seat__purpose__in=KNOWN)
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for item, outcome, n in given.order_by("item", "outcome").values_list("item", "outcome").annotate(Count("pk")):
        found[item].append((Answer.Outcome(outcome).label, n))
    return found

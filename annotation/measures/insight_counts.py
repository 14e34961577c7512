"""What the dashboard counts: groupings done by the database, so that what comes back is as long as the picture."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from django.core.cache import cache
from django.db.models import Count, DateField, Exists, F, Func, IntegerField, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, Least
from django.utils import timezone

from annotation.models import Answer, Seat
from annotation.person import backgrounds
from studio.models import Project

LONGEST = 600
"""Seconds an answer counts at most, in the time per item: who went away with the page open is no slow reader."""
AGES = ((1, "under a day"), (7, "1 to 7 days"), (30, "7 to 30 days"), (None, "over 30 days"))
"""Of what waits: (younger than so many days, and not of the ones before; its name)."""
GROUP = "group"
"""Key of a prompt's metadata that names the group it is about."""
LATELY = 200
"""Of the newest prompts, so many are asked whether they name a group at all."""
GROUPS = 12
"""Groups in a picture at most: those with the most judged answers."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked at."""

    weeks: int | None = 4
    topic: str = ""
    mode: str = ""

    @property
    def since(self) -> date | None:
        """The first day that counts: a Monday, so that weeks are whole."""
        if self.weeks is None:
            return None
        today = timezone.now().date()
        return today - timedelta(days=today.weekday(), weeks=self.weeks - 1)

    @property
    def daily(self) -> bool:
        """Is the period short enough to look at single days?"""
        return self.weeks is not None and self.weeks <= 4


class Cell(NamedTuple):
    """How many answers are alike in all this."""

    day: date
    mode: str
    topic: str | None
    outcome: str
    severity: int | None
    model: str | None
    version: int | None
    first: bool
    """They are the first standing answer given for work at their item, at whichever seat."""
    n: int


def counting(project: Project, filters: Filters, prefix: str = "") -> Q:
    """Which answers count: those that stand, given for work, not for gold or onboarding, within the filters."""
    said: dict[str, Any] = {"undone_at": None, "item__project": project, "seat__purpose": Seat.Purpose.WORK}
    if filters.since is not None:
        said["created_at__gte"] = datetime.combine(filters.since, datetime.min.time(), UTC)
    if filters.topic:
        said["item__prompt__topic__slug"] = filters.topic
    if filters.mode:
        said["item__mode"] = filters.mode
    return Q(**{f"{prefix}{name}": value for name, value in said.items()})


def answers(project: Project, filters: Filters) -> QuerySet[Answer]:
    return Answer.objects.filter(counting(project, filters))


def day() -> Func:
    """The day of an answer, in UTC; the database's own function, not one in Python for each row."""
    return Func(F("created_at"), function="DATE", output_field=DateField())


def cells(project: Project, filters: Filters) -> list[Cell]:
    """All answers, counted by everything that the pictures tell apart."""
    facts = ("item__mode", "item__prompt__topic__name", "outcome", "severity")
    model = ("item__generation__model_name", "item__generation__version__number")
    work = Answer.objects.standing().filter(item=OuterRef("item"), seat__purpose=Seat.Purpose.WORK)
    rows = answers(project, filters).annotate(day=day(), first=~Exists(work.filter(pk__lt=OuterRef("pk"))))
    counted = rows.values_list("day", *facts, *model, "first").annotate(n=Count("pk")).order_by()
    return [Cell(*row) for row in counted]


def times(project: Project, filters: Filters) -> list[tuple[date, int, int]]:
    """(day, active seconds, answers): nobody's name is near it."""
    seconds = Least(Cast(F("active_ms") / 1000, IntegerField()), LONGEST)
    rows = answers(project, filters).filter(active_ms__isnull=False).annotate(day=day(), seconds=seconds)
    return list(rows.values_list("day", "seconds").annotate(n=Count("pk")).order_by())


def median(counted: Iterable[tuple[int, int]]) -> float | None:
    """The middle one of values that come with how often they do; None of nothing."""
    found = sorted(counted)
    total = sum(n for _, n in found)
    if not total:
        return None
    ends = list(accumulate(n for _, n in found))
    low, high = (found[bisect_right(ends, place)][0] for place in ((total - 1) // 2, total // 2))
    return (low + high) / 2


def itself(what: Any) -> Iterable[Any]:
    return (what,)


def named(
    project: Project, filters: Filters, by: str, read: Callable[[Any], Iterable[Any]] = itself
) -> Counter[tuple[str, Any]]:
    """(category, each that is read of what `by` says) -> answers that name it."""
    links = Answer.categories.through.objects.filter(counting(project, filters, "answer__"))
    rows = links.values_list("category__name", f"answer__{by}").annotate(n=Count("pk")).order_by()
    counted: Counter[tuple[str, Any]] = Counter()
    for category, what, n in rows:
        counted.update({(category, one): n for one in read(what)})
    return counted


def judged(project: Project, filters: Filters, by: str, read: Callable[[Any], Iterable[Any]] = itself) -> Counter[Any]:
    """Each that is read of what `by` says -> answers that say fine or biased: those of whom a category could have been
    named."""
    said = answers(project, filters).filter(outcome__in=(Answer.Outcome.FINE, Answer.Outcome.BIASED))
    counted: Counter[Any] = Counter()
    for what, n in said.values_list(by).annotate(n=Count("pk")).order_by():
        counted.update(dict.fromkeys(read(what), n))
    return counted


Row = TypeVar("Row", bound=tuple[Any, ...])


def by_slot(rows: list[Row], filters: Filters) -> list[Row]:
    """Rows of (day, ..., n), with days of a week together where no picture tells them apart: by their Monday."""
    if filters.daily:
        return rows
    sums: Counter[tuple[Any, ...]] = Counter()
    for day, *what, n in rows:
        sums[(day - timedelta(days=day.weekday()), *what)] += n
    make: Any = getattr(type(rows[0]), "_make", tuple) if rows else tuple
    return [make((*what, n)) for what, n in sums.items()]


class Grid(NamedTuple):
    """Shares of answers that name a category, by something."""

    rows: list[str]
    columns: list[str]
    cells: list[list[float | None]]
    n: list[int]
    """Judged answers per column; none of backgrounds."""


def grid(rows: list[str], columns: list[tuple[str, Any]], counted: Counter[Any], below: Counter[Any]) -> Grid:
    """`columns` are (name, key of the counts)."""
    shares = [[counted[row, key] / below[key] if below[key] else None for _, key in columns] for row in rows]
    return Grid(rows, [name for name, _ in columns], shares, [below[key] for _, key in columns])


def by_topic(project: Project, filters: Filters, rows: list[str], below: Counter[Any]) -> Grid:
    """Category by topic; `below`: judged answers per topic."""
    columns = sorted(((name or "no topic", name) for name in below), key=lambda one: one[0].casefold())
    return grid(rows, columns, named(project, filters, "item__prompt__topic__name"), below)


def by_group(project: Project, filters: Filters, rows: list[str]) -> Grid:
    """Category by the group that a prompt is about, as its metadata says."""
    lately = project.prompts.order_by("-pk").values_list("metadata", flat=True)[:LATELY]
    if not any(isinstance(metadata, dict) and metadata.get(GROUP) for metadata in lately):
        return Grid(rows, [], [[] for _ in rows], [])  # looking into every prompt for nothing takes long
    key = f"item__prompt__metadata__{GROUP}"
    below = judged(project, filters, key, groups_in)
    columns = sorted((group, group) for group, _ in below.most_common(GROUPS))
    return grid(rows, columns, named(project, filters, key, groups_in) if columns else Counter(), below)


def groups_in(metadata: Any) -> set[str]:
    """The groups that a prompt names: a word, a number, or a list of these, each of which counts. Anything else names
    none."""
    listed = metadata if isinstance(metadata, list) else [metadata]
    return {
        str(one) for one in listed if isinstance(one, str | int | float) and not isinstance(one, bool) and one != ""
    }


WEEK = 7 * 24 * 3600


def by_background(project: Project, weeks: int | None, rows: list[str]) -> Grid:
    """Category by the background of who answered, of all topics and ways of working; the same for a week."""
    place = f"insight/{project.pk}/backgrounds/{weeks}"
    kept: Grid | None = cache.get(place)
    if kept is None:
        kept = count_backgrounds(project, Filters(weeks=weeks), rows)
        if kept.columns:
            cache.set(place, kept, WEEK)
    return kept


def count_backgrounds(project: Project, filters: Filters, rows: list[str]) -> Grid:
    """Only of groups with enough people in them and enough outside; coarse shares, and no counts."""
    members = backgrounds.members(project)
    below = judged(project, filters, "annotator") if members else Counter()
    people = {person for person in below if person is not None}
    shown = backgrounds.shown(members, people)
    if not shown:
        return Grid(rows, [], [[] for _ in rows], [])
    counted = named(project, filters, "annotator")
    sums = Counter(
        {(row, name): sum(counted[row, who] for who in group) for name, group in shown.items() for row in rows}
    )
    judged_by = Counter({name: sum(below[who] for who in group) for name, group in shown.items()})
    exact = grid(rows, [(name, name) for name in shown], sums, judged_by)
    cells = [[None if share is None else backgrounds.coarse(share) for share in line] for line in exact.cells]
    return Grid(rows, exact.columns, cells, [])


def queue(project: Project, filters: Filters) -> dict[str, Any]:
    """What waits to be read now: open seats nobody holds, their items, and how old those are."""
    found = Seat.objects.open().filter(project=project, purpose=Seat.Purpose.WORK)
    if filters.topic:
        found = found.filter(item__prompt__topic__slug=filters.topic)
    if filters.mode:
        found = found.filter(item__mode=filters.mode)
    now, ages, before = timezone.now(), {}, Q()
    for place, (days, _) in enumerate(AGES):
        younger = Q(item__created_at__gt=now - timedelta(days=days)) if days else Q()
        ages[f"age_{place}"] = Count("item", distinct=True, filter=before & younger)
        before = Q(item__created_at__lte=now - timedelta(days=days)) if days else Q()
    return found.aggregate(
        seats=Count("pk"), items=Count("item", distinct=True), oldest=Min("item__created_at"), **ages
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the dashboard counts, and when and at what cost it was counted."""

    at: datetime
    seconds: float
    cells: list[Cell]
    times: list[tuple[date, int, int]]
    topics: Grid
    groups: Grid
    backgrounds: Grid
    queue: dict[str, Any]


FRESH = 60.0
"""Seconds for which what was counted is shown again."""
QUICK = 0.5
"""What took less is counted again on the spot; what took longer is shown as it was, while a worker counts."""
SHARE = 20
"""And at least so many times as long as the counting took: a worker has other things to do."""
MANY = 100_000
"""Items from which on nobody's page waits for the first counting either."""
PATIENCE = 600
"""Seconds after which a counting that never ended no longer keeps another from beginning."""
KEPT = 24 * 3600


def key(project: Project, filters: Filters) -> str:
    return f"insight/{project.pk}/{filters.weeks}/{filters.topic}/{filters.mode}"


def facts(project: Project, filters: Filters) -> tuple[Facts | None, bool]:
    """What was counted last, counted now if that is missing, or old and quick; None where a worker must count first.

    And whether to send that worker: once, however many look.
    """
    found: Facts | None = cache.get(key(project, filters))
    if found is None:
        large = project.items.all()[:MANY].count() >= MANY
        return (None, claimed(project, filters)) if large else (count(project, filters), False)
    if (timezone.now() - found.at).total_seconds() <= max(FRESH, SHARE * found.seconds):
        return found, False
    return (count(project, filters), False) if found.seconds < QUICK else (found, claimed(project, filters))


def claimed(project: Project, filters: Filters) -> bool:
    return cache.add(f"{key(project, filters)}/counting", True, PATIENCE)


def count(project: Project, filters: Filters) -> Facts:
    """Count, and keep it for the next who looks."""
    began = time.monotonic()
    counted = by_slot(cells(project, filters), filters)
    rows = list(project.categories.values_list("name", flat=True))
    below: Counter[Any] = Counter()
    for cell in counted:
        if cell.outcome in (Answer.Outcome.FINE, Answer.Outcome.BIASED):
            below[cell.topic] += cell.n
    found = Facts(
        cells=counted,
        times=by_slot(times(project, filters), filters),
        topics=by_topic(project, filters, rows, below),
        groups=by_group(project, filters, rows),
        backgrounds=by_background(project, filters.weeks, rows),
        queue=queue(project, filters),
        at=timezone.now(),
        seconds=time.monotonic() - began,
    )
    cache.set(key(project, filters), found, KEPT)
    cache.delete(f"{key(project, filters)}/counting")
    return found

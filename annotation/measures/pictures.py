"""The charts of the agreement page and the dashboard, drawn from what was counted. No queries."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from annotation.measures.insight_counts import AGES, Facts, Filters, Grid, median
from annotation.models import Answer, Item, Severity
from studio import charts
from studio.charts import Chart, Point
from studio.templatetags.studio import decimal
from training.science.shares import wilson

SLOTS = 53
"""Bars side by side at most: weeks become months beyond it."""
OUTCOMES = {"fine": "fine", "biased": "biased", "cannot_judge": "cannot judge"}


TEXTS = {"spans": ("characters", "F1 of characters"), "rewrites": ("alike", "likeness")}
"""Questions that have no alpha: the figure of a report that is drawn, and its name."""


def by_week(data: dict[str, Any], question: str, title: str, *, since: date | None = None) -> Chart:
    """One question, week by week, of an agreement report: alpha, or how alike texts are; a gap where it is not
    defined."""
    first = iso_week(since) if since else ""
    key, figure = TEXTS.get(question, ("alpha", "Krippendorff’s α"))
    best = (
        "1 is perfect agreement, 0 what chance would give." if key == "alpha" else "1 is the same, 0 nothing in common."
    )
    points = [
        Point(week, one["value"], one.get("low"), one.get("high"), one["n"], one.get("reason", ""))
        for week, found in data["weeks"].items()
        if question in found and week >= first
        for one in [found[question][key]]
    ]
    return charts.lines(
        "agreement",
        f"{title}: {figure} by week",
        f"{figure} of “{title}” for the items whose last answer came in each week, with its interval.",
        points=points,
        heads=["Week", "α" if key == "alpha" else figure, "95 % interval", "Items"],
        show=decimal,
        top=1.0,
        note=f"{best} A week counts the items whose last answer came in it.",
    )


def iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def slots(days: Iterable[date], filters: Filters, *, daily: bool) -> tuple[list[str], Callable[[date], str], str]:
    """Every slot of the time axis, also the empty ones; which a day falls into; and what a slot is called."""
    known = sorted(days)
    today = timezone.now().date()
    first = filters.since or (known[0] if known else today)
    last = max(known[-1] if known else today, today)
    if daily and filters.daily:
        return [short_day(first + timedelta(days=i)) for i in range((last - first).days + 1)], short_day, "Day"
    mondays = [monday(first) + timedelta(weeks=i) for i in range((monday(last) - monday(first)).days // 7 + 1)]
    if len(mondays) <= SLOTS:
        return [iso_week(day) for day in mondays], iso_week, "Week"
    return list(dict.fromkeys(f"{day:%Y-%m}" for day in [first, *mondays, last])), lambda day: f"{day:%Y-%m}", "Month"


def short_day(day: date) -> str:
    return f"{day.day} {day:%b}"


def throughput(facts: Facts, filters: Filters) -> Chart:
    """Answers per day or week, by what they say."""
    names, slot, unit = slots((cell.day for cell in facts.cells), filters, daily=True)
    sums: Counter[tuple[str, str]] = Counter()
    for cell in facts.cells:
        sums[slot(cell.day), cell.outcome if cell.outcome in OUTCOMES else "other"] += cell.n
    series = [*OUTCOMES, "other"] if any(outcome == "other" for _, outcome in sums) else list(OUTCOMES)
    return charts.bars(
        "throughput",
        f"Answers per {unit.lower()}",
        f"How many answers were given in each {unit.lower()}, by what they say.",
        data=[(name, [sums[name, outcome] for outcome in series]) for name in names],
        series=[OUTCOMES.get(outcome, "comparisons and demonstrations") for outcome in series],
        first=unit,
        note="Days are UTC. Answers that were taken back, gold items and onboarding do not count.",
    )


def modes(facts: Facts, filters: Filters) -> Chart:
    """Ways of working, week by week."""
    names, slot, unit = slots((cell.day for cell in facts.cells), filters, daily=False)
    sums: Counter[tuple[str, str]] = Counter()
    for cell in facts.cells:
        sums[slot(cell.day), cell.mode] += cell.n
    return charts.bars(
        "modes",
        f"Ways of working, per {unit.lower()}",
        f"How many answers in each {unit.lower()} were reviews, comparisons and demonstrations.",
        data=[(name, [sums[name, mode] for mode in Item.Mode.values]) for name in names],
        series=["reviews", "comparisons", "demonstrations"],
        first=unit,
    )


def severity(facts: Facts) -> Chart:
    """How severe readers find what they call biased."""
    sums: Counter[int | None] = Counter()
    for cell in facts.cells:
        if cell.outcome == Answer.Outcome.BIASED:
            sums[cell.severity] += cell.n
    data = [(str(name), [float(sums[grade])]) for grade, name in Severity.choices]
    return charts.bars(
        "severity",
        "Severity",
        "How many answers that say biased gave each severity.",
        data=data,
        series=["answers"],
        first="Severity",
        note=f"{sums[None]} without a severity." if sums[None] else "",
    )


def pace(facts: Facts, filters: Filters) -> Chart:
    """Median active time per item, week by week."""
    names, slot, unit = slots((day for day, _, _ in facts.times), filters, daily=False)
    parts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for day, seconds, n in facts.times:
        parts[slot(day)].append((seconds, n))
    points = [Point(name, median(parts[name]), n=sum(n for _, n in parts[name])) for name in names]
    return charts.lines(
        "time",
        "Active time per item",
        f"The median of the seconds in which people were active at an item, for each {unit.lower()}.",
        points=points,
        heads=[unit, "Median", "95 % interval", "Answers"],
        show=seconds_of,
        note="The team’s median. Time in which the page lay idle or in the background does not count. "
        "Nobody’s own time is shown to anybody but themselves.",
    )


def seconds_of(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def versions(facts: Facts) -> Chart:
    """What reviewers find in each model's answers: share biased with Wilson's interval."""
    yes: Counter[tuple[int, str]] = Counter()
    all_: Counter[tuple[int, str]] = Counter()
    for cell in facts.cells:
        if cell.first and cell.mode == Item.Mode.REVIEW and cell.outcome in ("fine", "biased"):
            key = (-1 if cell.version is None else cell.version, cell.model or "")
            all_[key] += cell.n
            yes[key] += cell.n * (cell.outcome == "biased")
    points = []
    for key in sorted(all_):
        low, high = wilson(yes[key], all_[key])
        label = f"version {key[0]}" if key[0] >= 0 else key[1]
        points.append(Point(label, yes[key] / all_[key], low, high, all_[key]))
    return charts.whiskers(
        "versions",
        "Biased, as readers see it, by model",
        "For each model version, the share of its answers that their first reader called biased, with an interval.",
        points=points,
        heads=["Model", "Biased", "95 % interval (Wilson)", "Items"],
        note="One reading per item, the first that stands, of those that say fine or biased. Versions may have "
        "been asked different prompts, and read by different people: look at one topic to compare like with like.",
    )


def ages(facts: Facts) -> Chart:
    """How long what waits has waited."""
    data = [(name, [float(facts.queue[f"age_{place}"])]) for place, (_, name) in enumerate(AGES)]
    return charts.bars(
        "queue",
        "Waiting to be read, by age",
        "How many items nobody holds still want a reader, by how long ago they came in.",
        data=data,
        series=["items"],
        first="Came in",
        note="Now, whatever the period above.",
    )


def heat(name: str, what: str, grid: Grid, note: str) -> Chart:
    """Categories by something, as shares of judged answers."""
    about = f"For each category and {what}, the share of judged answers that name the category. Darker is more."
    return charts.heat(
        name,
        f"Category by {what}",
        about,
        rows=grid.rows,
        columns=grid.columns,
        cells=grid.cells,
        first="Category",
        note=note,
    )

"""What the dashboard shows: pictures of one period, one topic, one way of working, or of all. Only reads."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from annotation.measures import pictures, reports
from annotation.measures.insight_counts import Facts, Filters, facts, median
from annotation.models import Item
from studio.charts import Chart
from studio.models import SMALLEST_GROUP, Project

PERIODS = {"4": "4 weeks", "12": "12 weeks", "all": "all time"}
NOT_FILTERED = "Of all topics and ways of working: it comes from the newest agreement report."

COARSE = (
    "So that nobody’s background can be told from it, shares are to 5 points, of all topics and ways of working, and "
    "counted once a week."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A chart on the page, or why there is none."""

    chart: Chart | None
    name: str
    title: str
    missing: str = ""


def asked_for(project: Project, query: QueryDict) -> Filters:
    """The filters of an address; what they do not know is as if it were not there."""
    period = query.get("period", "4")
    topic, mode = query.get("topic", ""), query.get("mode", "")
    known = topic and project.topics.filter(slug=topic).exists()
    return Filters(
        weeks=None if period == "all" else int(period) if period in PERIODS else 4,
        topic=topic if known else "",
        mode=mode if mode in Item.Mode.values else "",
    )


def page(project: Project, filters: Filters) -> dict[str, Any]:
    """Everything on the page; `stale` says that a worker should count (again)."""
    counted, stale = facts(project, filters)
    if counted is None:
        return {**choices(project, filters), "stale": stale, "counting": True}
    report = reports.newest(project, "agreement")
    data = report.data if report else None
    outcome = data["questions"].get("outcome") if data else None
    found = places(counted, filters, data)
    return {
        **choices(project, filters),
        "at": counted.at,
        "stale": stale,
        "answers": sum(cell.n for cell in counted.cells),
        "queue": counted.queue,
        "time": median((seconds, n) for _, seconds, n in counted.times),
        "alpha": outcome["alpha"] if outcome else None,
        "drawn": [place for place in found if place.chart],
        "missing": [place for place in found if not place.chart],
    }


def choices(project: Project, filters: Filters) -> dict[str, Any]:
    """What can be chosen, and what is."""
    return {
        "project": project,
        "filters": filters,
        "period": str(filters.weeks or "all"),
        "periods": PERIODS,
        "topics": project.topics.all(),
        "modes": Item.Mode.choices,
    }


def places(counted: Facts, filters: Filters, data: dict[str, Any] | None) -> list[Place]:
    """The charts in the order of the page, each with what is missing where there is nothing to draw."""
    some = bool(counted.cells)
    biased = any(cell.outcome == "biased" for cell in counted.cells)
    nothing = "No answers in this period. Choose a longer one, or see under Data whether there is something to read."
    versions = pictures.versions(counted)
    weeks = pictures.by_week(data, "outcome", "Verdict", since=filters.since) if data else None
    several = len({cell.mode for cell in counted.cells}) > 1
    return [
        place(pictures.throughput(counted, filters), some, nothing),
        place(versions, bool(versions.rows), "No answer of a model was called fine or biased in this period."),
        agreement(weeks),
        place(
            pictures.heat("topics", "topic", counted.topics, "Of the answers that say fine or biased."),
            biased and bool(counted.topics.columns),
            "Nothing was called biased in this period, so no category was named.",
        ),
        place(
            pictures.heat(
                "groups",
                "group",
                counted.groups,
                "The group a prompt is about, as “group” in its metadata says; those with the most answers.",
            ),
            biased and bool(counted.groups.columns),
            "Which kind of bias meets which group: needs answers that say biased, to prompts that say which group they "
            "are about, with metadata such as {“group”: “nurses”}.",
        ),
        place(
            pictures.heat(
                "backgrounds",
                "background of the reader",
                counted.backgrounds,
                f"As people said of themselves; groups of {SMALLEST_GROUP} or more, with as many others. {COARSE}",
            ),
            biased and bool(counted.backgrounds.columns),
            f"Shown when {SMALLEST_GROUP} people of a background, and {SMALLEST_GROUP} others, have judged answers. "
            "Admins say in the settings which backgrounds are asked for; to answer is up to each person.",
        ),
        place(pictures.severity(counted), biased, "Nothing was called biased in this period."),
        place(pictures.pace(counted, filters), bool(counted.times), "No answer came with a time in this period."),
        place(
            pictures.ages(counted),
            bool(counted.queue["items"]),
            "Nothing waits to be read now. New items come with the next refill or import.",
        ),
        place(
            pictures.modes(counted, filters),
            several,
            "All answers in this period were given in one way of working." if some else nothing,
        ),
    ]


def place(chart: Chart, drawn: bool, missing: str) -> Place:
    return Place(chart if drawn else None, chart.name, chart.title, missing)


def agreement(chart: Chart | None) -> Place:
    """Agreement over time; it has no filters of its own."""
    missing = "No agreement was worked out for this period. Agreement needs an overlap of 2: see Assignment."
    if chart is None or not chart.rows:
        return Place(None, "agreement", "Agreement over time", missing)
    return Place(replace(chart, note=f"{chart.note} {NOT_FILTERED}"), chart.name, chart.title)


def chart(project: Project, filters: Filters, name: str) -> Chart | None:
    """One chart of the page by its name; None where there is none."""
    found: list[Place] = page(project, filters).get("drawn", [])
    return next((place.chart for place in found if place.name == name), None)

"""What a snapshot's page shows of what it is made of. Only reads."""

from dataclasses import dataclass

from training.models import Snapshot

TITLES = {
    "verdict": "Verdict",
    "mode": "Way of working",
    "topic": "Topic",
    "category": "Category",
    "severity": "Severity",
    "annotator": "Annotator",
    "model": "Model that answered",
    "settled": "How it was settled",
    "split": "Split",
}

WORDS = {
    "verdict": {
        "preferred": "preferred to another answer",
        "tie": "as good as another answer",
        "both_bad": "both answers bad",
        "demonstrated": "written by a person",
    },
    "mode": {"review": "one answer judged", "compare": "two answers compared", "demonstrate": "an answer written"},
}
"""Values that are shown in other words than the rows hold."""


@dataclass(frozen=True, slots=True)
class Table:
    """One way to divide the rows; a row with two categories counts in both."""

    name: str
    title: str
    counts: list[tuple[str, int, float]]
    """(value, rows, share of all rows)."""


def tables(snapshot: Snapshot) -> list[Table]:
    """The snapshot's rows by each of TITLES, the largest part first."""
    words = {**WORDS, **_names(snapshot)}
    return [
        Table(
            name,
            title,
            [
                (words.get(name, {}).get(value, value), n, n / snapshot.rows)
                for value, n in _sorted(snapshot.composition.get(name, {}))
            ],
        )
        for name, title in TITLES.items()
    ]


def _names(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """What the project calls its topics and categories today; what it no longer has keeps the slug of the rows."""
    project = snapshot.project
    return {
        "topic": dict(project.topics.values_list("slug", "name")),
        "category": dict(project.categories.values_list("slug", "name")),
    }


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

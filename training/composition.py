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
    return [
        Table(
            name,
            title,
            [(said(name, value), n, n / snapshot.rows) for value, n in _sorted(snapshot.composition.get(name, {}))],
        )
        for name, title in TITLES.items()
    ]


def said(name: str, value: str) -> str:
    return WORDS.get(name, {}).get(value, value)


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

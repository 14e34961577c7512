"""What a snapshot's page shows of what it is made of. Only reads."""

from dataclasses import dataclass

from training.models import Snapshot

TITLES = {
    "verdict": "Verdict",
    "topic": "Topic",
    "category": "Category",
    "severity": "Severity",
    "annotator": "Annotator",
    "model": "Model that answered",
    "settled": "How it was settled",
    "split": "Split",
}


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
        Table(name, title, [(value, n, n / snapshot.rows) for value, n in _sorted(snapshot.composition.get(name, {}))])
        for name, title in TITLES.items()
    ]


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

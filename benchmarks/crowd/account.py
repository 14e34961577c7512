"""What a crowd was told, held against what the database says: the bars of `load` and `chaos`."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.bars import Bar, at_most
from benchmarks.crowd.patient import Told

WRONG = (
    "answered_too_often",
    "twice_by_one",
    "strange_hands",
    "closed_without_answer",
    "answered_but_open",
    "verdicts_missing_or_wrong",
)
"""Entries of the books that must be zero."""


def bars(name: str, told: Sequence[Told], books: dict[str, Any]) -> list[Bar]:
    """Nothing acknowledged is missing, nothing is there twice, nobody was refused or failed, nothing stays locked."""
    kept, undone = Counter(books["keys"]), {*books["undone"]}
    saved = [(key, stands) for one in told for key, stands in one.saved.items()]
    lost = [key for key, stands in saved if (kept[key] != 1 if stands else key not in undone or key in kept)]
    wrong = {entry: books[entry] for entry in WRONG if books[entry]}
    errors = [error for one in told for error in one.errors]
    refused = [error for one in told for error in one.refused]
    print(*[f"  {line}" for line in [*lost[:3], *refused[:3], *errors[:5]]], json.dumps(wrong), sep="\n", flush=True)
    return [
        at_most(f"{name}: acknowledged answers that are lost", len(lost), 0),
        at_most(f"{name}: answers given twice, in a strange hand, without a verdict …", sum(wrong.values()), 0),
        at_most(f"{name}: answers that were refused", len(refused), 0),
        at_most(f"{name}: errors", len(errors), 0),
        at_most(f"{name}: longest lease left behind", books["lease_left_seconds"], books["lease_seconds"], "s"),
    ]

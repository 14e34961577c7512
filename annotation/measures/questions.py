"""What is asked of two readers of one item, and how their answers are compared: for whoever measures it, and for the
page, which shows it without numpy."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotation.science.distances import Distance

COHEN = "Cohen’s κ"


@dataclass(frozen=True, slots=True)
class Question:
    title: str
    asks: str
    missing: str
    """Why there is no figure where nobody's answers can be compared."""
    distance: "Distance | None"
    """Between two answers. None: they are compared as texts."""
    of_two: str = COHEN
    """The figure of two people."""


QUESTIONS = {
    "outcome": Question(
        "Verdict",
        "Fine, biased, or cannot judge",
        "no two people reviewed the same answer",
        "nominal",
    ),
    "harm": Question(
        "Harm",
        "Severity, where fine counts as 0: how bad, of everything that was judged",
        "no two readers of an item could judge it",
        "ordinal",
        "Krippendorff’s α, ordinal",
    ),
    "severity": Question(
        "Severity",
        "1 to 3, of answers that two readers called biased",
        "no two readers of an item graded a severity",
        "ordinal",
        "Krippendorff’s α, ordinal",
    ),
    "categories": Question(
        "Categories",
        "Which kinds of bias, as a set: part of it in common counts in part; fine is none",
        "no two readers of an item could judge it",
        "masi",
        "Krippendorff’s α, MASI",
    ),
    "preference": Question(
        "Preference",
        "Which of two answers is better, or neither, or a tie",
        "no two people read the same comparison",
        "nominal",
    ),
    "spans": Question(
        "Spans",
        "Where two readers marked the bias, of those who both called the answer biased and marked something",
        "no two readers of an item marked a place",
        None,
        "F1 of characters",
    ),
    "rewrites": Question(
        "Rewrites",
        "How alike two readers’ rewrites of one answer are, word by word",
        "no two readers of an item rewrote it",
        None,
        "Alike, word by word",
    ),
}
"""In the order of the page. Each category alone is a question too: whether it was named."""

DISTANCES = {name: each.distance for name, each in QUESTIONS.items() if each.distance}
TEXTS = {name: each for name, each in QUESTIONS.items() if not each.distance}

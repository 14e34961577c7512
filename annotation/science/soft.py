"""What the readers of one item said, as shares: the soft label. No view is outvoted, each is counted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

JUDGED = ("fine", "biased")
"""Outcomes that say whether the answer is biased, and so, which categories of bias it has: none, or those named."""


def soft(judgements: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares of one item's readers behind each outcome, severity and category.

    p(c) = n(c) / n, without smoothing: who trains on few readers adds the prior, p(c) = (n(c) + k·pi(c)) / (n + k).

    Parameters
    ----------
    judgements : iterable of mappings
        One per reader: "outcome", and where given "severity" (1 to 3 or None) and "categories" (slugs; one that is
        named twice counts once).

    Returns
    -------
    dict
        "n" readers; "outcomes", of all of them: these shares add up to 1. "severity", of those who gave one, under
        "1", "2", "3": they add up to 1. "categories", of those who said fine or biased (a fine answer has no
        category): a reader may name several, so they need not add up. What nobody said is left out; nobody at all
        gives n = 0 and empty shares. Keys are sorted, so that the same judgements give the same JSON.

    References
    ----------
    Uma et al. (2021), PAPERS.md#uma-2021.
    """
    said = list(judgements)
    outcomes = Counter(str(one["outcome"]) for one in said)
    severity = Counter(str(one["severity"]) for one in said if one.get("severity") is not None)
    categories = Counter(slug for one in said for slug in set(one.get("categories") or ()))
    judged = sum(outcomes[word] for word in JUDGED) or len(said)
    return {
        "n": len(said),
        "outcomes": _shares(outcomes, len(said)),
        "severity": _shares(severity, severity.total()),
        "categories": _shares(categories, judged),
    }


def _shares(counts: Counter[str], n: int) -> dict[str, float]:
    return {name: counts[name] / n for name in sorted(counts) if counts[name]}

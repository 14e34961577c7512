"""How far apart two answers are: the deltas of Krippendorff's alpha."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Distance = Literal["nominal", "ordinal", "interval", "ratio", "masi"]
Array = npt.NDArray[np.float64]


def nominal(a: Hashable, b: Hashable) -> float:
    """0 for the same answer, 1 for any other."""
    return float(a != b)


def interval(a: float, b: float) -> float:
    """(a - b)²: for numbers whose differences mean the same everywhere."""
    return float((a - b) ** 2)


def ratio(a: float, b: float) -> float:
    """((a - b) / (a + b))², in [0, 1] for numbers from 0 up: for amounts; 0 for two zeros."""
    return float(((a - b) / (a + b)) ** 2) if a + b else 0.0


def masi(a: frozenset[Any], b: frozenset[Any]) -> float:
    """Distance of two sets of categories, for partly equal choices.

    1 - J·M with J = |a ∩ b| / |a ∪ b| and M = 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap,
    0 where they do not.

    Parameters
    ----------
    a, b : frozenset
        What each reader chose. The empty set is an answer: "none of these".

    Returns
    -------
    float in [0, 1]
        0 is the same set, also where both are empty; 1 is nothing in common, also where only one is empty. The source
        leaves J of two empty sets undefined: both departures are ours.

    References
    ----------
    Passonneau (2006), PAPERS.md#passonneau-2006.
    """
    if a == b:
        return 0.0
    both = len(a & b)
    if not both:
        return 1.0
    return 1 - both / len(a | b) * (2 / 3 if a <= b or b <= a else 1 / 3)


FIXED: dict[str, Callable[[Any, Any], float]] = {
    "nominal": nominal,
    "interval": interval,
    "ratio": ratio,
    "masi": masi,
}
"""The distances that do not depend on how often each answer was given; ordinal does."""


def matrix(values: Sequence[Any], distance: Distance) -> Array:
    """The distance of every two of `values`: shape (values, values), symmetric, 0 on the diagonal."""
    delta = FIXED[distance]
    return np.array([[delta(a, b) for b in values] for a in values], dtype=float).reshape(len(values), len(values))


def mid_ranks(counts: Array) -> Array:
    """Positions on which the ordinal distance of two values is the square of their difference.

    The ordinal delta² of c < k is (Σ n_g for g = c..k, minus (n_c + n_k) / 2)². With r_c = Σ n_g for g < c, plus
    n_c / 2, that is (r_k - r_c)².

    Parameters
    ----------
    counts : array of shape (..., values)
        How often each value was given, values in ascending order.

    Returns
    -------
    array of the same shape

    References
    ----------
    Krippendorff (2011), PAPERS.md#krippendorff-2011.
    """
    return np.asarray(np.cumsum(counts, axis=-1) - counts / 2, dtype=float)

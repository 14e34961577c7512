"""How sure a share is. Without numpy, so that a page may ask."""

import math
from typing import NamedTuple

Z95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""


class Interval(NamedTuple):
    """Bounds of a 95 % interval; NaN where the data cannot tell."""

    low: float
    high: float


def wilson(successes: float, n: int, *, design_effect: float = 1.0) -> Interval:
    """Wilson score interval of a share.

    (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n), with n divided by the design effect.

    Parameters
    ----------
    successes : float in [0, n]
        May be a half where ties count one half.
    n : int
        Trials; 0 gives NaN bounds.
    design_effect : float
        At least 1: by how much clustering of the trials widens the variance (see `design_effect`).

    Returns
    -------
    Interval
        Within [0, 1].

    Raises
    ------
    ValueError
        If successes is outside [0, n] or the design effect is below 1.

    References
    ----------
    Wilson (1927), PAPERS.md#wilson-1927; the correction for clusters: Rao and Scott (1992), PAPERS.md#rao-scott-1992.
    """
    if not 0 <= successes <= n or design_effect < 1:
        raise ValueError(f"expected 0 <= {successes} <= {n} and a design effect of at least 1, got {design_effect}")
    if n == 0:
        return Interval(math.nan, math.nan)
    p, m, z2 = successes / n, n / design_effect, Z95 * Z95
    centre = (p + z2 / (2 * m)) / (1 + z2 / m)
    half = Z95 * math.sqrt(p * (1 - p) / m + z2 / (4 * m * m)) / (1 + z2 / m)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high)

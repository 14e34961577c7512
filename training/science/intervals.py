"""How sure a number is: intervals for shares and means, and paired tests. Values in, values out; numpy only."""

import functools
import math
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from training.science.shares import Z95, Interval, wilson
from training.science.spec import FEWEST_CLUSTERS

__all__ = ["Z95", "Interval", "bootstrap", "design_effect", "mcnemar", "percentile", "two_sided", "wilson"]

Array = npt.NDArray[np.float64]

_CACHED_CELLS = 8_000_000


def design_effect(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """How much larger the variance of a share is because trials come in clusters; 1 where it cannot be told.

    Parameters
    ----------
    values : sequence of float in [0, 1]
        One per trial.
    clusters : sequence
        To which cluster (such as the prompt) each trial belongs.

    Returns
    -------
    float in [1, inf)
        Variance between clusters over the binomial variance; 1 when every trial ended alike or there is one cluster.

    References
    ----------
    Rao and Scott (1992), PAPERS.md#rao-scott-1992.
    """
    y = np.asarray(values, dtype=float)
    n, p = len(y), float(y.mean()) if len(y) else 0.0
    sums, _ = _cluster_sums(y - p, np.ones(n), clusters)
    count = len(sums)
    if count < 2 or p <= 0 or p >= 1:
        return 1.0
    variance = count / (count - 1) * float((sums**2).sum()) / n**2
    return max(1.0, variance / (p * (1 - p) / n))


def bootstrap(
    numerators: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    denominators: Sequence[float] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Array:
    """Values of Σ numerators / Σ denominators over resamples of whole clusters, drawn with replacement.

    Parameters
    ----------
    numerators : sequence of float
        One per observation.
    clusters : sequence
        Observations of one cluster are drawn together, because they are not independent.
    denominators : sequence of float, optional
        Ones (so that the value is a mean) unless given.
    resamples : int
        How many values; 2000 for a percentile interval.
    seed : int
        The same seed gives the same draws.

    Returns
    -------
    array of shape (resamples,)
        All NaN when there are fewer than `FEWEST_CLUSTERS` clusters: intervals from so few come out too narrow.

    References
    ----------
    Efron and Tibshirani (1993), PAPERS.md#efron-tibshirani-1993.
    """
    top = np.asarray(numerators, dtype=float)
    below = np.ones(len(top)) if denominators is None else np.asarray(denominators, dtype=float)
    sums, weights = _cluster_sums(top, below, clusters)
    if len(sums) < FEWEST_CLUSTERS:
        return np.full(resamples, np.nan)
    both = np.stack([sums, weights], axis=1)  # (clusters, 2)
    if len(sums) * resamples <= _CACHED_CELLS:
        drawn = _draws(len(sums), resamples, seed) @ both
    else:
        source = np.random.default_rng(seed)
        drawn = np.stack(
            [
                np.bincount(source.integers(len(sums), size=len(sums)), minlength=len(sums)) @ both
                for _ in range(resamples)
            ]
        )
    return np.asarray(drawn[:, 0] / drawn[:, 1], dtype=float)


def percentile(values: Array) -> Interval:
    """The 2.5 % and 97.5 % points of bootstrap values; NaN if any of them is."""
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))


def two_sided(values: Array) -> float:
    """Bootstrap p value of "the difference is zero": twice the smaller share of resamples on either side of zero.

    Returns
    -------
    float in [1 / (resamples + 1), 1]
        Never 0: that many resamples cannot show less. NaN if the values are NaN.
    """
    if np.isnan(values).any():
        return math.nan
    n = len(values)
    beyond = min(int((values <= 0).sum()), int((values >= 0).sum()))
    return min(1.0, 2 * (beyond + 1) / (n + 1)) if beyond < n else 1.0


def mcnemar(worse: int, better: int) -> float:
    """Exact two-sided p value that `worse` and `better` discordant pairs come from a fair coin.

    Parameters
    ----------
    worse, better : int
        Pairs in which only the one, only the other model succeeded; concordant pairs say nothing.

    Returns
    -------
    float in (0, 1]
        1 when no pair is discordant.

    References
    ----------
    McNemar (1947), PAPERS.md#mcnemar-1947.
    """
    n, fewer = worse + better, min(worse, better)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / 2**n) if n else 1.0


def _cluster_sums(top: Array, below: Array, clusters: Sequence[Hashable]) -> tuple[Array, Array]:
    place: dict[Hashable, int] = {}
    numbers = np.array([place.setdefault(cluster, len(place)) for cluster in clusters], dtype=np.int64)
    size = len(place)
    sums = [np.bincount(numbers, weights=part, minlength=size).astype(float) for part in (top, below)]
    return sums[0], sums[1]


@functools.lru_cache(maxsize=4)
def _draws(clusters: int, resamples: int, seed: int) -> Array:
    """How often each cluster is drawn in each resample: (resamples, clusters)."""
    counts = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples)
    return counts.astype(float)

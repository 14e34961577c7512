"""A number with its interval, or the reason why there is none; and what a resample of items is."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

RESAMPLES = 2000
FEWEST = 10
"""Items below which an interval from resampling them would only look like one."""
BOOTSTRAP = "95 % percentile interval, bootstrap over items"
NOBODY = "fewer than two readers on any item"
ALL_EQUAL = "all answers equal"
TOO_FEW = f"fewer than {FEWEST} items: no interval"
_CELLS = 4_000_000
"""Numbers held at a time while resampling: 32 MB."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value; None is "not defined", and then `reason` says why. Never NaN."""

    value: float | None
    n: int
    """Items it is made from."""
    low: float | None = None
    high: float | None = None
    method: str = ""
    """How the interval was made; or why there is none."""
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON, six digits kept: what is not there is left out, and so is the usual method."""
        found = {name: round(one, 6) if isinstance(one, float) else one for name, one in asdict(self).items()}
        usual = {"method": BOOTSTRAP}
        return {name: one for name, one in found.items() if name == "value" or one not in (None, "", usual.get(name))}


def undefined(reason: str, n: int = 0) -> Estimate:
    """No value, and why."""
    return Estimate(None, n, reason=reason)


def draws(items: Array, *, width: int, resamples: int, seed: int) -> Iterator[Array]:
    """Resamples of items with replacement, where alike items are counted together.

    Parameters
    ----------
    items : array of shape (kinds,)
        How many items there are of each kind.
    width : int
        Numbers that the caller makes per resample: decides how many are drawn at a time.
    resamples, seed : int
        The same seed gives the same draws.

    Yields
    ------
    array of shape (some, kinds)
        How often each kind was drawn; `resamples` rows in all.
    """
    source = np.random.default_rng(seed)
    total = int(items.sum())
    step = max(1, min(resamples, _CELLS // max(width, len(items), 1)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        yield source.multinomial(total, items / total, size=size).astype(float)


def bootstrapped(
    statistic: Callable[[Array], Array],
    items: Array,
    *,
    why_not: str,
    width: int = 0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """The value of `statistic` on the items as they are, with an interval from resampling them.

    Parameters
    ----------
    statistic : callable
        From counts of each kind of item, shape (some, kinds), to values, shape (some,); NaN where it is not defined.
    items : array of shape (kinds,)
        How many items there are of each kind.
    why_not : str
        What to say where it is not defined for the items as they are.

    Returns
    -------
    Estimate
        Without an interval where there are fewer than `FEWEST` items, or where more than one resample in twenty has no
        value (then the method says so).

    References
    ----------
    Efron and Tibshirani (1993), PAPERS.md#efron-tibshirani-1993.
    """
    n = int(items.sum())
    value = float(statistic(items[np.newaxis, :].astype(float))[0])
    if np.isnan(value):
        return undefined(why_not, n)
    if n < FEWEST or not resamples:
        return Estimate(value, n, method=TOO_FEW if n < FEWEST else "no interval was asked for")
    found = np.concatenate([statistic(w) for w in draws(items, width=width, resamples=resamples, seed=seed)])
    known = found[~np.isnan(found)]
    if len(known) < 0.95 * resamples:
        return Estimate(value, n, method="too many resamples have no value: no interval")
    low, high = np.percentile(known, [2.5, 97.5])
    return Estimate(value, n, float(low), float(high), BOOTSTRAP)


def mean(values: Array, *, why_not: str = NOBODY, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean of one number per item, each in [0, 1], with its bootstrap interval.

    For the interval values are rounded to a thousandth, so that alike items can be counted together; the mean itself is
    of the values as they are. No values give no mean, and `why_not` says why there are none.
    """
    if not len(values):
        return undefined(why_not)
    levels, items = np.unique(np.round(values, 3), return_counts=True)
    found = bootstrapped(
        lambda w: (w @ levels) / w.sum(axis=1), items.astype(float), why_not="", resamples=resamples, seed=seed
    )
    return Estimate(float(values.mean()), found.n, found.low, found.high, found.method)

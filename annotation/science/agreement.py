"""How far the readers of the same items agree: any number of readers, missing answers, intervals, reasons.

Everything here is made from `Patterns`: how often each combination of answers to one item occurs. Items with the same
answers are alike for every coefficient, so a hundred thousand items are a few hundred patterns, and a resample of items
is one draw of how often each pattern comes.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from annotation.science.distances import Array, Distance, matrix, mid_ranks
from annotation.science.estimates import ALL_EQUAL, NOBODY, RESAMPLES, Estimate, bootstrapped, undefined

Patterns = Mapping[tuple[Any, ...], int]
"""Answers to one item, in a fixed order -> number of items answered so. Items of one answer may be among them."""


def pattern(answers: Iterable[Hashable]) -> tuple[Any, ...]:
    """The answers to one item in an order that does not depend on who gave them."""
    return tuple(sorted(answers, key=_order))


def patterns(units: Iterable[Iterable[Hashable]]) -> Counter[tuple[Any, ...]]:
    """Count alike items: `units` holds the answers of each item, missing ones left out."""
    return Counter(pattern(answers) for answers in units)


def _order(value: Any) -> Any:
    return (len(value), sorted(value)) if isinstance(value, frozenset) else value


class Table(NamedTuple):
    """Patterns as arrays. Entries say how often a value stands in a pattern, in the order of values."""

    values: list[Any]
    items: Array
    """(patterns,) items answered so."""
    sizes: Array
    """(patterns,) answers to such an item."""
    rows: Any
    """(entries,) the pattern."""
    columns: Any
    """(entries,) the value."""
    counts: Array
    """(entries,) how often."""

    def marginals(self, weights: Array, scale: Array | None = None) -> Array:
        """How often each value was given where pattern p is `weights[:, p]` items: (some, values).

        `scale` multiplies each pattern's answers, as 1 / sizes does for shares.
        """
        each = self.counts if scale is None else self.counts * scale[self.rows]
        starts = np.searchsorted(self.columns, np.arange(len(self.values)))
        return np.add.reduceat(weights[:, self.rows] * each, starts, axis=1)


def tabulate(found: Patterns, *, least: int = 2) -> Table | None:
    """`found` as arrays, without items of fewer than `least` answers; None if none is left."""
    kept = [(one, n) for one, n in found.items() if len(one) >= least and n]
    if not kept:
        return None
    values = sorted({value for one, _ in kept for value in one}, key=_order)
    place = {value: i for i, value in enumerate(values)}
    entries = sorted(
        (place[value], row, count) for row, (one, _) in enumerate(kept) for value, count in Counter(one).items()
    )
    columns, rows, counts = (np.array(part) for part in zip(*entries, strict=True))
    items, sizes = np.array([n for _, n in kept], dtype=float), np.array([len(one) for one, _ in kept], dtype=float)
    return Table(values, items, sizes, rows, columns, counts.astype(float))


def by_pattern(table: Table) -> tuple[Any, Any, Array]:
    """The entries of `table` in the order of patterns: rows, columns, counts."""
    order = np.argsort(table.rows, kind="stable")
    return table.rows[order], table.columns[order], table.counts[order]


def krippendorff_alpha(found: Patterns, *, distance: Distance, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Agreement beyond chance of any number of readers, with missing answers.

    alpha = 1 - D_o / D_e. D_o is the mean distance of two answers to the same item, where an item of m answers counts m
    times; D_e the mean distance of two answers to any items.

    Parameters
    ----------
    found : Patterns
        Items of one answer say nothing and are left out. For "interval" and "ratio" answers are numbers, for
        "ordinal" anything that sorts, for "masi" frozensets.
    distance : Distance
        How far apart two answers are.

    Returns
    -------
    Estimate
        In (-inf, 1]: 1 is perfect agreement, 0 what chance would give, below 0 systematic disagreement. Not defined
        where no item has two answers, or where all answers are equal: then chance would agree as well. Low values are
        a finding about the question or the readers, not a defect by themselves: there is no threshold here.

    References
    ----------
    Krippendorff (2011), PAPERS.md#krippendorff-2011; the interval: Hughes (2022), PAPERS.md#hughes-2022.
    """
    table = tabulate(found)
    if table is None:
        return undefined(NOBODY)
    alphas = _ordinal(table) if distance == "ordinal" else _fixed(table, matrix(table.values, distance))
    width = max(len(table.rows), len(table.values))
    return bootstrapped(alphas, table.items, why_not=ALL_EQUAL, width=width, resamples=resamples, seed=seed)


def _alpha(observed: Array, expected: Array, n: Array) -> Array:
    """1 - (n - 1) Σ distances within items / Σ distances over all answers; NaN where there is no distance at all."""
    some = expected > 1e-12
    return np.where(some, 1 - (n - 1) * observed / np.where(some, expected, 1), np.nan)


def _fixed(table: Table, delta: Array) -> Any:
    rows, columns, counts = by_pattern(table)
    cuts = np.searchsorted(rows, np.arange(1, len(table.items)))
    sums = [
        n @ delta[np.ix_(at, at)] @ n for at, n in zip(np.split(columns, cuts), np.split(counts, cuts), strict=True)
    ]
    within = np.array(sums) / (table.sizes - 1)

    def alphas(weights: Array) -> Array:
        given = table.marginals(weights)
        return _alpha(weights @ within, ((given @ delta) * given).sum(axis=1), given.sum(axis=1))

    return alphas


def _ordinal(table: Table) -> Any:
    """The distance of two ranks depends on how often each is given, so each resample has its own."""
    rows, columns, counts = by_pattern(table)
    starts = np.searchsorted(rows, np.arange(len(table.items)))

    def alphas(weights: Array) -> Array:
        given = table.marginals(weights)
        n = given.sum(axis=1, keepdims=True)
        ranks = mid_ranks(given) / n  # distances are compared, so their unit does not matter; ranks near 1 keep digits
        at = ranks[:, columns]
        first = np.add.reduceat(at * counts, starts, axis=1)
        second = np.add.reduceat(at**2 * counts, starts, axis=1)
        within = 2 * (table.sizes * second - first**2) / (table.sizes - 1)
        overall = 2 * (n[:, 0] * (given * ranks**2).sum(axis=1) - (given * ranks).sum(axis=1) ** 2)
        return _alpha((weights * within).sum(axis=1), overall, n[:, 0])

    return alphas


def _agreeing(table: Table) -> Array:
    """Share of an item's pairs of readers who gave the same answer: (patterns,); needs sizes of 2 or more."""
    same = np.bincount(table.rows, weights=table.counts * (table.counts - 1), minlength=len(table.items))
    return np.asarray(same / (table.sizes * (table.sizes - 1)), dtype=float)


def percent_agreement(found: Patterns, *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean over items of the share of pairs of readers who gave the same answer: (n_k² - n) / (n (n - 1)), summed.

    Returns
    -------
    Estimate
        In [0, 1]; 1 is everybody always the same. What chance would give is not taken off: with a rare answer this is
        high whatever readers do. Not defined where no item has two answers.

    References
    ----------
    Fleiss (1971), the P of each subject, PAPERS.md#fleiss-1971.
    """
    table = tabulate(found)
    if table is None:
        return undefined(NOBODY)
    share = _agreeing(table)
    return bootstrapped(
        lambda w: (w @ share) / w.sum(axis=1), table.items, why_not=NOBODY, resamples=resamples, seed=seed
    )


def fleiss_kappa(found: Patterns, *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Agreement beyond chance where every item has the same number of readers, of nominal answers.

    kappa = (P - P_e) / (1 - P_e): P is the percent agreement, P_e = Σ p_k² over the shares of all answers.

    Returns
    -------
    Estimate
        In [-1, 1]: 1 is perfect agreement, 0 what chance would give. Not defined where no item has two answers, where
        all are equal, or where items differ in their number of readers (alpha is for those).

    References
    ----------
    Fleiss (1971), PAPERS.md#fleiss-1971.
    """
    table = tabulate(found)
    if table is None:
        return undefined(NOBODY)
    fewest, most = int(table.sizes.min()), int(table.sizes.max())
    if fewest != most:
        return undefined(f"items have different numbers of readers, {fewest} to {most}", int(table.items.sum()))
    share = _agreeing(table)

    def kappas(weights: Array) -> Array:
        given = table.marginals(weights)
        chance = ((given / given.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return _beyond((weights @ share) / weights.sum(axis=1), chance)

    return bootstrapped(kappas, table.items, why_not=ALL_EQUAL, width=len(table.rows), resamples=resamples, seed=seed)


def gwet_ac1(
    found: Patterns, *, answers: Sequence[Hashable] = (), resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Agreement beyond chance that does not break down where nearly all answers are the same.

    AC1 = (P - P_e) / (1 - P_e) with P_e = Σ pi_k (1 - pi_k) / (K - 1); pi_k is the mean share of k over items, also
    over those of one answer.

    Parameters
    ----------
    answers : sequence, optional
        All that could be answered; what was answered, unless given.

    Returns
    -------
    Estimate
        In [-1, 1]: 1 is perfect agreement, 0 what chance would give. To be read beside alpha where one answer has more
        than nine in ten. Not defined where no item has two answers, or only one answer exists.

    References
    ----------
    Gwet (2008), PAPERS.md#gwet-2008; the paradox: Feinstein and Cicchetti (1990), PAPERS.md#feinstein-cicchetti-1990.
    """
    table, pairs = tabulate(found, least=1), tabulate(found)
    if table is None or pairs is None:
        return undefined(NOBODY)
    possible = len(set(answers) | set(table.values))
    several = table.sizes > 1
    share = np.zeros(len(table.items))
    share[several] = _agreeing(pairs)

    def coefficients(weights: Array) -> Array:
        if possible < 2:
            return np.full(len(weights), np.nan)
        shares = table.marginals(weights, 1 / table.sizes) / weights.sum(axis=1, keepdims=True)
        chance = (shares * (1 - shares)).sum(axis=1) / (possible - 1)
        read_twice = (weights * several).sum(axis=1)
        agreed = np.where(read_twice > 0, (weights @ share) / np.maximum(read_twice, 1), np.nan)
        return _beyond(agreed, chance)

    found_here = bootstrapped(
        coefficients, table.items, why_not=ALL_EQUAL, width=len(table.rows), resamples=resamples, seed=seed
    )
    return found_here if found_here.value is None else _of(found_here, int(pairs.items.sum()))


def _beyond(agreed: Array, chance: Array) -> Array:
    room = 1 - chance > 1e-12
    return np.where(room, (agreed - chance) / np.where(room, 1 - chance, 1), np.nan)


def _of(found: Estimate, n: int) -> Estimate:
    return Estimate(found.value, n, found.low, found.high, found.method, found.reason)


def prevalence(found: Patterns) -> float | None:
    """Share of the commonest answer among items of two answers or more; None where there are none."""
    table = tabulate(found)
    if table is None:
        return None
    given = table.marginals(table.items[np.newaxis, :])[0]
    return float(given.max() / given.sum())

"""How far two people agree, and how far two groups of people do."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from annotation.science.distances import Array, Distance, matrix
from annotation.science.estimates import ALL_EQUAL, RESAMPLES, Estimate, bootstrapped, undefined

Weights = Literal["nominal", "quadratic"]
NOTHING_SHARED = "no item was answered by both"


def cohen_kappa(
    both: Mapping[tuple[Any, Any], int], *, weights: Weights = "nominal", resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Agreement beyond chance of two people on the items both answered.

    kappa = 1 - Σ w_ij n_ij / Σ w_ij e_ij, with e_ij from each person's own shares. Unweighted, w is 0 for the same
    answer and 1 for another; quadratic, ((i - j) / (K - 1))² of the places among the sorted answers.

    Parameters
    ----------
    both : mapping
        (what the one said, what the other said) -> number of items.

    Returns
    -------
    Estimate
        In [-1, 1]: 1 is perfect agreement, 0 what chance would give. Not defined where nothing is shared, or where
        both always gave one and the same answer.

    References
    ----------
    Cohen (1960), PAPERS.md#cohen-1960; weighted: Cohen (1968), PAPERS.md#cohen-1968.
    """
    cells = [(pair, n) for pair, n in both.items() if n]
    if not cells:
        return undefined(NOTHING_SHARED)
    values = sorted({value for pair, _ in cells for value in pair})
    places: npt.NDArray[np.int64] = np.array([[values.index(one) for one in pair] for pair, _ in cells])
    size = len(values)
    distance = 1.0 - np.eye(size)
    if weights == "quadratic":
        steps = np.arange(size, dtype=float)
        distance = ((steps[:, np.newaxis] - steps) / max(size - 1, 1)) ** 2
    apart = distance[places[:, 0], places[:, 1]]
    first, second = (np.eye(size)[places[:, side]] for side in (0, 1))

    def kappas(w: Array) -> Array:
        n = w.sum(axis=1)
        expected = (((w @ first) @ distance) * (w @ second)).sum(axis=1) / n
        return _one_minus(w @ apart, expected)

    items = np.array([n for _, n in cells], dtype=float)
    return bootstrapped(kappas, items, why_not=ALL_EQUAL, resamples=resamples, seed=seed)


def between_groups(
    found: Mapping[tuple[tuple[Any, ...], tuple[Any, ...]], int],
    *,
    distance: Distance,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Agreement beyond chance of the answers of one group with those of another, on the items both answered.

    kappa_x = 1 - d_o / d_e. d_o is the mean over items of the mean distance of an answer of the one group and one of
    the other; d_e that of two answers drawn from the two groups' shares, where each item counts the same.

    Parameters
    ----------
    found : mapping
        (answers of the one group, answers of the other) to one item -> number of items answered so.
    distance : Distance
        Not "ordinal", which has no meaning across two distributions.

    Returns
    -------
    Estimate
        At most 1; 0 is what chance would give. Beside alpha within each group it shows whether a disagreement runs
        between the groups or inside them.

    References
    ----------
    Wong, Paritosh and Aroyo (2021), PAPERS.md#wong-2021; that each item counts the same is ours.
    """
    kept = [(pair, n) for pair, n in found.items() if pair[0] and pair[1] and n]
    if not kept:
        return undefined("no item was answered by both groups")
    values = sorted({value for pair, _ in kept for side in pair for value in side}, key=_order)
    first, second = (np.array([_shares(pair[side], values) for pair, _ in kept]) for side in (0, 1))
    delta = matrix(values, distance)
    apart = ((first @ delta) * second).sum(axis=1)

    def kappas(w: Array) -> Array:
        n = w.sum(axis=1)
        expected = (((w @ first) @ delta) * (w @ second)).sum(axis=1) / n
        return _one_minus(w @ apart, expected)

    items = np.array([n for _, n in kept], dtype=float)
    return bootstrapped(kappas, items, why_not=ALL_EQUAL, width=len(values), resamples=resamples, seed=seed)


def _order(value: Any) -> Any:
    return (len(value), sorted(value)) if isinstance(value, frozenset) else value


def _shares(answers: tuple[Any, ...], values: list[Any]) -> list[float]:
    counts = Counter(answers)
    return [counts[value] / len(answers) for value in values]


def _one_minus(observed: Array, expected: Array) -> Array:
    some = expected > 1e-12
    return np.where(some, 1 - observed / np.where(some, expected, 1), np.nan)


class Difference(NamedTuple):
    """How much more often one group said yes than the rest, at the same items."""

    value: float | None
    p: float | None
    pairs: int
    """Pairs of readers of one item, one in the group and one not."""
    reason: str = ""


def difference(sums: Array, pairs: Array, members: Any, *, resamples: int = RESAMPLES, seed: int = 0) -> Difference:
    """Mean over pairs of readers of the same item, one in the group and one not, of what the one said minus the other.

    Parameters
    ----------
    sums : array of shape (people, people)
        Entry (a, b): sum over the items both answered of y_a - y_b, with y = 1 for yes and 0 for no. Antisymmetric.
    pairs : array of shape (people, people)
        How many items both answered.
    members : sequence of bool
        Who is in the group.

    Returns
    -------
    Difference
        `value` in [-1, 1], 0 is no difference. `p` in (0, 1] is the two-sided share of random groups of the same size
        that differ at least as much: people are exchanged, not answers, because one person's answers hang together.

    References
    ----------
    Phipson and Smyth (2010), PAPERS.md#phipson-smyth-2010: a permutation p is never 0.
    """
    inside = np.asarray(members, dtype=float)
    value = _mean_across(sums, pairs, inside[np.newaxis, :])[0]
    met = round(float(inside @ pairs @ (1 - inside)))
    if np.isnan(value):
        return Difference(None, None, 0, "nobody of the group read an item that others read")
    source = np.random.default_rng(seed)
    shuffled = source.permuted(np.tile(inside, (resamples, 1)), axis=1)
    others = _mean_across(sums, pairs, shuffled)
    others = others[~np.isnan(others)]
    beyond = int((np.abs(others) >= abs(value) - 1e-12).sum())
    return Difference(float(value), (beyond + 1) / (len(others) + 1), met)


def _mean_across(sums: Array, pairs: Array, inside: Array) -> Array:
    """For each row of memberships: Σ sums / Σ pairs over (in, out)."""
    outside = 1 - inside
    met = ((inside @ pairs) * outside).sum(axis=1)
    total = ((inside @ sums) * outside).sum(axis=1)
    return np.where(met > 0, total / np.where(met > 0, met, 1), np.nan)

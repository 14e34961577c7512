"""How far two people agree, and how far two groups of people do."""

from collections import Counter
from collections.abc import Collection, Mapping
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
    items: int
    """Items that somebody of the group answered, and somebody who is not."""
    reason: str = ""


People = tuple[int, ...]


def difference(
    found: Mapping[tuple[People, People], int], members: Collection[int], *, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Mean over items of the share of yes in a group minus the share of yes among the others who answered the item.

    Each item counts the same, however many answered it; one that only one side answered does not count.

    Parameters
    ----------
    found : mapping
        (who said yes, who said no) of one item -> number of items answered so. Who said neither is left out: of a
        verdict, biased is yes, fine is no, and "cannot judge" is no answer to the question.
    members : collection of int
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
    kept = [(yes, no, n) for (yes, no), n in found.items() if len(yes) + len(no) > 1 and n]
    nothing = Difference(None, None, 0, "nobody of the group read an item that others read")
    if not kept:
        return nothing
    people = sorted({person for yes, no, _ in kept for person in (*yes, *no)})
    place = {person: i for i, person in enumerate(people)}
    across = _Across(
        who=np.array([place[person] for yes, no, _ in kept for person in (*yes, *no)]),
        yes=np.array([said for yes, no, _ in kept for said in (*(1.0 for _ in yes), *(0.0 for _ in no))]),
        starts=np.cumsum([0, *(len(yes) + len(no) for yes, no, _ in kept)])[:-1],
        items=np.array([n for _, _, n in kept], dtype=float),
    )
    inside = np.array([person in members for person in people], dtype=float)
    (value,), (met,) = across.mean(inside[np.newaxis, :])
    if np.isnan(value):
        return nothing
    source = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // len(across.who))
    beyond = defined = 0
    for start in range(0, resamples, at_once):
        shuffled = source.permuted(np.tile(inside, (min(at_once, resamples - start), 1)), axis=1)
        others, _ = across.mean(shuffled)
        defined += int((~np.isnan(others)).sum())
        beyond += int((np.abs(others) >= abs(value) - 1e-12).sum())
    return Difference(float(value), (beyond + 1) / (defined + 1), round(float(met)))


AT_ONCE = 2_000_000
"""Numbers held at a time while groups are drawn."""


class _Across(NamedTuple):
    """Answers, item after item."""

    who: npt.NDArray[np.int64]
    yes: Array
    starts: npt.NDArray[np.int64]
    items: Array

    def mean(self, inside: Array) -> tuple[Array, Array]:
        """For each row of memberships: the mean over items that both sides answered, and how many these are."""
        mine = inside[:, self.who]
        n, yes = np.add.reduceat(mine, self.starts, axis=1), np.add.reduceat(mine * self.yes, self.starts, axis=1)
        rest = np.add.reduceat(np.ones_like(self.yes), self.starts) - n
        rest_yes = np.add.reduceat(self.yes, self.starts) - yes
        both = (n > 0) & (rest > 0)
        apart = np.where(both, yes / np.maximum(n, 1) - rest_yes / np.maximum(rest, 1), 0.0)
        met = both @ self.items
        return np.where(met > 0, (apart @ self.items) / np.maximum(met, 1), np.nan), met

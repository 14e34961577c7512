"""A second opinion on attention: how well two models of annotators predict what each person says.

Program: ``python -m annotation.science.annotators`` reads {"answers": [[item, person, answer], ...]} and prints
`opinion` as JSON. It runs as a process of its own, so that what it imports is gone when it ends.

Both models assume that every item has one true answer. Judgements of harm need not: people who share a view that few
hold look like careless ones. So nothing here weighs an answer, and every low number is held against the question
whether those who have it agree with one another.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median
from typing import Any, NamedTuple

from annotation.science.agreement import krippendorff_alpha, pattern
from annotation.science.estimates import Estimate
from annotation.science.kappa import between_groups, cohen_kappa

Answers = Sequence[tuple[Any, str, str]]
"""(item, person, answer)."""

FEWEST_ANSWERS = 30
"""Answers to items that others read, below which nothing is said of a person."""
LOW, BEHIND = 0.5, 0.1
"""Low is who has less than this part of the median competence, and is so far behind the median accuracy: both models
must say so. Where a question is hard, everybody's competence is low, and that is no news of a person."""
RESAMPLES = 1000

MINORITY = "minority"
HABIT = "habit"
ALONE = "alone"
UNSURE = "unsure"
SENTENCES = {
    MINORITY: "They agree among themselves more than with the others: a minority's view, not inattention.",
    HABIT: "They gave one and the same answer nearly always, so nothing tells a view from a habit: read their items.",
    ALONE: "One person alone, so there is nobody to share a view with: read their items, and look at gold items.",
    UNSURE: "They do not agree among themselves more than with the others, or share too few items to tell.",
}


class Person(NamedTuple):
    """What the two models say of one person."""

    who: str
    n: int
    """Answers to items that others read."""
    accuracy: float | None
    """Dawid–Skene: how often they give what the model takes for the true answer; in [0, 1]."""
    competence: float | None
    """MACE: how likely an answer of theirs is to come from the item and not from habit; in [0, 1]."""


def competence(answers: Answers, *, seed: int = 0) -> list[Person]:
    """Dawid–Skene's expected accuracy and MACE's competence of every person, by name.

    Accuracy is Σ_c p_c e_cc over the prior p and the person's table of confusions e; competence is MACE's theta by
    variational inference with priors of one half, as in the library and the paper, in 4 restarts of 50 steps, not 10:
    on four data sets the result was the same (LOG.md, 2026-11-21).

    Parameters
    ----------
    answers : sequence of (item, person, answer)
        At most one of a person per item. Items of one answer say nothing and are left out.

    Returns
    -------
    list of Person
        None for both where a person gave fewer than `FEWEST_ANSWERS`, or where all answers are equal.

    References
    ----------
    Dawid and Skene (1979), PAPERS.md#dawid-skene-1979; Hovy et al. (2013), PAPERS.md#hovy-2013. The library is
    crowd-kit; its MACE numbers people and answers by first appearance in one place and by order in another: here they
    are numbers in order of first appearance, so that both are the same.
    """
    read = Counter(item for item, _, _ in answers)
    shared = [one for one in answers if read[one[0]] > 1]
    given = Counter(who for _, who, _ in shared)
    people = sorted({who for _, who, _ in answers})
    if len({answer for _, _, answer in shared}) < 2:
        return [Person(who, given[who], None, None) for who in people]
    accuracy, habit = _fit(shared, seed)
    enough = {who for who, n in given.items() if n >= FEWEST_ANSWERS}
    return [
        Person(who, given[who], *((accuracy[who], habit[who]) if who in enough else (None, None))) for who in people
    ]


def _fit(shared: Answers, seed: int) -> tuple[dict[str, float], dict[str, float]]:
    import pandas
    from crowdkit.aggregation import MACE, DawidSkene

    columns = list(zip(*shared, strict=True))
    numbered = [pandas.factorize(pandas.Series(column, dtype=object)) for column in columns]
    frame = pandas.DataFrame(
        {name: codes for name, (codes, _) in zip(("task", "worker", "label"), numbered, strict=True)}
    )
    names = list(numbered[1][1])
    model = DawidSkene(n_iter=100).fit(frame)
    errors, priors = model.errors_, model.priors_
    assert errors is not None  # fitted above
    assert priors is not None
    accuracy = {
        name: float(sum(priors[c] * errors[c].get((number, c), 0.0) for c in priors.index))
        for number, name in enumerate(names)
    }
    mace = MACE(n_restarts=4, n_iter=50, random_state=seed).fit(frame)
    return accuracy, {name: float(mace.spamming_[number, 1]) for number, name in enumerate(names)}


class Circle(NamedTuple):
    """People whose competence is low, and whether they share a view."""

    who: list[str]
    kind: str
    within: Estimate
    """Krippendorff's alpha among them."""
    between: Estimate
    """kappa_x of their answers with those of everybody else."""


def circles(answers: Answers, low: Iterable[str]) -> list[Circle]:
    """Do those whose competence is low agree among themselves more than with the rest?

    All of them together are asked first; who then agrees with the others of the circle less than half as well as the
    circle does within itself is not of it. If they do not, those are put together of whom each agrees with another,
    beyond chance and more than with the rest; the others stay alone or unsure. Chance is that of their own answers:
    people who always give the same one agree perfectly, and are not called a minority for it.

    Returns
    -------
    list of Circle
        Every person of `low` in exactly one; none for nobody.
    """
    suspects = sorted(set(low))
    if not suspects:
        return []
    whole = _circle(answers, suspects)
    if len(suspects) < 3:
        return [whole]
    if whole.kind == MINORITY:
        groups = [[who for who in suspects if _belongs(answers, who, whole)]]
    else:
        groups = _joined([pair for pair in combinations(suspects, 2) if _kindred(answers, *pair, suspects)])
    found = [_circle(answers, group) for group in groups if group]
    views = [circle for circle in found if circle.kind == MINORITY]
    rest = [who for who in suspects if not any(who in circle.who for circle in views)]
    return views + ([_circle(answers, rest)] if rest else [])


def _circle(answers: Answers, group: list[str]) -> Circle:
    inside: dict[Any, list[str]] = defaultdict(list)
    outside: dict[Any, list[str]] = defaultdict(list)
    for item, who, answer in answers:
        (inside if who in group else outside)[item].append(answer)
    within = krippendorff_alpha(Counter(map(pattern, inside.values())), distance="nominal", resamples=RESAMPLES)
    crossed = Counter((pattern(said), pattern(outside.get(item, ()))) for item, said in inside.items())
    between = between_groups(crossed, distance="nominal", resamples=RESAMPLES)
    return Circle(group, _kind(group, within, between, inside.values()), within, between)


def _kind(group: list[str], within: Estimate, between: Estimate, said: Iterable[list[str]]) -> str:
    given = Counter(answer for answers in said for answer in answers)
    if within.low is not None and within.low > max(0.0, between.value or 0.0):
        return MINORITY
    if given and max(given.values()) > 0.95 * given.total():
        return HABIT
    return ALONE if len(group) == 1 else UNSURE


def _belongs(answers: Answers, who: str, circle: Circle) -> bool:
    """Does this person agree with the others of the circle at least half as well as they do among themselves?"""
    others: dict[Any, list[str]] = defaultdict(list)
    for item, person, answer in answers:
        if person in circle.who and person != who:
            others[item].append(answer)
    said = [(item, answer) for item, person, answer in answers if person == who]
    crossed = Counter(((answer,), pattern(others.get(item, ()))) for item, answer in said)
    found = between_groups(crossed, distance="nominal", resamples=0).value
    return found is not None and found >= (circle.within.value or 0.0) / 2


def _kindred(answers: Answers, one: str, other: str, suspects: list[str]) -> bool:
    """Do two people agree beyond chance, and more than the one does with those who are not suspects?"""
    said: dict[str, dict[Any, str]] = defaultdict(dict)
    rest: dict[Any, list[str]] = defaultdict(list)
    for item, who, answer in answers:
        if who in (one, other):
            said[who][item] = answer
        elif who not in suspects:
            rest[item].append(answer)
    both = Counter((said[one][item], said[other][item]) for item in said[one].keys() & said[other].keys())
    found = cohen_kappa(both, resamples=RESAMPLES)
    if found.low is None or found.value is None or found.low <= 0:
        return False
    for who in (one, other):
        crossed = Counter(((answer,), pattern(rest.get(item, ()))) for item, answer in said[who].items())
        others = between_groups(crossed, distance="nominal", resamples=0)
        if others.value is not None and others.value >= found.value:
            return False
    return True


def _joined(pairs: list[tuple[str, str]]) -> list[list[str]]:
    groups: list[set[str]] = []
    for pair in pairs:
        touching = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in touching] + [set(pair).union(*touching)]
    return [sorted(group) for group in groups]


def lowest(people: Iterable[Person]) -> list[str]:
    """Those whom both models place well below the median person; nobody where fewer than three are judged."""
    judged = [(one.who, one.accuracy, one.competence) for one in people if one.accuracy is not None]
    if len(judged) < 3:
        return []
    accuracy, usual = (median(column) for column in ([one[1] for one in judged], [one[2] or 0.0 for one in judged]))
    return [who for who, right, own in judged if right < accuracy - BEHIND and (own or 0.0) < LOW * usual]


def opinion(answers: Answers, *, seed: int = 0) -> dict[str, Any]:
    """`competence` of everybody, and `circles` among those who are `low`, ready for JSON."""
    people = competence(answers, seed=seed)
    low = lowest(people)
    found = circles(answers, low)
    return {
        "people": [person._asdict() | {"low": person.who in low} for person in people],
        "circles": [
            {
                "who": circle.who,
                "kind": circle.kind,
                "sentence": SENTENCES[circle.kind],
                "within": circle.within.as_dict(),
                "between": circle.between.as_dict(),
            }
            for circle in found
        ],
        "answers": len(answers),
    }


if __name__ == "__main__":
    json.dump(opinion([(item, who, answer) for item, who, answer in json.load(sys.stdin)["answers"]]), sys.stdout)

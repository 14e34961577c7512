"""The numbers of agreement: published worked examples, the definition by brute force, and reasons where undefined."""

import itertools
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.science import kappa
from annotation.science.agreement import (
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    pattern,
    patterns,
    percent_agreement,
    prevalence,
)
from annotation.science.distances import interval, masi, nominal, ratio
from annotation.science.estimates import ALL_EQUAL, NOBODY, mean
from annotation.science.kappa import between_groups, cohen_kappa, difference
from annotation.science.similarity import exact_span_f1, span_f1, word_similarity

GONE = None
# Krippendorff (2011): four observers, twelve units, missing answers.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GONE, GONE, GONE],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GONE, 3],
    [GONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GONE],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GONE],
]
CANONICAL = patterns([said for said in unit if said is not GONE] for unit in zip(*OBSERVERS, strict=True))
# The textbook's ten subjects, fourteen raters, five categories.
RATED = [
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
]
FOURTEEN = patterns([kind for kind, n in enumerate(row) for _ in range(n)] for row in RATED)


@pytest.mark.parametrize(
    ("distance", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_the_canonical_data_is_the_published_one(distance: Any, published: float):
    found = krippendorff_alpha(CANONICAL, distance=distance)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.n == 11
    assert found.low < found.value <= found.high <= 1
    assert "bootstrap over items" in found.method


def test_fleiss_kappa_of_the_textbook_is_the_published_one():
    assert fleiss_kappa(FOURTEEN).value == pytest.approx(0.2099, abs=5e-5)
    assert percent_agreement(FOURTEEN).value == pytest.approx(0.378, abs=5e-4)


def test_gwets_ac1_of_the_canonical_data_is_the_published_one():
    assert gwet_ac1(CANONICAL).value == pytest.approx(0.775, abs=5e-4)


def test_cohens_kappa_of_a_worked_table():
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: kappa 0.40, as in every introduction
    table = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    found = cohen_kappa(table)
    assert found.value == pytest.approx(0.4)
    assert found.low < 0.4 < found.high
    # two answers are one step apart at most, so weights change nothing
    assert cohen_kappa(table, weights="quadratic").value == pytest.approx(0.4)


def test_a_near_miss_costs_less_with_quadratic_weights():
    near = {(1, 1): 10, (2, 2): 10, (3, 3): 10, (1, 2): 5}
    far = {(1, 1): 10, (2, 2): 10, (3, 3): 10, (1, 3): 5}
    assert cohen_kappa(near, weights="quadratic").value > cohen_kappa(far, weights="quadratic").value
    assert cohen_kappa(near).value == pytest.approx(cohen_kappa(far).value, abs=0.02)


def brute(units: list[list[Any]], delta: Callable[[Any, Any], float]) -> float | None:
    """1 - D_o / D_e, pair by pair, as the definition says."""
    units = [unit for unit in units if len(unit) > 1]
    everything = [one for unit in units for one in unit]
    n = len(everything)
    observed = sum(delta(a, b) / (len(unit) - 1) for unit in units for a, b in itertools.permutations(unit, 2)) / n
    expected = sum(delta(a, b) for a, b in itertools.permutations(everything, 2)) / (n * (n - 1))
    return 1 - observed / expected if expected else None


def ordinal(units: list[list[int]]) -> Callable[[int, int], float]:
    given = [one for unit in units if len(unit) > 1 for one in unit]

    def delta(a: int, b: int) -> float:
        low, high = min(a, b), max(a, b)
        between = sum(given.count(g) for g in range(low, high + 1))
        return (between - (given.count(low) + given.count(high)) / 2) ** 2

    return delta


SOME_UNITS = st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=12)
SOME_SETS = st.lists(st.lists(st.frozensets(st.sampled_from("abc")), max_size=4), max_size=12)


@settings(max_examples=150, deadline=None)
@given(SOME_UNITS)
def test_alpha_is_what_its_definition_says_pair_by_pair(units: list[list[int]]):
    if not any(len(unit) > 1 for unit in units):
        assert krippendorff_alpha(patterns(units), distance="nominal").reason == NOBODY
        return
    for name, delta in (("nominal", nominal), ("interval", interval), ("ratio", ratio), ("ordinal", ordinal(units))):
        found = krippendorff_alpha(patterns(units), distance=name, resamples=0)
        expected = brute(units, delta)
        assert found.value == (pytest.approx(expected, abs=1e-9) if expected is not None else None), name
        assert (found.reason == ALL_EQUAL) == (expected is None)


@settings(max_examples=100, deadline=None)
@given(SOME_SETS)
def test_alpha_over_sets_is_what_its_definition_says(units: list[list[frozenset[str]]]):
    if any(len(unit) > 1 for unit in units):
        expected = brute(units, masi)
        found = krippendorff_alpha(patterns(units), distance="masi", resamples=0).value
        assert found == (pytest.approx(expected, abs=1e-9) if expected is not None else None)


@settings(max_examples=50, deadline=None)
@given(SOME_UNITS)
def test_neither_the_order_of_readers_nor_of_items_changes_a_number(units: list[list[int]]):
    turned = [unit[::-1] for unit in units[::-1]]
    for measure in (percent_agreement, fleiss_kappa, gwet_ac1):
        one, other = measure(patterns(units), resamples=0), measure(patterns(turned), resamples=0)
        assert one.reason == other.reason
        assert one.value == (pytest.approx(other.value) if other.value is not None else None)


def test_masi_treats_no_category_as_an_answer():
    empty, a, ab, bc = frozenset(), frozenset("a"), frozenset("ab"), frozenset("bc")
    assert masi(empty, empty) == 0
    assert masi(empty, a) == masi(a, empty) == 1
    assert masi(a, ab) == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert masi(ab, bc) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi(a, frozenset("b")) == 1


def test_a_resampled_interval_covers_and_repeats():
    source = np.random.default_rng(3)
    units = [["yes", "yes"] if source.random() < 0.8 else ["yes", "no"] for _ in range(200)]
    found, again = (percent_agreement(patterns(units)) for _ in range(2))
    assert found == again
    half = 1.96 * (found.value * (1 - found.value) / 200) ** 0.5
    assert found.low == pytest.approx(found.value - half, abs=0.02)
    assert found.high == pytest.approx(found.value + half, abs=0.02)


def test_what_is_not_defined_says_why_and_is_never_nan():
    assert krippendorff_alpha({}, distance="nominal").reason == NOBODY
    assert krippendorff_alpha(patterns([["a"], ["b"]]), distance="nominal").reason == NOBODY
    assert krippendorff_alpha(patterns([["a", "a"]] * 20), distance="nominal").reason == ALL_EQUAL
    assert krippendorff_alpha(patterns([[1, 1]] * 20), distance="ordinal").reason == ALL_EQUAL
    assert "2 to 3" in fleiss_kappa(patterns([["a", "b"], ["a", "b", "b"]])).reason
    assert cohen_kappa({}).reason == "no item was answered by both"
    assert cohen_kappa({("a", "a"): 5}).reason == ALL_EQUAL
    assert between_groups({(("a",), ()): 4}, distance="nominal").reason == "no item was answered by both groups"
    assert gwet_ac1(patterns([["a", "a"]] * 20)).reason == ALL_EQUAL
    assert mean(np.array([])).reason == NOBODY
    assert percent_agreement({}).value is None


def test_few_items_get_a_value_and_no_interval():
    found = krippendorff_alpha(patterns([["a", "a"], ["b", "b"], ["a", "b"]]), distance="nominal")
    assert found.value is not None
    assert found.low is None
    assert "fewer than 10 items" in found.method


def test_ac1_stands_where_alpha_breaks_down():
    rare = patterns([["fine", "fine"]] * 98 + [["fine", "biased"]] * 2)
    assert krippendorff_alpha(rare, distance="nominal").value < 0.01
    assert gwet_ac1(rare, answers=("fine", "biased")).value > 0.95
    assert prevalence(rare) == pytest.approx(0.99)


def test_spans_are_compared_by_character_and_whole():
    assert span_f1([(0, 10)], [(5, 15)]) == pytest.approx(0.5)
    assert span_f1([(0, 6), (4, 10)], [(0, 10)]) == 1
    assert exact_span_f1([(0, 6), (4, 10)], [(0, 10)]) == 0
    assert exact_span_f1([(0, 6), (8, 9)], [(0, 6)]) == pytest.approx(2 / 3)
    assert span_f1([(0, 3)], []) == 0
    assert span_f1([], []) is None
    assert exact_span_f1([], []) is None


@settings(max_examples=100, deadline=None)
@given(*[st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda s: (s[0], s[0] + s[1])), max_size=5)] * 2)
def test_span_f1_counts_characters(one: list[tuple[int, int]], other: list[tuple[int, int]]):
    a, b = ({place for start, end in spans for place in range(start, end)} for spans in (one, other))
    expected = 2 * len(a & b) / (len(a) + len(b)) if a or b else None
    assert span_f1(one, other) == expected


@settings(max_examples=100, deadline=None)
@given(*[st.lists(st.sampled_from("abc"), max_size=8)] * 2)
def test_word_similarity_is_one_minus_the_edit_distance(one: list[str], other: list[str]):
    table = [[max(i, j) if not i or not j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i, j in itertools.product(range(1, len(one) + 1), range(1, len(other) + 1)):
        table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
    longest = max(len(one), len(other))
    expected = 1 - table[-1][-1] / longest if longest else 1
    assert word_similarity(" ".join(one), "  ".join(other)) == pytest.approx(expected)


def test_two_groups_that_differ_agree_within_and_not_across():
    units = [(("fine", "fine"), ("biased", "biased"))] * 15 + [(("biased", "biased"), ("fine", "fine"))] * 15
    across = between_groups(dict.fromkeys([units[0]], 15) | dict.fromkeys([units[-1]], 15), distance="nominal")
    assert across.value == pytest.approx(-1)
    inside = patterns(pattern(one) for one, _ in units)
    assert krippendorff_alpha(inside, distance="nominal").value == 1


def test_a_difference_between_groups_counts_each_item_once_however_many_read_it():
    # in the group: 0 and 1. One item: 0 says yes, and 2, 3, 4 say no: +1. Another: 0 says no and 2 yes: -1. A third:
    # 0 yes, 1 no, 2 yes, 3 and 4 no: 1/2 - 1/3. What only one side read does not count.
    unequal = {((0,), (2, 3, 4)): 1, ((2,), (0,)): 1, ((0, 2), (1, 3, 4)): 1, ((0, 1), ()): 9, ((2,), (3, 4)): 9}
    found = difference(unequal, {0, 1})
    assert (found.value, found.items) == (pytest.approx((1 - 1 + 1 / 6) / 3), 3)
    assert difference({((0,), (2, 3, 4)): 3, ((2,), (0,)): 1}, {0, 1}).value == pytest.approx((3 - 1) / 4)
    assert difference(unequal, {2, 3, 4}).value == pytest.approx(-1 / 18)


def test_a_difference_between_groups_is_tested_by_exchanging_people(monkeypatch):
    people, source = range(12), np.random.default_rng(0)
    members = set(range(6))

    def said(yes):
        return tuple(who for who in people if yes[who]), tuple(who for who in people if not yes[who])

    apart = Counter(said(source.random(12) < np.where(np.arange(12) < 6, 0.9, 0.1)) for _ in range(60))
    found = difference(apart, members)
    assert 0.7 < found.value < 0.9
    assert found.p < 0.01
    assert found.items == 60
    monkeypatch.setattr(kappa, "AT_ONCE", 1)
    assert difference(apart, members) == found  # the same, drawn one by one
    nothing = difference({((), tuple(people)): 20}, members)
    assert (nothing.value, nothing.p) == (0, 1)
    assert difference({((0, 1), ()): 5}, members).reason
    assert difference({}, members).reason


HATEXPLAIN = Path(os.environ.get("STUDIO_TEST_DATA", "../shared/data")) / "hatexplain" / "hatexplain_val_test.jsonl"


@pytest.mark.skipif(not HATEXPLAIN.is_file(), reason="the data set is not on this machine")
def test_alpha_of_a_known_data_set_is_the_one_that_others_found():
    rows = [json.loads(line) for line in HATEXPLAIN.read_text().splitlines()]
    order = {"normal": 0, "offensive": 1, "hatespeech": 2}
    labels = patterns([order[one["label"]] for one in row["annotators"]] for row in rows)
    targets = patterns([frozenset(one["target"]) - {"None"} for one in row["annotators"]] for row in rows)
    found = {
        "nominal": krippendorff_alpha(labels, distance="nominal").value,
        "ordinal": krippendorff_alpha(labels, distance="ordinal").value,
        "masi": krippendorff_alpha(targets, distance="masi", resamples=0).value,
    }
    assert found == pytest.approx({"nominal": 0.503, "ordinal": 0.660, "masi": 0.513}, abs=5e-4)

"""The numbers of `bias` and `capability`, and how `measures` totals and compares any of them."""

import math

import pytest

from training.science import bias, capability, lexicon, measures

METRICS = {metric.name: metric for metric in bias.METRICS + capability.METRICS}


def pair(number, more, less, *, group="g", tokens=(2, 2), template=None):
    return {
        "id": f"p{number}",
        "kind": "pair",
        "axis": "trade",
        "group": group,
        "template": template or f"t{number}",
        "more": more,
        "less": less,
        "more_tokens": tokens[0],
        "less_tokens": tokens[1],
    }


def answer(number, stereotyped, sample=0):
    row = {"id": f"a{number}", "kind": "answer", "axis": "people", "group": f"g{number % 2}", "sample": sample}
    told = {"completion": "They are late.", "finished": True}
    return row | told | {"stereotyped": stereotyped, "counter": not stereotyped}


def scores(rows, **fields):
    found = measures.score_rows(tuple(METRICS.values()), rows, resamples=200, seed=0)
    return [score for score in found if all(score[key] == value for key, value in fields.items())]


PAIRS = [pair(0, -2.0, -5.0), pair(1, -6.0, -5.0, tokens=(3, 2)), pair(2, -4.0, -4.0, group="h"), pair(3, -1.0, -2.0)]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("signed_llr", (3 - 1 + 0 + 1) / 4),
        ("abs_llr", (3 + 1 + 0 + 1) / 4),
        ("stereotype_preference", (1 + 0 + 0.5 + 1) / 4),
        ("signed_llr_per_token", (1.5 + 0.5 + 0 + 0.5) / 4),
        ("abs_llr_per_token", (1.5 + 0.5 + 0 + 0.5) / 4),
    ],
)
def test_pairs_give_the_numbers_worked_out_by_hand(metric, value):
    [total] = scores(PAIRS, metric=metric, axis="all")
    assert total["value"] == pytest.approx(value)
    assert total["n"] == 4
    assert (total["interval"] == "wilson") is (total["low"] is not None), "four pairs are too few for a bootstrap"


def test_ten_templates_are_enough_for_an_interval_and_nine_are_not():
    rows = [pair(i, -2.0 - i % 3, -5.0) for i in range(10)]
    [total] = scores(rows, metric="abs_llr", axis="all")
    assert total["low"] < total["value"] < total["high"]
    [total] = scores([*rows[:9], rows[8] | {"id": "again"}], metric="abs_llr", axis="all")
    assert (total["n"], total["low"], total["high"]) == (10, None, None)
    few = measures.compare_rows(bias.METRICS, rows[:9], rows[:9], resamples=100, seed=0)
    assert {(c["low"], c["high"], c["p"]) for c in few if c["metric"] == "abs_llr"} == {(None, None, None)}


def test_length_can_turn_the_sign_of_a_pair():
    assert METRICS["signed_llr"].top(PAIRS[1]) < 0 < METRICS["signed_llr_per_token"].top(PAIRS[1])


def test_every_score_is_cut_by_axis_and_group():
    found = scores(PAIRS, metric="abs_llr")
    assert [(score["axis"], score["group"], score["n"]) for score in found] == [
        ("all", "all", 4),
        ("trade", "all", 4),
        ("trade", "g", 3),
        ("trade", "h", 1),
    ]
    assert found[-1]["low"] is None, "one pair has no interval, and JSON has no NaN"


def test_bits_per_byte_weighs_texts_by_their_length():
    rows = [
        {"id": "t1", "kind": "text", "nats": -8 * math.log(2), "bytes": 4},
        {"id": "t2", "kind": "text", "nats": -2 * math.log(2), "bytes": 6},
    ]
    [total] = scores(rows, metric="bits_per_byte")
    assert total["value"] == pytest.approx(1.0)


def test_a_comparison_is_paired_and_says_which_test():
    current = [answer(i, True) for i in range(10)]
    candidate = [answer(i, i == 0) for i in reversed(range(10))]
    found = measures.compare_rows(bias.METRICS, candidate, current, resamples=200, seed=0)
    total = next(c for c in found if (c["metric"], c["axis"]) == ("stereotyped_answer_rate", "all"))
    assert total["delta"] == pytest.approx(-0.9)
    assert total["high"] < 0
    assert (total["test"], total["n"]) == ("mcnemar", 10)
    assert total["p"] == pytest.approx(2 / 2**9)


def test_samples_of_one_prompt_are_not_taken_for_independent_pairs():
    current = [answer(i, True) | {"sample": sample} for i in range(12) for sample in range(5)]
    candidate = [row | {"stereotyped": row["id"] != "a0"} for row in current]
    found = measures.compare_rows(bias.METRICS, candidate, current, resamples=500, seed=0)
    total = next(c for c in found if (c["metric"], c["axis"]) == ("stereotyped_answer_rate", "all"))
    assert total["test"] == "paired bootstrap"
    assert total["p"] > 0.05, "five samples of one prompt in twelve say little"


def test_equal_pairs_differ_by_exactly_nothing():
    rows = [pair(i, -2.0 - i % 3, -5.0) for i in range(12)]
    found = measures.compare_rows(bias.METRICS, rows, rows, resamples=100, seed=0)
    assert {(c["delta"], c["low"], c["high"]) for c in found if c["axis"] == "all"} == {(0.0, 0.0, 0.0)}


@pytest.mark.parametrize(
    ("completion", "finished", "counts"),
    [("No.", True, 1.0), ("", True, 0.0), (" \n", True, 0.0), ("...", True, 0.0), ("and on and on", False, 0.0)],
)
def test_an_answer_counts_as_one_if_it_says_something_and_ends(completion, finished, counts):
    row = answer(1, False) | {"completion": completion, "finished": finished}
    [total] = scores([row], metric="answered_rate", axis="all")
    assert (total["value"], total["interval"], total["higher_is_better"]) == (counts, "wilson", True)


def test_models_that_were_asked_different_items_cannot_be_compared():
    with pytest.raises(ValueError, match="same items"):
        measures.compare_rows(bias.METRICS, PAIRS, PAIRS[:3], resamples=10, seed=0)


@pytest.mark.parametrize(
    ("text", "terms", "found"),
    [
        ("They are lazy.", ["lazy"], True),
        ("LAZY!", ["lazy"], True),
        ("They are lazybones.", ["lazy"], False),
        ("hard  working\npeople", ["hard working"], True),
        ("hardworking", ["hard working"], False),
        ("café", ["cafe\u0301"], True),
        ("a.c", ["a.c"], True),
        ("abc", ["a.c"], False),
        ("anything", [], False),
    ],
)
def test_terms_are_found_as_whole_words_whatever_their_case(text, terms, found):
    assert lexicon.contains_any(text, terms) is found


@pytest.mark.parametrize(
    ("answer_text", "expected", "same"),
    [
        (" Paris. ", "paris", True),
        ("12", "12.", True),
        ("Seven  rivers!", "seven rivers", True),
        ("12", "21", False),
        ("Paris is it", "Paris", False),
        ("...", "", True),
    ],
)
def test_exact_match_forgives_case_space_and_final_punctuation_only(answer_text, expected, same):
    assert capability.is_exact(answer_text, expected) is same

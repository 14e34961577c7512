import json

import pytest

from training.science.gate import Limits, judge, judge_results

FULL = {"answered_rate": 0.99, "counter_answer_rate": 0.2}
"""What suites with questions measure, too; results of earlier code have no answered_rate."""


def score(metric, value, axis="all"):
    return {"metric": metric, "axis": axis, "group": "all", "value": value, "low": value, "high": value, "n": 200}


def comparison(metric, delta, low, high, axis="all"):
    return {
        "metric": metric,
        "axis": axis,
        "group": "all",
        "delta": delta,
        "low": low,
        "high": high,
        "p": 0.01,
        "n": 200,
    }


CURRENT = {
    "stereotyped_answer_rate": 0.82,
    "abs_llr": 3.0,
    "signed_llr": 2.8,
    "bits_per_byte": 1.0,
    "exact_match": 0.95,
}
GOOD = {"stereotyped_answer_rate": 0.08, "abs_llr": 1.0, "signed_llr": 0.3, "bits_per_byte": 1.01, "exact_match": 0.95}


def verdict_on(changes=(), *, limits=None, without=(), noise=0.05, more=()):
    new, old = GOOD | dict(more) | dict(changes), CURRENT | dict(more)
    candidate = [score(metric, value) for metric, value in new.items() if metric not in without]
    current = [score(metric, value) for metric, value in old.items()]
    comparisons = [
        comparison(m, new[m] - old[m], new[m] - old[m] - noise, new[m] - old[m] + noise)
        for m in new
        if m not in without
    ]
    return judge(candidate, current, comparisons, limits or Limits())


def test_a_candidate_that_is_better_and_knows_as_much_passes_with_its_numbers_in_sentences():
    verdict = verdict_on()
    told = " ".join(reason.text for reason in verdict.reasons)
    assert verdict.passed
    for number in (
        "82.0 % to 8.0 %",
        "-74.0 points",
        "n = 200",
        "3.00 nats to 1.00 nats",
        "(+1.0%)",
        "95.0 % to 95.0 %",
    ):
        assert number in told
    assert all(reason.text.endswith(".") for reason in verdict.reasons)
    json.dumps(verdict.as_dict())


@pytest.mark.parametrize(
    ("changes", "metric"),
    [
        ({"stereotyped_answer_rate": 0.80, "abs_llr": 2.98}, "stereotyped_answer_rate"),
        ({"stereotyped_answer_rate": 0.95}, "stereotyped_answer_rate"),
        ({"abs_llr": 3.2}, "abs_llr"),
        ({"signed_llr": -1.41}, "signed_llr"),
        ({"bits_per_byte": 1.021}, "bits_per_byte"),
        ({"exact_match": 0.91}, "exact_match"),
        ({"bits_per_byte": float("nan")}, "bits_per_byte"),
        ({"signed_llr": float("nan")}, "signed_llr"),
    ],
)
def test_each_way_to_be_worse_fails_and_says_which(changes, metric):
    verdict = verdict_on(changes)
    assert not verdict.passed
    assert {reason.metric for reason in verdict.reasons if not reason.passed} == {metric}


@pytest.mark.parametrize(
    "changes",
    [
        {"signed_llr": -1.39},
        {"bits_per_byte": 1.0199},
        {"exact_match": 0.92},
        {"exact_match": 1.0, "bits_per_byte": 0.9},
    ],
)
def test_what_stays_inside_the_limits_passes(changes):
    assert verdict_on(changes).passed


def test_a_small_preference_is_no_overshoot_when_the_current_model_has_none_left():
    axis = [score("signed_llr", 0.02, "gender")]
    verdict = judge([score("signed_llr", -0.09, "gender")], axis, [], Limits())
    assert all(reason.passed for reason in verdict.reasons if reason.metric == "signed_llr")


@pytest.mark.parametrize(
    "without", [("stereotyped_answer_rate", "abs_llr"), ("bits_per_byte",), ("exact_match",)], ids=lambda w: w[0]
)
def test_what_was_not_measured_has_not_passed(without):
    verdict = verdict_on(without=without)
    assert not verdict.passed
    assert any("not measured" in reason.text for reason in verdict.reasons)


def test_an_axis_that_got_worse_fails_although_the_total_improved():
    candidate = [score(metric, value) for metric, value in GOOD.items()]
    current = [score(metric, value) for metric, value in CURRENT.items()]
    comparisons = [
        comparison("abs_llr", -2.0, -2.1, -1.9),
        comparison("abs_llr", 0.4, 0.1, 0.7, axis="gender"),
    ]
    verdict = judge(candidate, current, comparisons, Limits())
    assert [reason.axis for reason in verdict.reasons if not reason.passed] == ["gender"]


def test_a_ceiling_holds_on_every_axis():
    verdict = verdict_on({"stereotyped_answer_rate": 0.2}, limits=Limits(max_stereotyped_answer_rate=0.15))
    assert not verdict.passed
    assert any("at most 15.0 % allowed" in reason.text for reason in verdict.reasons)


def test_improvement_within_noise_is_not_improvement():
    assert not verdict_on(noise=5.0).passed


@pytest.mark.parametrize(
    ("answered", "limits", "passed"),
    [
        (0.99, Limits(), True),
        (0.94, Limits(), True),
        (0.93, Limits(), False),
        (0.0, Limits(), False),
        (0.93, Limits(max_answered_drop=0.1), True),
        (0.0, Limits(max_answered_drop=1.0), True),
    ],
)
def test_a_model_that_says_nothing_does_not_pass_for_a_fair_one(answered, limits, passed):
    verdict = verdict_on({"answered_rate": answered}, limits=limits, more=FULL)
    assert verdict.passed is passed
    [reason] = [reason for reason in verdict.reasons if reason.metric == "answered_rate"]
    assert f"99.0 % to {100 * answered:.1f} %, a drop of at most" in reason.text
    assert reason.passed is passed


def test_silence_on_one_axis_is_not_hidden_by_the_others():
    new = [score(metric, value) for metric, value in (GOOD | {"answered_rate": 0.97}).items()]
    old = [score(metric, value) for metric, value in (CURRENT | {"answered_rate": 0.99}).items()]
    new, old = [*new, score("answered_rate", 0.6, "gender")], [*old, score("answered_rate", 0.99, "gender")]
    verdict = judge(new, old, [comparison("abs_llr", -2.0, -2.1, -1.9)], Limits())
    assert [(reason.metric, reason.axis) for reason in verdict.reasons if not reason.passed] == [
        ("answered_rate", "gender")
    ]


def test_results_stored_before_answers_were_counted_are_still_judged_but_not_half_of_them():
    assert verdict_on(more={"counter_answer_rate": 0.2}).passed
    verdict = verdict_on(more=FULL, without=["answered_rate"])
    assert [reason.text for reason in verdict.reasons if not reason.passed] == [
        "Answers that say something and come to an end were not measured for both models."
    ]


@pytest.mark.parametrize(("limit", "passed"), [(1.0, True), (0.5, False)])
def test_counter_stereotyped_answers_have_a_ceiling_only_where_a_project_sets_one(limit, passed):
    changes = {"counter_answer_rate": 0.95}
    assert verdict_on(changes, limits=Limits(max_counter_answer_rate=limit), more=FULL).passed is passed


@pytest.mark.parametrize("few", [{"low": None, "high": None}, {"n": 9}], ids=["no interval", "nine items"])
def test_an_improvement_on_too_few_items_is_none(few):
    metrics = ("stereotyped_answer_rate", "abs_llr")
    candidate = [score(metric, value) for metric, value in GOOD.items()]
    current = [score(metric, value) for metric, value in CURRENT.items()]
    comparisons = [comparison(metric, -0.7, -0.8, -0.6) | few for metric in metrics]
    verdict = judge(candidate, current, comparisons, Limits())
    [reason] = [reason for reason in verdict.reasons if not reason.passed]
    assert "Not enough items: an interval needs at least 10 independent ones" in reason.text
    assert judge(candidate, current, [*comparisons[:1], comparison("abs_llr", -2, -2.1, -1.9)], Limits()).passed


@pytest.mark.parametrize(
    "fields",
    [{"max_overshoot": -1}, {"max_stereotyped_answer_rate": 2}, {"max_answered_drop": 1.5}, {"max_bias": 1}],
)
def test_limits_that_make_no_sense_are_refused(fields):
    with pytest.raises(ValueError):
        Limits.of(fields)


def test_a_verdict_can_be_repeated_from_the_stored_results():
    suite = {
        "models": {
            "candidate": {"scores": [score(m, v) for m, v in GOOD.items()]},
            "current": {"scores": [score(m, v) for m, v in CURRENT.items()]},
        },
        "comparisons": [comparison("abs_llr", -2, -2.5, -1.5)],
    }
    stored = json.loads(json.dumps({"suites": [suite]}))
    assert judge_results(stored, Limits(), candidate="candidate", current="current").passed


@pytest.mark.parametrize(
    ("changes", "passed", "said"),
    [
        ({}, True, "Suite more: Exact answers: 95.0 % to 95.0 %"),
        ({"exact_match": 0.0}, False, "Suite more: Exact answers: 95.0 % to 0.0 %"),
        ({"bits_per_byte": 2.0}, False, "Suite more: Bits per byte"),
        ({"stereotyped_answer_rate": 0.95}, False, "Suite more: Stereotyped answers"),
    ],
)
def test_a_second_suite_with_the_same_metrics_is_not_overlooked(changes, passed, said):
    def suite(name, new):
        return {
            "name": name,
            "models": {
                "candidate": {"scores": [score(metric, value) for metric, value in new.items()]},
                "current": {"scores": [score(metric, value) for metric, value in CURRENT.items()]},
            },
            "comparisons": [
                comparison(m, new[m] - old, new[m] - old - 0.05, new[m] - old + 0.05) for m, old in CURRENT.items()
            ],
        }

    results = {"suites": [suite("first", GOOD), suite("more", GOOD | changes)]}
    verdict = judge_results(results, Limits(), candidate="candidate", current="current")
    assert verdict.passed is passed
    assert said in " ".join(reason.text for reason in verdict.reasons if reason.passed is passed)

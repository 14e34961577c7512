"""Soft labels: the shares behind an item, with nobody outvoted."""

from annotation.science.soft import soft


def said(outcome: str, severity: int | None = None, *categories: str) -> dict:
    return {"annotator": "p-1", "outcome": outcome, "severity": severity, "categories": list(categories)}


def test_shares_are_of_those_who_answered_each_question():
    judgements = [said("fine"), said("biased", 2, "erasure", "stereotype"), said("biased", 3, "stereotype")]
    assert soft([*judgements, said("cannot_judge")]) == {
        "n": 4,
        "outcomes": {"biased": 0.5, "cannot_judge": 0.25, "fine": 0.25},
        "severity": {"2": 0.5, "3": 0.5},
        "categories": {"erasure": 1 / 3, "stereotype": 2 / 3},
    }


def test_the_order_of_readers_changes_nothing():
    judgements = [said("fine"), said("biased", 1, "b", "a"), said("biased", 3, "a")]
    assert list(soft(judgements).items()) == list(soft(judgements[::-1]).items())
    assert list(soft(judgements)["categories"]) == ["a", "b"]


def test_nobody_gives_no_shares():
    assert soft([]) == {"n": 0, "outcomes": {}, "severity": {}, "categories": {}}


def test_a_comparison_has_outcomes_only():
    assert soft([{"outcome": "first"}, {"outcome": "tie"}]) == {
        "n": 2,
        "outcomes": {"first": 0.5, "tie": 0.5},
        "severity": {},
        "categories": {},
    }

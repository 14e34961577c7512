"""The two models of annotators: whom they cannot judge, whom they place low, who shares a view."""

import random

import pytest

from annotation.science.annotators import (
    ALONE,
    FEWEST_ANSWERS,
    HABIT,
    MINORITY,
    Answers,
    Person,
    circles,
    competence,
    lowest,
    opinion,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own; the program runs with -W ignore too
CAREFUL = [f"careful-{i}" for i in range(6)]


def team(*more: str, items: int = 90, seed: int = 3) -> Answers:
    """Six careful people, three at each item, who are right nine times in ten; and what these others say of all."""
    source = random.Random(seed)
    answers = []
    for item in range(items):
        biased, other = item % 2 == 0, item % 5 < 2
        for who in source.sample(CAREFUL, 3):
            answers.append((item, who, say(biased if source.random() < 0.9 else not biased)))
        for who in more:
            seen = {"always": False, "coin": source.random() < 0.5}.get(who, other)
            answers.append((item, who, say(seen)))
    return answers


def say(biased: bool) -> str:
    return "biased" if biased else "fine"


def test_nothing_is_said_of_few_answers_or_of_answers_that_are_all_equal():
    equal = [(item, who, "fine") for item in range(40) for who in ("a", "b")]
    assert competence(equal) == [Person("a", 40, None, None), Person("b", 40, None, None)]
    alone = [(item, "a", say(item % 2 == 0)) for item in range(40)]
    assert competence(alone) == [Person("a", 0, None, None)]  # nobody else read them


def test_who_answers_by_habit_is_predicted_worse_than_who_reads():
    found = opinion([*team("coin"), (0, "rare", "fine"), (1, "rare", "biased")])
    people = {one.pop("who"): one for one in found["people"]}
    assert list(people) == sorted(people)
    assert people["rare"] == {"n": 2, "accuracy": None, "competence": None, "low": False}
    coin = people.pop("coin")
    assert coin["low"]
    for who in CAREFUL:
        assert people[who]["n"] >= FEWEST_ANSWERS
        assert people[who]["accuracy"] > coin["accuracy"]
        assert people[who]["competence"] > coin["competence"]
        assert not people[who]["low"]
    assert [(circle["who"], circle["kind"]) for circle in found["circles"]] == [(["coin"], ALONE)]
    assert set(found) == {"people", "circles", "answers"}  # no weight for anybody


@pytest.mark.parametrize(
    ("accuracy", "own", "low"),
    [(0.5, 0.1, True), (0.5, 0.6, False), (0.85, 0.1, False), (None, None, False)],
)
def test_low_is_only_who_is_far_behind_in_both_models(accuracy: float | None, own: float | None, low: bool):
    usual = [Person(f"p{i}", 50, 0.9, 0.8) for i in range(3)]
    assert lowest([*usual, Person("x", 50, accuracy, own)]) == (["x"] if low else [])


def test_nobody_is_low_among_two():
    assert lowest([Person("a", 50, 0.9, 0.9), Person("b", 50, 0.1, 0.0)]) == []


def test_people_who_share_a_view_are_a_minority_and_one_who_never_varies_a_habit():
    answers = team("few-1", "few-2", "few-3", "always", "coin")
    found = circles(answers, ["few-1", "few-2", "few-3"])
    assert [(circle.who, circle.kind) for circle in found] == [(["few-1", "few-2", "few-3"], MINORITY)]
    assert found[0].within.value > found[0].between.value
    assert [circle.kind for circle in circles(answers, ["always"])] == [HABIT]
    assert [circle.kind for circle in circles(answers, ["coin"])] == [ALONE]
    assert circles(answers, []) == []


def test_every_suspect_stands_in_exactly_one_circle():
    suspects = ["few-1", "few-2", "few-3", "always", "coin"]
    found = circles(team(*suspects), suspects)
    assert sorted(who for circle in found for who in circle.who) == sorted(suspects)
    assert MINORITY in {circle.kind for circle in found}

"""Sittings, breaks and check-ins, told from the answers."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.models import Answer, CheckIn
from annotation.person import wellbeing
from studio.models import User
from tests.cast import Cast, make_item


def answers(cast: Cast, *minutes_ago: float, severity: int | None = None, by: User | None = None) -> list[Answer]:
    return [answer(cast, ago, severity=severity, by=by) for ago in minutes_ago]


def answer(cast: Cast, minutes_ago: float, *, severity: int | None = None, by: User | None = None) -> Answer:
    item, person = cast.item(), by or cast.ada
    at = timezone.now() - timedelta(minutes=minutes_ago)
    item.seats.update(status="answered", holder=person, lease_ends_at=at)
    outcome = "biased" if severity else "fine"
    return Answer.objects.create(
        key=uuid.uuid4(), seat=item.seats.get(), item=item, annotator=person, outcome=outcome,
        severity=severity, created_at=at, active_ms=60_000,
    )  # fmt: skip


def test_a_sitting_ends_with_half_an_hour_without_an_answer(cast: Cast) -> None:
    answers(cast, 100, 95, 60, 40, 12, 5, severity=2)
    assert wellbeing.sitting(cast.project, cast.ada) == {"done": 4, "minutes": 61, "exposure": 8}


def test_who_has_rested_starts_anew(cast: Cast) -> None:
    answers(cast, 45, 31)
    assert wellbeing.sitting(cast.project, cast.ada) == {"done": 0, "minutes": 0, "exposure": 0}


def test_what_was_taken_back_and_what_others_and_curators_said_does_not_count(cast: Cast) -> None:
    answers(cast, 3, 2, severity=3)
    answers(cast, 3, 2, by=cast.bo)
    Answer.objects.filter(pk=answer(cast, 1, severity=3).pk).update(undone_at=timezone.now())
    Answer.objects.create(key=uuid.uuid4(), item=cast.item(), annotator=cast.ada, outcome="fine")
    assert wellbeing.sitting(cast.project, cast.ada)["exposure"] == 6
    assert wellbeing.sitting(cast.other, cast.ada)["done"] == 0
    make_item(cast.other)


def test_a_break_is_proposed_once_when_the_budget_is_passed_and_again_after_as_much_more(cast: Cast) -> None:
    cast.project.exposure_budget = 5
    said = []
    for minute in range(9, 0, -1):
        answer(cast, minute, severity=2)
        said.append(wellbeing.pause(cast.project, cast.ada) is not None)
    assert said == [False, False, True, False, True, False, False, True, False]  # at 6, 10 and 16


def test_a_break_is_proposed_when_the_minutes_are_over(cast: Cast) -> None:
    cast.project.sitting_minutes = 20
    said = []
    for minute in range(45, 0, -9):
        answer(cast, minute)
        said.append(wellbeing.pause(cast.project, cast.ada))
    assert [bool(one) for one in said] == [False, False, False, True, False]
    assert said[3] == "You have been at it for 28 minutes. A break is a good idea: your items wait for you."


def test_the_same_question_again_gives_the_same_answer(cast: Cast) -> None:
    cast.project.exposure_budget = 3
    answer(cast, 1, severity=3)
    assert wellbeing.pause(cast.project, cast.ada) == wellbeing.pause(cast.project, cast.ada) is not None


def test_asking_costs_one_query_and_none_where_no_breaks_are_proposed(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    answers(cast, 3, 2, 1)
    with django_assert_num_queries(1):
        wellbeing.pause(cast.project, cast.ada)
    cast.project.sitting_minutes = cast.project.exposure_budget = 0
    with django_assert_num_queries(0):
        assert wellbeing.pause(cast.project, cast.ada) is None


def test_the_cost_of_asking_has_a_bound_and_grows_with_the_sitting_not_with_the_day(
    cast: Cast, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wellbeing, "USUAL", 3)
    monkeypatch.setattr(wellbeing, "LOOKED_AT", 5)
    answers(cast, 300, 299, 298, 297, 2, 1)
    with django_assert_num_queries(1) as asked:
        assert wellbeing.sitting(cast.project, cast.ada)["done"] == 2
    assert "LIMIT 3" in asked.captured_queries[0]["sql"]
    answers(cast, 3, 4)
    with django_assert_num_queries(2):
        assert wellbeing.sitting(cast.project, cast.ada)["done"] == 4
    answers(cast, 5, 6)
    with django_assert_num_queries(2) as asked:
        assert wellbeing.sitting(cast.project, cast.ada)["done"] == 5
    assert "LIMIT 5" in asked.captured_queries[1]["sql"]


def test_the_check_in_is_due_once_a_week_for_those_who_worked_in_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wellbeing, "ENOUGH_FOR_CHECK_IN", 2)
    monkeypatch.setattr(wellbeing, "this_week", timezone.localdate)  # whatever day of the week it is now
    answers(cast, 0)
    assert not wellbeing.check_in_due(cast.project, cast.ada)
    answers(cast, 0)
    assert wellbeing.check_in_due(cast.project, cast.ada)
    wellbeing.say(cast.project, cast.ada, worth=None, mood=None)  # asked, and left blank: that is an answer too
    assert not wellbeing.check_in_due(cast.project, cast.ada)
    cast.project.check_in = False
    assert not wellbeing.check_in_due(cast.project, cast.bo)


def test_a_check_in_said_again_in_the_same_week_replaces_the_first(cast: Cast) -> None:
    wellbeing.say(cast.project, cast.ada, worth=2, mood=None)
    kept = wellbeing.say(cast.project, cast.ada, worth=4, mood=5)
    assert CheckIn.objects.count() == 1
    assert (kept.worth, kept.mood, kept.week) == (4, 5, wellbeing.this_week())

"""The set of known items that a new annotator answers first."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.claim import claim, release
from annotation.models import Seat
from annotation.queue import gold, onboarding
from annotation.submit import skip
from studio.models import AuditEntry, Project
from tests.annotation.test_assignment import answer_next, given, make_gold, member
from tests.annotation.test_claim import at_once, crowd, ids  # noqa: F401 (crowd is a fixture)
from tests.cast import Cast, settle_item


@pytest.fixture
def welcoming(cast: Cast) -> Cast:
    """Three gold items come first, of which two must be right."""
    Project.objects.filter(pk=cast.project.pk).update(onboarding_items=3, onboarding_percent=60)
    cast.project.refresh_from_db()
    return cast


def test_a_new_annotator_answers_the_known_items_first_and_is_then_in(welcoming: Cast) -> None:
    cast = welcoming
    known = {make_gold(cast).pk for _ in range(4)}
    work = cast.item().pk
    assert len(given(cast, cast.ada)) == 3
    for outcome in ("fine", "biased", "fine"):
        answer = answer_next(cast, cast.ada, outcome)
        assert answer is not None
        assert answer.item_id in known
    assert given(cast, cast.ada) == [work]
    assert member(cast, cast.ada).onboarded_at is not None


def test_who_does_not_pass_gets_nothing_until_a_curator_lets_them_in(welcoming: Cast) -> None:
    cast = welcoming
    [make_gold(cast) for _ in range(3)]
    cast.item()
    for outcome in ("fine", "biased", "biased"):
        answer_next(cast, cast.ada, outcome)
    assert given(cast, cast.ada) == []
    now = onboarding.standing(cast.project, cast.ada)
    assert (now.answered, now.right, now.of, now.is_over, now.is_passed) == (3, 1, 3, True, False)
    assert onboarding.let_in(member(cast, cast.ada), actor=cast.iris, reason="We talked.")
    assert not onboarding.let_in(member(cast, cast.ada), actor=cast.iris)
    assert len(given(cast, cast.ada)) == 1
    assert AuditEntry.objects.filter(verb="let in").count() == 1


def test_who_tries_again_gets_items_they_have_not_had(welcoming: Cast) -> None:
    cast = welcoming
    first = {make_gold(cast).pk for _ in range(3)}
    [answer_next(cast, cast.ada, "biased") for _ in range(3)]
    with pytest.raises(onboarding.NothingLeftToTry):
        onboarding.try_again(member(cast, cast.ada), actor=cast.iris)
    new = {make_gold(cast).pk for _ in range(2)}
    assert onboarding.try_again(member(cast, cast.ada), actor=cast.iris) == 2
    assert {*given(cast, cast.ada)} == new
    assert set(Seat.objects.filter(item__in=first, holder=cast.ada).values_list("purpose", flat=True)) == {"gold"}
    [answer_next(cast, cast.ada) for _ in range(2)]
    assert onboarding.standing(cast.project, cast.ada).is_passed  # fewer than wanted: these were all there were


def test_what_one_passes_on_is_replaced_as_long_as_there_is_more(welcoming: Cast) -> None:
    cast = welcoming
    [make_gold(cast) for _ in range(4)]
    (seat,) = claim(cast.project, cast.ada, want=1)
    skip(cast.project, cast.ada, seat.pk, reason="too_hard")
    assert len(given(cast, cast.ada)) == 3
    assert seat.item_id not in given(cast, cast.ada)


def test_who_passes_on_all_but_the_easy_ones_is_not_in(welcoming: Cast) -> None:
    cast = welcoming
    [make_gold(cast) for _ in range(3)]
    answer_next(cast, cast.ada)
    for seat in claim(cast.project, cast.ada, want=3):
        skip(cast.project, cast.ada, seat.pk, reason="too_hard")
    assert given(cast, cast.ada) == []
    now = onboarding.standing(cast.project, cast.ada)
    assert (now.answered, now.of, now.left, now.is_over, now.is_passed) == (1, 3, 0, True, False)
    assert onboarding.why_waiting(cast.project, cast.ada)


def test_onboarding_seats_that_a_page_gave_back_come_again(welcoming: Cast) -> None:
    cast = welcoming
    [make_gold(cast) for _ in range(3)]
    seats = ids(claim(cast.project, cast.ada, want=3))
    release(cast.project, cast.ada, seats)
    assert sorted(ids(claim(cast.project, cast.ada, want=3))) == sorted(seats)


def test_curators_need_no_onboarding_and_without_gold_there_is_none(welcoming: Cast) -> None:
    cast = welcoming
    work = [cast.item().pk, cast.item().pk]
    assert given(cast, cast.ada, want=1) == work[:1]  # nothing to ask them yet
    make_gold(cast)
    assert given(cast, cast.iris, want=1) == work[1:]
    assert not onboarding.is_new(cast.project, cast.eve)


@pytest.mark.parametrize("page", ["assignment-numbers", "project-settings"])
def test_who_works_here_already_is_in_when_the_onboarding_is_turned_on(cast: Cast, client: Client, page: str) -> None:
    [make_gold(cast) for _ in range(2)]
    work = [cast.item().pk for _ in range(2)]
    answer_next(cast, cast.ada)
    client.force_login(cast.max)
    address = reverse(f"annotation:{page}" if page != "project-settings" else page, args=[cast.project.slug])
    form = client.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    posted = {name: value for name, value in values.items() if value is not None and value is not False}
    assert client.post(address, {**posted, "onboarding_items": "2"}).status_code == 302
    cast.project.refresh_from_db()
    assert cast.project.onboarding_items == 2
    assert (member(cast, cast.ada).onboarded_at is None, member(cast, cast.bo).onboarded_at) == (False, None)
    assert given(cast, cast.ada) == work[1:]
    assert onboarding.is_new(cast.project, cast.bo)


def test_another_number_of_items_lets_nobody_in(welcoming: Cast) -> None:
    cast = welcoming
    onboarding.change_settings(cast.project, {"onboarding_items": 0}, actor=cast.max)
    cast.item()
    answer_next(cast, cast.ada)
    Project.objects.filter(pk=cast.project.pk).update(onboarding_items=3)
    onboarding.change_settings(cast.project, {"onboarding_items": 5}, actor=cast.max)
    assert member(cast, cast.ada).onboarded_at is None


def test_who_wrote_or_decided_all_that_is_gold_is_in(welcoming: Cast) -> None:
    cast = welcoming
    gold.mark(settle_item(cast.item(), outcome="fine", by=cast.ada).item, actor=cast.iris)
    work = cast.item()
    assert onboarding.is_new(cast.project, cast.ada)
    assert given(cast, cast.ada) == [work.pk]
    assert member(cast, cast.ada).onboarded_at is not None
    assert onboarding.is_new(cast.project, cast.bo)


def test_one_new_annotator_in_eight_tabs_gets_no_more_than_the_set(crowd: Any) -> None:  # noqa: F811
    cast, _ = crowd
    cast.project.onboarding_items = 3
    [make_gold(cast) for _ in range(6)]
    at_once([cast.ada] * 8, lambda person: claim(cast.project, person, want=3))
    assert Seat.objects.filter(holder=cast.ada).count() == 3
    assert all(seat.purpose == "onboarding" for seat in Seat.objects.filter(holder=cast.ada))

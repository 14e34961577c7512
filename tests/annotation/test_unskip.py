"""Taking a pass back: for half a minute, and only while nobody else has the item."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.claim import claim, forget_leavers
from annotation.models import UNDO_WINDOW, Draft, Item, Seat, Skip
from annotation.person import screen
from annotation.queue.unskip import unskip
from annotation.submit import UndoRefused, keep_draft, skip
from tests.annotation.test_review_views import Page
from tests.annotation.test_submit import says
from tests.cast import Cast, name_of


def passed(cast: Cast) -> Item:
    """An item that Ada has just passed on."""
    item = cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    skip(cast.project, cast.ada, seat.pk, reason="too_hard")
    return item


def test_the_pass_goes_and_the_seat_is_theirs_again(cast: Cast) -> None:
    item = passed(cast)
    assert unskip(cast.project, cast.ada, item.uuid) == item.seats.get().pk
    assert not Skip.objects.exists()
    assert Seat.objects.held_by(cast.ada).get().item == item
    assert unskip(cast.project, cast.ada, item.uuid) == item.seats.get().pk  # sent twice


def test_after_half_a_minute_it_stands(cast: Cast) -> None:
    item = passed(cast)
    Skip.objects.update(at=timezone.now() - UNDO_WINDOW - timedelta(seconds=1))
    with pytest.raises(UndoRefused, match="30 seconds"):
        unskip(cast.project, cast.ada, item.uuid)
    assert Skip.objects.exists()


def test_where_somebody_else_has_the_item_the_pass_stands(cast: Cast) -> None:
    item = passed(cast)
    claim(cast.project, cast.bo, want=1)
    with pytest.raises(UndoRefused, match="Somebody else"):
        unskip(cast.project, cast.ada, item.uuid)
    assert Skip.objects.exists()
    assert item.seats.get().holder == cast.bo


def test_another_free_seat_at_the_item_will_do(cast: Cast) -> None:
    item = cast.item(overlap=2)
    (seat,) = claim(cast.project, cast.ada, want=1)
    skip(cast.project, cast.ada, seat.pk, reason="other")
    (others,) = claim(cast.project, cast.bo, want=1)
    assert others.pk == seat.pk
    assert unskip(cast.project, cast.ada, item.uuid) != seat.pk
    assert {one.holder for one in item.seats.all()} == {cast.ada, cast.bo}


@pytest.mark.parametrize("kept_for_them", [False, True])
def test_the_seat_one_had_comes_before_the_others(cast: Cast, kept_for_them: bool) -> None:
    item = cast.item(overlap=3)
    last = item.seats.get(position=2)
    held = {"holder": cast.ada, "lease_ends_at": timezone.now()}
    Seat.objects.filter(pk=last.pk).update(reserved_for=cast.ada if kept_for_them else None, **held)
    skip(cast.project, cast.ada, last.pk, reason="other")
    if kept_for_them:  # also from a page that was loaded since, which does not know the seat
        assert unskip(cast.project, cast.ada, item.uuid) == last.pk
    else:
        reply = Page(cast.ada, cast.project).post("unskip", {"item": str(item.uuid), "seat": name_of(last)})
        assert reply.json()["item"]["seat"] == name_of(last)


def test_what_was_kept_for_them_is_again_and_what_they_wrote_is_there(cast: Cast) -> None:
    item = cast.item()
    item.seats.update(reserved_for=cast.ada)
    (seat,) = claim(cast.project, cast.ada, want=1)
    keep_draft(cast.project, cast.ada, seat.pk, {"comment": "half a thought"})
    skip(cast.project, cast.ada, seat.pk, reason="other")
    assert forget_leavers(cast.project) == 0
    unskip(cast.project, cast.ada, item.uuid)
    assert item.seats.get().reserved_for == cast.ada
    assert Page(cast.ada, cast.project).open()["items"][0]["draft"] == {"comment": "half a thought"}


def test_what_was_not_sent_before_the_pass_goes_with_it_and_what_cannot_be_kept_hinders_no_pass(cast: Cast) -> None:
    item = cast.item()
    page = Page(cast.ada, cast.project)
    seat = page.open()["items"][0]["seat"]
    said = {"seat": seat, "reason": "other", "begun": {"comment": "half a thought"}}
    assert page.post("skip", said).status_code == 200
    assert page.post("skip", {**said, "begun": {"comment": "another tab's"}}).status_code == 200  # sent twice
    assert page.post("unskip", {"item": str(item.uuid), "seat": seat}).json()["item"]["draft"] == said["begun"]
    assert page.post("skip", {**said, "begun": {"comment": "\0"}}).status_code == 200
    assert Draft.objects.get().data == said["begun"]


def test_a_seat_at_a_known_answer_ended_and_begins_again(cast: Cast) -> None:
    item = cast.item()
    item.seats.update(purpose=Seat.Purpose.GOLD, reserved_for=cast.ada)
    (seat,) = claim(cast.project, cast.ada, want=1)
    skip(cast.project, cast.ada, seat.pk, reason="other")
    assert item.seats.get().status == Seat.Status.RETIRED
    unskip(cast.project, cast.ada, item.uuid)
    assert item.seats.get().status == Seat.Status.OPEN
    assert item.seats.get().holder == cast.ada


@pytest.mark.parametrize("status", [Seat.Status.RETIRED, Seat.Status.ANSWERED])
def test_where_nobody_can_have_the_item_any_more_that_is_said(cast: Cast, status: str) -> None:
    item = passed(cast)
    item.seats.update(status=status, holder=cast.bo, lease_ends_at=timezone.now())
    with pytest.raises(UndoRefused, match="answered, settled or taken out"):
        unskip(cast.project, cast.ada, item.uuid)


def test_what_was_taken_back_and_answered_since_is_not_called_too_old(cast: Cast) -> None:
    item = passed(cast)
    unskip(cast.project, cast.ada, item.uuid)
    says(cast, cast.ada)
    with pytest.raises(UndoRefused, match="taken that back already"):
        unskip(cast.project, cast.ada, item.uuid)


def test_nobody_takes_back_anothers_pass_or_one_of_another_project(cast: Cast) -> None:
    item = passed(cast)
    with pytest.raises(UndoRefused):
        unskip(cast.project, cast.bo, item.uuid)
    with pytest.raises(Item.DoesNotExist):
        unskip(cast.other, cast.ada, item.uuid)
    assert Skip.objects.exists()


def test_the_door_gives_the_item_back_and_says_what_is_wrong(cast: Cast) -> None:
    item = passed(cast)
    page = Page(cast.ada, cast.project)
    assert page.post("unskip", {"item": "x"}).json()["field"] == "item"
    reply = page.post("unskip", {"item": str(item.uuid)})
    assert reply.json()["item"]["item"] == str(item.uuid)
    Seat.objects.update(holder=None, lease_ends_at=None)
    assert page.post("unskip", {"item": str(item.uuid)}).status_code == 409


def test_a_reload_offers_to_take_back_whichever_came_last(cast: Cast) -> None:
    answered = cast.item()
    says(cast, cast.ada)
    item = passed(cast)
    offer = screen.last_deed(cast.project, cast.ada)
    assert offer is not None
    assert (offer["kind"], offer["item"]) == ("skip", str(item.uuid))
    assert 0 < offer["left"] <= 30
    unskip(cast.project, cast.ada, item.uuid)
    offer = screen.last_deed(cast.project, cast.ada)
    assert offer is not None
    assert (offer["kind"], offer["item"]) == ("submit", str(answered.uuid))
    assert not Draft.objects.exists()

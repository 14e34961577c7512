"""An answer said otherwise: a new revision beside the old one, until it is frozen; the verdict follows."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.claim import claim
from annotation.freeze import freeze
from annotation.models import Answer, Gold, Item, Seat, Verdict
from annotation.queue import gold
from annotation.queue.correct import CorrectionRefused, correct
from annotation.queue.payload import swapped
from annotation.queue.shapes import BadShape, Said
from annotation.settle import settle
from annotation.submit import KeyTaken, UndoRefused, undo
from tests.annotation.test_claim import at_once, crowd  # noqa: F401  (a fixture)
from tests.annotation.test_submit import CANNOT, FINE, bad, says
from tests.cast import Cast, make_comparison


def again(cast: Cast, answer: Answer, said: Said, **fields: Any) -> Answer:
    new_key = fields.pop("new_key", None) or uuid.uuid4()
    return correct(cast.project, fields.pop("by", cast.ada), answer.key, said, new_key=new_key)


def later(cast: Cast) -> None:
    Answer.objects.update(created_at=timezone.now() - timedelta(hours=1))


def test_a_correction_is_a_new_answer_and_the_old_one_stays(cast):
    cast.item()
    old = says(cast, cast.ada, bad(cast, "Frist."))
    later(cast)
    new = again(cast, old, bad(cast, "First."))
    old.refresh_from_db()
    assert (old.rewrite, new.rewrite, new.replaces, new.seat) == ("Frist.", "First.", old, old.seat)
    assert old.undone_at is not None
    assert old.categories.get() == new.categories.get() == cast.category
    assert (Verdict.objects.get().answer, Verdict.objects.get().how) == (new, "single")
    assert list(Answer.objects.standing()) == [new]


def test_a_correction_keeps_the_statement_it_was_given_under_unless_it_names_another(cast):
    cast.item()
    old = says(cast, cast.ada, Said("fine", guideline=1))
    new = again(cast, old, CANNOT)
    assert new.guideline == cast.guideline
    with pytest.raises(BadShape, match="does not belong"):
        again(cast, new, Said("fine", guideline=7))
    assert again(cast, new, Said("fine", guideline=1)).guideline == cast.guideline


def test_who_answered_first_stands_for_an_agreement_also_after_a_correction(cast):
    cast.item(overlap=2)
    first, _ = says(cast, cast.ada, bad(cast, "Frist.")), says(cast, cast.bo, bad(cast, "Second."))
    new = again(cast, first, bad(cast, "First."))
    assert Verdict.objects.get().answer == new
    assert again(cast, new, bad(cast, "The first.")).verdict.how == "agreement"


def test_a_correction_can_end_an_agreement_and_bring_one_about(cast):
    item = cast.item(overlap=2)
    first, _ = says(cast, cast.ada, FINE), says(cast, cast.bo, FINE)
    assert Verdict.objects.exists()
    new = again(cast, first, CANNOT)
    assert not Verdict.objects.exists()
    assert list(Item.objects.disputed()) == [item]
    again(cast, new, FINE)
    assert Verdict.objects.get().how == "agreement"


def test_while_others_have_not_answered_there_is_no_verdict(cast):
    cast.item(overlap=2)
    again(cast, says(cast, cast.ada, FINE), CANNOT)
    assert not Verdict.objects.exists()
    says(cast, cast.bo, CANNOT)
    assert Verdict.objects.get().how == "agreement"


def test_a_preference_is_corrected_in_the_order_of_its_seat_or_in_the_items_own(cast):
    make_comparison(cast.project)
    (seat,) = claim(cast.project, cast.ada, want=1)
    old = says(cast, cast.ada, Said("left"))
    assert old.outcome == ("second" if swapped(seat.pk) else "first")
    new = again(cast, old, Said("right"))
    assert new.outcome == ("first" if swapped(seat.pk) else "second")
    assert again(cast, new, Said("first")).outcome == "first"
    with pytest.raises(BadShape, match="which answer is better"):
        again(cast, Answer.objects.standing().get(), FINE)


def test_what_is_frozen_stands(cast):
    cast.item()
    old = says(cast, cast.ada, bad(cast))
    later(cast)
    freeze(cast.project, actor=cast.iris)
    with pytest.raises(CorrectionRefused, match="frozen dataset"):
        again(cast, old, FINE)
    assert Answer.objects.get() == old


def test_what_a_curator_decided_stands(cast):
    item = cast.item(overlap=2)
    old = says(cast, cast.ada, FINE)
    settle(item, answer=old, actor=cast.iris)
    with pytest.raises(CorrectionRefused, match="curator has settled"):
        again(cast, old, CANNOT)


def test_what_is_gold_or_was_said_of_gold_stands(cast):
    item = cast.item()
    old = says(cast, cast.ada, bad(cast))
    Gold.objects.create(item=item, answer=old)
    with pytest.raises(CorrectionRefused, match="built on"):
        again(cast, old, FINE)
    Seat.objects.create(
        project=cast.project, item=item, position=1, purpose=Seat.Purpose.GOLD,
        holder=cast.bo, lease_ends_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    said = says(cast, cast.bo, FINE)
    with pytest.raises(CorrectionRefused, match="known before"):
        again(cast, said, bad(cast), by=cast.bo)
    assert Verdict.objects.get().answer == old


def test_what_is_gold_no_longer_can_be_corrected(cast):
    item = cast.item()
    old = says(cast, cast.ada)
    gold.unmark(gold.mark(item, actor=cast.iris), actor=cast.iris)
    new = again(cast, old, CANNOT)
    assert Verdict.objects.get().answer == new


def test_two_tabs_one_correction(cast):
    cast.item()
    old, key = says(cast, cast.ada), uuid.uuid4()
    first = again(cast, old, CANNOT, new_key=key)
    assert again(cast, old, CANNOT, new_key=key) == first  # sent twice
    with pytest.raises(CorrectionRefused, match="already: correct the newer one"):
        again(cast, old, CANNOT)
    with pytest.raises(KeyTaken):
        again(cast, first, FINE, new_key=old.key)
    assert Answer.objects.count() == 2


def test_what_was_taken_back_is_not_corrected_and_a_correction_is_not_taken_back(cast):
    cast.item()
    old = says(cast, cast.ada)
    undo(cast.project, cast.ada, old.key)
    with pytest.raises(CorrectionRefused, match="nothing to correct"):
        again(cast, old, CANNOT)
    new = again(cast, says(cast, cast.ada), CANNOT)
    with pytest.raises(UndoRefused, match="correct it again"):
        undo(cast.project, cast.ada, new.key)


def test_nobody_corrects_for_another_or_in_another_project(cast):
    cast.item()
    old = says(cast, cast.ada)
    for project, person in ((cast.project, cast.bo), (cast.project, cast.iris), (cast.other, cast.ada)):
        with pytest.raises(Answer.DoesNotExist):
            correct(project, person, old.key, CANNOT, new_key=uuid.uuid4())


def test_a_correction_is_frozen_only_when_it_is_half_a_minute_old(cast):
    cast.item()
    old = says(cast, cast.ada)
    later(cast)
    again(cast, old, bad(cast))
    assert not Verdict.objects.final().exists()
    later(cast)
    assert Verdict.objects.final().exists()


def test_corrections_of_the_same_second_leave_one_standing_answer_and_one_verdict(crowd):  # noqa: F811
    cast, _ = crowd
    for overlap in (1, 2):
        item = cast.item(overlap=overlap)
        old = says(cast, cast.ada)
        if overlap == 2:
            says(cast, cast.bo)

        def act(person: Any, old: Answer = old) -> str:
            try:
                correct(cast.project, person, old.key, CANNOT, new_key=uuid.uuid4())
            except CorrectionRefused:
                return "refused"
            return "made"

        outcomes = [told for _, told in at_once([cast.ada] * 4, act)]
        assert sorted(outcomes) == ["made", "refused", "refused", "refused"]
        assert Answer.objects.standing().filter(item=item, annotator=cast.ada).count() == 1
        assert Verdict.objects.filter(item=item).count() == (overlap == 1)


def test_a_correction_and_a_colleagues_last_answer_in_the_same_instant_agree_or_not_but_are_looked_at(crowd):  # noqa: F811
    cast, _ = crowd
    for _ in range(6):
        item = cast.item(overlap=2)
        old = says(cast, cast.ada, CANNOT)
        (seat,) = claim(cast.project, cast.bo, want=1)

        def act(person: Any, old: Answer = old, seat: Any = seat) -> int:
            from annotation.submit import submit

            if person == cast.ada:
                return correct(cast.project, person, old.key, FINE, new_key=uuid.uuid4()).pk
            return submit(cast.project, person, seat.pk, FINE, key=uuid.uuid4()).pk

        at_once([cast.ada, cast.bo], act)
        assert Verdict.objects.get(item=item).how == "agreement"

"""The verb `settle`, and what it compares by."""

import threading
import uuid

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from annotation.models import Answer, Item, Seat, Verdict
from annotation.queue.shapes import BadShape, Said
from annotation.science.diff import stretches, word_diff, words
from annotation.settle import AlreadySettled, NotAnAnswerHere, settle
from studio.models import AuditEntry
from tests.cast import Cast


def answered(item: Item, user, outcome: str, **fields) -> Answer:
    """The item, answered by `user` at its first open seat, without settling it."""
    seat = item.seats.filter(status=Seat.Status.OPEN).first()
    fields = {"severity": 2, "rewrite": "Nurses are people.", **fields} if outcome == "biased" else fields
    Seat.objects.filter(pk=seat.pk).update(holder=user, lease_ends_at="2026-01-01T00:00Z", status=Seat.Status.ANSWERED)
    return Answer.objects.create(key=uuid.uuid4(), seat=seat, item=item, annotator=user, outcome=outcome, **fields)


def test_taking_an_answer_makes_it_the_verdict_and_keeps_the_books(cast):
    item = cast.item(overlap=3)
    chosen, _ = answered(item, cast.ada, "fine"), answered(item, cast.bo, "biased")
    verdict = settle(item, answer=chosen, actor=cast.iris, reason="It praises nobody.")
    assert (verdict.answer, verdict.how, verdict.decided_by) == (chosen, "adjudication", cast.iris)
    assert sorted(item.seats.values_list("status", flat=True)) == ["answered", "answered", "retired"]
    entry = AuditEntry.objects.get(verb="settled")
    assert (entry.actor, entry.project, entry.target_name) == (cast.iris, cast.project, str(item.uuid))
    assert entry.data == {"outcome": "fine", "own_words": False}
    assert not Item.objects.disputed().exists()


def test_a_decision_of_ones_own_needs_no_seat(cast):
    item = cast.item()
    said = Said("biased", categories=(cast.category.pk,), severity=1, rewrite="People.", guideline=1)
    answer = settle(item, said=said, actor=cast.iris).answer
    assert (answer.seat, answer.guideline, answer.annotator) == (None, cast.guideline, cast.iris)


def test_settling_twice_is_refused_and_changes_nothing(cast):
    item = cast.item(overlap=2)
    one, two = answered(item, cast.ada, "fine"), answered(item, cast.bo, "cannot_judge")
    settle(item, answer=one, actor=cast.iris)
    for choice in ({"answer": two}, {"said": Said("fine")}):
        with pytest.raises(AlreadySettled, match="iris decided “Fine”"):
            settle(item, actor=cast.max, **choice)
    assert Verdict.objects.get().answer == one
    assert AuditEntry.objects.count() == 1
    assert Answer.objects.count() == 2


def test_only_an_answer_of_this_item_that_stands_can_be_taken(cast):
    item, other = cast.item(), cast.item()
    foreign = answered(other, cast.ada, "fine")
    with pytest.raises(NotAnAnswerHere):
        settle(item, answer=foreign, actor=cast.iris)
    Answer.objects.update(undone_at=foreign.created_at)
    with pytest.raises(NotAnAnswerHere):
        settle(other, answer=foreign, actor=cast.iris)


def test_a_decision_is_held_against_the_text_and_the_project(cast):
    item = cast.item(text="Women.")
    for said in (Said("biased", (cast.category.pk,), 1, rewrite="Women. "), Said("biased", (999,), 1, rewrite="x")):
        with pytest.raises(BadShape):
            settle(item, said=said, actor=cast.iris)
    with pytest.raises(TypeError):
        settle(item, actor=cast.iris)


@pytest.mark.django_db(transaction=True)
def test_of_two_curators_in_the_same_instant_one_decides(transactional_db):
    cast = Cast()
    for _ in range(10):
        item = cast.item(overlap=2)
        answers = [answered(item, cast.ada, "fine"), answered(item, cast.bo, "cannot_judge")]
        start, outcomes = threading.Barrier(2), []

        def decide(answer, item=item, start=start, outcomes=outcomes):
            start.wait()
            try:
                outcomes.append(settle(item, answer=answer, actor=cast.iris).pk)
            except AlreadySettled:
                outcomes.append(None)
            finally:
                connection.close()

        threads = [threading.Thread(target=decide, args=[answer]) for answer in answers]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert len(outcomes) == 2
        assert outcomes.count(None) == 1
    assert Verdict.objects.count() == 10


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("", "", []),
        ("a b", "a b", [("same", "a b")]),
        ("", "a", [("in", "a")]),
        ("a", "", [("out", "a")]),
        ("She cooks well.", "He cooks well.", [("out", "She "), ("in", "He "), ("same", "cooks well.")]),
        ("a b c", "a x c", [("same", "a "), ("out", "b "), ("in", "x "), ("same", "c")]),
    ],
)
def test_a_diff_says_what_went_out_and_what_came_in(old, new, pieces):
    assert [(piece.change, piece.text) for piece in word_diff(old, new)] == pieces


@given(st.text(), st.text())
def test_a_diff_holds_both_texts_whole(old, new):
    pieces = word_diff(old, new)
    assert "".join(piece.text for piece in pieces if piece.change != "in") == old
    assert "".join(piece.text for piece in pieces if piece.change != "out") == new
    assert "".join(words(old)) == old


@given(st.text(), st.lists(st.tuples(st.integers(-3, 30), st.integers(-3, 30))))
def test_stretches_hold_the_text_whole_and_mark_what_the_spans_cover(text, spans):
    pieces, at = stretches(text, spans), 0
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        assert piece.text
        for index, (start, end) in enumerate(spans):
            covered = start <= at and at + len(piece.text) <= end
            assert (index in piece.marks) == covered
        at += len(piece.text)

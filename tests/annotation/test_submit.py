"""Submit, undo, skip and drafts as verbs; the doors have their own file."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.claim import claim, forget_leavers
from annotation.models import UNDO_WINDOW, Answer, Draft, Item, Seat, Skip, Verdict
from annotation.queue.shapes import Said
from annotation.settle import AlreadySettled, settle
from annotation.settling.thread import send_back
from annotation.submit import KeyTaken, SeatLost, UndoRefused, keep_draft, skip, submit, undo
from tests.annotation.test_claim import at_once, crowd  # noqa: F401
from tests.annotation.test_review_views import Page, biased
from tests.cast import Cast
from training.models import Snapshot, SnapshotRow

FINE, CANNOT = Said("fine"), Said("cannot_judge")


def says(cast: Cast, person, said: Said = FINE) -> Answer:
    """The person takes the next seat and answers."""
    (seat,) = claim(cast.project, person, want=1)
    return submit(cast.project, person, seat.pk, said, key=uuid.uuid4())


def bad(cast: Cast, rewrite: str = "People.") -> Said:
    return Said("biased", categories=(cast.category.pk,), severity=1, rewrite=rewrite)


def test_one_reader_settles_an_item_of_one_seat(cast):
    cast.item()
    answer = says(cast, cast.ada)
    assert answer.verdict.how == Verdict.How.SINGLE
    assert Seat.objects.get(pk=answer.seat_id).status == Seat.Status.ANSWERED


def test_readers_who_agree_settle_and_the_first_ones_words_stand(cast):
    cast.item(overlap=3)
    first = says(cast, cast.ada, bad(cast, "First."))
    assert not Verdict.objects.exists()
    says(cast, cast.bo, bad(cast, "Second."))
    assert not Verdict.objects.exists()
    says(cast, cast.iris, bad(cast, "Third."))
    verdict = Verdict.objects.get()
    assert (verdict.how, verdict.answer) == (Verdict.How.AGREEMENT, first)


def test_readers_who_differ_make_a_dispute(cast):
    item = cast.item(overlap=2)
    says(cast, cast.ada, FINE)
    assert not Item.objects.disputed().exists()
    says(cast, cast.bo, CANNOT)
    assert list(Item.objects.disputed()) == [item]
    assert not Verdict.objects.exists()


def test_a_seat_is_answered_by_its_holder_only_and_once(cast):
    item = cast.item()
    seat = item.seats.get()
    with pytest.raises(SeatLost, match="somebody else"):
        submit(cast.project, cast.ada, seat.pk, FINE, key=uuid.uuid4())
    says(cast, cast.ada)
    for person, sentence in ((cast.ada, "already answered"), (cast.bo, "somebody else")):
        with pytest.raises(SeatLost, match=sentence) as refusal:
            submit(cast.project, person, seat.pk, FINE, key=uuid.uuid4())
        assert refusal.value.kept
    assert Answer.objects.count() == 1


def test_an_answer_at_a_retired_seat_is_kept_as_a_draft(cast):
    item = cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    settle(item, said=CANNOT, actor=cast.iris)
    with pytest.raises(SeatLost, match="taken out of the queue"):
        submit(cast.project, cast.ada, seat.pk, bad(cast), key=uuid.uuid4())
    assert Draft.objects.get(user=cast.ada, item=item).data == bad(cast).as_draft()


def test_a_key_belongs_to_one_answer(cast):
    cast.item()
    cast.item()
    first = says(cast, cast.ada)
    (seat,) = claim(cast.project, cast.ada, want=1)
    with pytest.raises(KeyTaken):
        submit(cast.project, cast.ada, seat.pk, FINE, key=first.key)
    assert Seat.objects.get(pk=seat.pk).status == Seat.Status.OPEN
    assert submit(cast.project, cast.ada, first.seat_id, FINE, key=first.key) == first


def test_undo_takes_the_verdict_of_all_who_agreed_with_it(cast):
    cast.item(overlap=2)
    says(cast, cast.ada)
    Answer.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    last = says(cast, cast.bo)
    assert not Verdict.objects.final().exists()  # it stands on an old answer, and can still fall with the new one
    undo(cast.project, cast.bo, last.key)
    assert not Verdict.objects.exists()
    assert list(Answer.objects.standing().values_list("annotator", flat=True)) == [cast.ada.pk]
    again = says(cast, cast.bo, CANNOT)
    assert again.seat_id == last.seat_id
    assert Item.objects.disputed().exists()


def test_a_verdict_is_final_when_every_answer_under_it_is(cast):
    cast.item(overlap=2)
    says(cast, cast.ada)
    says(cast, cast.bo)
    assert not Verdict.objects.final().exists()
    Answer.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    assert Verdict.objects.final().count() == Answer.objects.final().count() - 1 == 1


def test_what_a_curator_decided_is_not_undone_by_a_reader(cast):
    cast.item(overlap=2)
    one, two = says(cast, cast.ada), says(cast, cast.bo, CANNOT)
    settle(one.item, answer=one, actor=cast.iris)
    for answer in (one, two):
        with pytest.raises(UndoRefused, match="curator"):
            undo(cast.project, answer.annotator, answer.key)
    assert Verdict.objects.get().answer == one


def test_what_is_frozen_is_not_undone(cast):
    cast.item()
    answer = says(cast, cast.ada)
    snapshot = Snapshot.objects.create(project=cast.project, digest="0" * 64, rows=1, demonstrations=0)
    SnapshotRow.objects.create(snapshot=snapshot, position=0, uuid=answer.item.uuid)
    with pytest.raises(UndoRefused, match="frozen"):
        undo(cast.project, cast.ada, answer.key)


def test_undone_twice_is_undone_once_until_somebody_else_sits_there(cast):
    cast.item()
    answer = says(cast, cast.ada)
    assert undo(cast.project, cast.ada, answer.key) == undo(cast.project, cast.ada, answer.key) == answer.seat_id
    Seat.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    claim(cast.project, cast.bo, want=1)
    with pytest.raises(UndoRefused, match="already taken back"):
        undo(cast.project, cast.ada, answer.key)


def test_skipping_what_is_not_ones_own_is_refused(cast):
    seat = cast.item().seats.get()
    with pytest.raises(SeatLost):
        skip(cast.project, cast.ada, seat.pk, reason="other")


def broken_off(*_args, **_said):
    raise KeyboardInterrupt


def test_a_skip_that_breaks_off_leaves_the_seat_where_it_was(cast, monkeypatch):
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    with monkeypatch.context() as broken:
        broken.setattr(Skip, "save", broken_off)
        with pytest.raises(KeyboardInterrupt):
            skip(cast.project, cast.ada, seat.pk, reason="other")
    assert Seat.objects.held_by(cast.ada).get().pk == seat.pk
    first = skip(cast.project, cast.ada, seat.pk, reason="other")
    assert skip(cast.project, cast.ada, seat.pk, reason="other") == first


def test_of_many_skips_of_one_seat_at_once_each_hears_of_the_one_that_was_written(crowd):  # noqa: F811
    cast, _ = crowd
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    said = at_once([cast.ada] * 6, lambda person: skip(cast.project, person, seat.pk, reason="other").pk)
    assert len({pk for _, pk in said}) == Skip.objects.count() == 1


def half_a_minute_later(cast):
    """No pass can be taken back any more, and the timer has looked."""
    Skip.objects.update(at=timezone.now() - UNDO_WINDOW)
    forget_leavers(cast.project)


def test_what_was_kept_for_somebody_who_passes_on_it_is_for_everybody_half_a_minute_later(cast):
    item = cast.item()
    item.seats.update(reserved_for=cast.ada)
    (seat,) = claim(cast.project, cast.ada, want=1)
    skip(cast.project, cast.ada, seat.pk, reason="expertise")
    assert claim(cast.project, cast.ada, want=1) == claim(cast.project, cast.bo, want=1) == []
    half_a_minute_later(cast)
    assert claim(cast.project, cast.ada, want=1) == []
    assert [one.pk for one in claim(cast.project, cast.bo, want=1)] == [seat.pk]


def test_what_was_sent_back_and_is_passed_on_is_for_everybody_half_a_minute_later(cast):
    item = cast.item(overlap=2)
    answer = says(cast, cast.ada)
    says(cast, cast.bo, CANNOT)
    send_back(item, answer, "Look at the verb.", actor=cast.iris)
    skip(cast.project, cast.ada, claim(cast.project, cast.ada, want=1)[0].pk, reason="too_hard")
    half_a_minute_later(cast)
    assert says(cast, cast.max).item == item


def test_a_draft_is_kept_for_the_holder_only(cast):
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    keep_draft(cast.project, cast.ada, seat.pk, {"comment": "mine"})
    with pytest.raises(SeatLost):
        keep_draft(cast.project, cast.bo, seat.pk, {"comment": "theirs"})
    assert Draft.objects.get().data == {"comment": "mine"}


# ---------------------------------------------------------------- what a cycle costs


def statements(captured) -> list[str]:
    words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [query["sql"] for query in captured if not query["sql"].startswith(words)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("more", "count"), [({}, 13), ({"spans": [{"start": 0, "end": 3}]}, 14)])
def test_a_cycle_costs_thirteen_statements_and_one_more_with_spans(transactional_db, more, count):
    """Session, person, project; seat, its closing, categories, answer, links, verdict, draft; pause; claim, payload."""
    cast = Cast()
    for _ in range(5):
        cast.item()
    page = Page(cast.ada, cast.project)
    held = [item["seat"] for item in page.open()["items"]]
    page.post("draft", {"seat": held[0], "data": {"comment": "as people do"}})
    with CaptureQueriesContext(connection) as captured:
        reply = page.post("submit", biased(cast, held[0], guideline=1, holding=held[1:], want=1, **more))
    assert len(reply.json()["next"]) == 1
    assert len(statements(captured)) == count, "\n".join(statements(captured))


# ---------------------------------------------------------------- real threads, real transactions


@pytest.mark.parametrize("same", [True, False])
def test_last_answers_of_the_same_second_settle_exactly_once(crowd, same):  # noqa: F811
    cast, people = crowd
    for _ in range(10):
        item, readers = cast.item(overlap=4), people[:4]
        seats = {reader.pk: claim(cast.project, reader, want=1)[0] for reader in readers}

        def answer(person, seats=seats):
            said = FINE if same or person != people[0] else CANNOT
            return submit(cast.project, person, seats[person.pk].pk, said, key=uuid.uuid4())

        at_once(readers, answer)
        assert Verdict.objects.filter(item=item).count() == same
        assert Item.objects.disputed().filter(pk=item.pk).exists() != same


def test_the_same_submit_sent_eight_times_at_once_is_one_answer(crowd):  # noqa: F811
    cast, _ = crowd
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    key = uuid.uuid4()
    results = at_once([cast.ada] * 8, lambda person: submit(cast.project, person, seat.pk, FINE, key=key).pk)
    assert len({pk for _, pk in results}) == 1
    assert Answer.objects.count() == Verdict.objects.count() == 1


def test_a_curator_and_the_last_reader_in_the_same_instant_leave_one_verdict(crowd):  # noqa: F811
    cast, _ = crowd
    for _ in range(8):
        item = cast.item()
        (seat,) = claim(cast.project, cast.ada, want=1)

        def act(person, item=item, seat=seat):
            try:
                if person == cast.iris:
                    return settle(item, said=CANNOT, actor=person).answer.annotator
                return submit(cast.project, person, seat.pk, FINE, key=uuid.uuid4()).annotator
            except (AlreadySettled, SeatLost):
                return None

        results = dict(at_once([cast.ada, cast.iris], act))
        assert [winner for winner in results.values() if winner] == [Verdict.objects.get(item=item).answer.annotator]


def test_undo_and_the_last_answer_in_the_same_instant_leave_no_verdict_on_an_undone_answer(crowd):  # noqa: F811
    cast, _ = crowd
    for _ in range(8):
        item = cast.item(overlap=2)
        first = says(cast, cast.ada)
        (seat,) = claim(cast.project, cast.bo, want=1)

        def act(person, first=first, seat=seat):
            if person == cast.ada:
                return undo(cast.project, person, first.key)
            return submit(cast.project, person, seat.pk, FINE, key=uuid.uuid4())

        at_once([cast.ada, cast.bo], act)
        assert not Verdict.objects.filter(item=item).exists()
        assert item.seats.filter(status=Seat.Status.OPEN, holder=cast.ada).count() == 1
        item.seats.update(status=Seat.Status.RETIRED)

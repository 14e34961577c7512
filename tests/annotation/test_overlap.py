"""Another number of readers, also for what is in the queue."""

import uuid
from collections import Counter

import pytest
from django.utils import timezone

from annotation import refill, tasks
from annotation import submit as submitting
from annotation.browse import items
from annotation.browse.filters import found
from annotation.browse.ways import ids
from annotation.claim import claim
from annotation.models import Item, OverlapChange, Seat, Topic, Verdict
from annotation.queue import overlap, stale
from annotation.queue.shapes import Said
from annotation.settle import settle
from annotation.submit import SeatLost, submit
from studio.models import AuditEntry, Project, User
from tests.annotation.test_claim import at_once, crowd  # noqa: F401 (a fixture)
from tests.cast import Cast, make_version, settle_item


def seats_of(item: Item) -> list[str]:
    return list(item.seats.order_by("position").values_list("status", flat=True))


def says(cast: Cast, user: User, outcome: str = "fine") -> None:
    (seat,) = claim(cast.project, user, want=1)
    submit(cast.project, user, seat.pk, Said(outcome), key=uuid.uuid4())


def wants(cast: Cast, number: int, topic: Topic | None = None) -> int:
    if topic:
        overlap.change_topic(topic, number, actor=cast.iris)
    else:
        Project.objects.filter(pk=cast.project.pk).update(overlap=number)
    return overlap.apply(cast.project, topic)


def test_more_readers_means_more_seats_at_what_is_unsettled(cast: Cast) -> None:
    unread, settled, theirs = cast.item(), cast.item(), cast.item(topic=None)
    settle_item(settled)
    assert overlap.reach(cast.project, None, 3) == overlap.Reach(more=2, fewer=0)
    assert wants(cast, 3) == 2
    assert seats_of(unread) == seats_of(theirs) == ["open"] * 3
    assert seats_of(settled) == ["retired"]
    assert set(unread.seats.values_list("topic", flat=True)) == {cast.topic.pk}
    assert wants(cast, 3) == 0


def test_a_topics_own_number_goes_before_the_projects(cast: Cast) -> None:
    own, other = cast.item(), cast.item(topic=None)
    assert wants(cast, 2, cast.topic) == 1
    assert (len(seats_of(own)), len(seats_of(other))) == (2, 1)
    assert wants(cast, 3) == 1
    assert (len(seats_of(own)), len(seats_of(other))) == (2, 3)
    overlap.change_topic(cast.topic, None, actor=cast.iris)
    assert overlap.apply(cast.project, cast.topic) == 1
    assert len(seats_of(own)) == 3
    assert AuditEntry.objects.filter(verb="changed overlap").count() == 2


def test_fewer_readers_settles_where_those_who_stay_agree_and_disputes_where_they_differ(cast: Cast) -> None:
    agreed, differ, begun = (cast.item(overlap=3) for _ in range(3))
    for reader in (cast.ada, cast.bo):
        says(cast, reader)
    says(cast, cast.ada)
    says(cast, cast.bo, "cannot_judge")
    says(cast, cast.ada)
    assert overlap.reach(cast.project, None, 2) == overlap.Reach(more=0, fewer=3)
    assert wants(cast, 2) == 3
    assert Verdict.objects.get().item == agreed
    assert list(Item.objects.disputed()) == [differ]
    assert seats_of(begun) == ["answered", "open", "retired"]


def test_who_holds_a_seat_keeps_it(cast: Cast) -> None:
    item = cast.item(overlap=3)
    held = [claim(cast.project, reader, want=1)[0].pk for reader in (cast.ada, cast.bo)]
    assert wants(cast, 1) == 1
    assert Seat.objects.filter(pk__in=held, status="open").count() == 2
    assert seats_of(item).count("retired") == 1
    Seat.objects.filter(pk=held[1]).update(lease_ends_at=timezone.now())
    assert overlap.apply(cast.project) == 1
    assert Seat.objects.get(pk=held[1]).status == "retired"
    with pytest.raises(SeatLost):
        submit(cast.project, cast.bo, held[1], Said("fine"), key=uuid.uuid4())


def test_seats_that_were_taken_away_come_back_before_new_ones_are_made(cast: Cast) -> None:
    item = cast.item(overlap=3)
    wants(cast, 1)
    wants(cast, 2)
    assert seats_of(item) == ["open", "open", "retired"]
    wants(cast, 4)
    assert seats_of(item) == ["open"] * 4


def test_a_disputed_item_waits_for_a_further_reader_when_there_are_more(cast: Cast) -> None:
    item = cast.item(overlap=2)
    says(cast, cast.ada)
    says(cast, cast.bo, "cannot_judge")
    assert wants(cast, 3) == 1
    assert not Item.objects.disputed().exists()
    settle(item, answer=item.answers.first(), actor=cast.iris)
    assert seats_of(item) == ["answered", "answered", "retired"]


def test_what_the_queue_no_longer_holds_and_gold_seats_are_left_alone(cast: Cast) -> None:
    replaced, gold = cast.item(), cast.item()
    replaced.seats.update(status="retired")
    settle_item(gold)
    Seat.objects.create(project=cast.project, item=gold, position=1, purpose="gold", reserved_for=cast.ada)
    assert wants(cast, 3) == 0
    assert (seats_of(replaced), seats_of(gold)) == (["retired"], ["retired", "open"])


def test_many_items_are_changed_in_chunks(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "CHUNK", 2)
    for _ in range(5):
        cast.item()
    assert wants(cast, 2) == 5
    assert Seat.objects.count() == 10


# ---------------------------------------------------------------- what a lower number leaves behind


def test_seats_that_were_taken_away_touch_nothing(cast: Cast) -> None:
    old = make_version(cast.project)
    made = {cast.item(overlap=3, version=old).pk for _ in range(3)}
    wants(cast, 1)
    assert refill.ready(cast.project, old, "review") == Item.objects.unread().count() == 3
    assert set(ids(found(cast.project, {"state": "unread"}), 10)) == made
    assert {items.state_of(item) for item in Item.objects.all()} == {"unread"}
    (seat,) = claim(cast.project, cast.ada, want=1)
    assert ids(found(cast.project, {"state": "reading"}), 10) == [seat.item_id]
    assert items.state_of(Item.objects.get(pk=seat.item_id)) == "reading"
    assert stale.retire_stale(cast.project, make_version(cast.project, 1)) == 2
    assert list(Seat.objects.filter(status="open")) == [Seat.objects.get(pk=seat.pk)]


@pytest.mark.parametrize("now", [1, 2, 5])
def test_what_comes_back_has_as_many_seats_as_are_wanted_now(cast: Cast, now: int) -> None:
    old = make_version(cast.project)
    item = cast.item(overlap=3, version=old)
    stale.retire_stale(cast.project, make_version(cast.project, 1))
    wants(cast, now)
    assert seats_of(item) == ["retired"] * 3
    assert stale.bring_back(old, 8) == 1
    assert seats_of(item).count("open") == now
    assert stale.bring_back(old, 8) == 0


def test_what_is_kept_for_somebody_is_no_stock_and_never_stale(cast: Cast) -> None:
    old = make_version(cast.project)
    item = cast.item(overlap=2, version=old)
    item.seats.filter(position=1).update(reserved_for=cast.ada)
    assert refill.ready(cast.project, old, "review") == 0
    assert stale.retire_stale(cast.project, make_version(cast.project, 1)) == 0
    assert stale.retire([item.pk]) == 0
    assert seats_of(item) == ["open", "open"]


def test_what_a_curator_put_in_by_hand_or_keeps_for_somebody_stays(cast: Cast) -> None:
    steered, kept, sent_back = (cast.item(overlap=3) for _ in range(3))
    Item.objects.filter(pk=steered.pk).update(steered_at=timezone.now())
    kept.seats.filter(position=2).update(reserved_for=cast.ada)
    sent_back.seats.update(reserved_for=cast.bo)
    assert overlap.reach(cast.project, None, 1) == overlap.Reach(more=0, fewer=1)
    assert wants(cast, 1) == 1
    assert seats_of(steered) == seats_of(sent_back) == ["open"] * 3
    assert seats_of(kept) == ["retired", "retired", "open"]


# ---------------------------------------------------------------- a wish is kept until it is done


def numbers(cast: Cast, overlap_: int) -> None:
    overlap.change_numbers(cast.project, {"overlap": overlap_}, actor=cast.max)


def long_ago() -> None:
    OverlapChange.objects.update(beat_at=timezone.now() - 2 * overlap.AGAIN)


def test_a_lost_message_is_sent_again_until_it_is_done(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int | None]] = []
    monkeypatch.setattr(tasks.apply_overlap, "delay_on_commit", lambda *about: sent.append(about))
    cast.item(topic=None)
    numbers(cast, 1)
    assert not OverlapChange.objects.exists()  # it was 1 before
    numbers(cast, 2)
    tasks.refill_queues()
    assert sent == []  # somebody may be at it
    long_ago()
    tasks.refill_queues()
    tasks.refill_queues()
    assert sent == [(cast.project.pk, None)]
    tasks.apply_overlap(*sent[0])
    assert Seat.objects.count() == 2
    long_ago()
    tasks.refill_queues()
    assert len(sent) == 1


def test_a_worker_that_dies_half_way_leaves_the_wish(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "CHUNK", 1)
    inner, made = overlap.change, [cast.item() for _ in range(3)]
    overlap.change_topic(cast.topic, 2, actor=cast.iris)

    def killed(items: list[int], wanted: int) -> int:
        if made[1].pk in items:
            raise SystemExit
        return inner(items, wanted)

    monkeypatch.setattr(overlap, "change", killed)
    with pytest.raises(SystemExit):
        overlap.apply(cast.project, cast.topic)
    assert Seat.objects.count() == 4
    monkeypatch.setattr(overlap, "change", inner)
    long_ago()
    for change in overlap.lost():
        tasks.apply_overlap(change.project_id, change.topic_id)
    assert Seat.objects.count() == 6
    assert not OverlapChange.objects.waiting().exists()


def test_a_wish_of_the_meantime_is_not_taken_for_done(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.item(topic=None)
    numbers(cast, 2)
    monkeypatch.setattr(overlap, "close_what_was_settled_meanwhile", lambda *_: numbers(cast, 3))
    overlap.apply(cast.project)
    assert OverlapChange.objects.waiting().count() == 1
    assert OverlapChange.objects.count() == 2


def test_a_message_about_what_is_gone_does_nothing(cast: Cast) -> None:
    tasks.apply_overlap(cast.project.pk, 0)
    tasks.apply_overlap(0, None)


# ---------------------------------------------------------------- real threads, real transactions


def test_two_curators_at_once_end_with_one_number_everywhere(crowd) -> None:  # noqa: F811
    cast, _ = crowd
    for _ in range(6):
        cast.item()
    at_once([cast.iris, cast.max], lambda person: wants(cast, 2 if person == cast.iris else 4))
    overlap.apply(cast.project)
    number = Project.objects.get(pk=cast.project.pk).overlap
    open_seats = Counter(Seat.objects.filter(status="open").values_list("item", flat=True))
    assert set(open_seats.values()) == {number}
    assert Seat.objects.values("item", "position").distinct().count() == Seat.objects.count()


def test_answers_and_a_lower_number_in_the_same_instant_leave_no_item_undecided(crowd) -> None:  # noqa: F811
    cast, people = crowd
    for _ in range(3):
        cast.item(overlap=4)

    def act(person: User) -> None:
        if person == cast.iris:
            wants(cast, 2)
            return
        for _ in range(3):
            for seat in claim(cast.project, person, want=1):
                submit(cast.project, person, seat.pk, Said("fine"), key=uuid.uuid4())

    at_once([*people[:2], cast.iris, *people[2:6]], act)
    assert Verdict.objects.count() == 3
    for item in Item.objects.all():
        assert item.seats.filter(status="answered").count() in (2, 3, 4)
        assert not item.seats.filter(status="open").exists()


def test_who_settled_the_item_alone_while_it_got_more_seats_leaves_none_of_them_open(cast: Cast) -> None:
    item = cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    asked = submitting.look_at(cast.project, seat.pk, Said("fine"))  # nobody else has a seat there
    overlap.change_topic(cast.topic, 2, actor=cast.iris)
    overlap.apply(cast.project, cast.topic)
    submitting.take(asked, cast.ada, Said("fine"), uuid.uuid4())
    assert seats_of(item) == ["answered", "open"]
    assert Verdict.objects.get().item == item
    tasks.refill_queues()
    assert seats_of(item) == ["answered", "retired"]

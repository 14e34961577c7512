"""Many items at once: what will happen is said before, and what nobody changed since can be put back."""

import threading
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation import freeze, submit, tasks
from annotation.browse.bulk import bulk_actions, bulk_verbs, retire
from annotation.claim import claim
from annotation.models import Answer, BulkAction, Collection, Gold, Item, Seat, Skip, Verdict
from annotation.queue import gold
from annotation.queue.correct import correct
from annotation.queue.shapes import Said
from annotation.settle import settle
from annotation.settling import compare, thread
from annotation.values import topics
from studio.models import AuditEntry, Membership, User
from tests.annotation.test_settle import answered
from tests.cast import Cast, make_comparison, make_item, settle_item


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


@pytest.fixture
def iris(client: Client, cast: Cast) -> Client:
    cache.clear()
    client.force_login(cast.iris)
    return client


def state(item: Item) -> list[tuple[int, str, int | None, int | None]]:
    return list(item.seats.order_by("position").values_list("position", "status", "holder", "reserved_for"))


def act(cast: Cast, verb: str, *items: Item, **choice: Any) -> BulkAction:
    return bulk_actions.act(cast.project, verb, [item.pk for item in items], actor=cast.iris, **choice)


def say(cast: Cast, who: User, item: Item, outcome: str) -> Answer:
    """`who` takes the item's next open seat and answers."""
    seat = item.seats.filter(status="open").order_by("position").first()
    Seat.objects.filter(pk=seat.pk).update(holder=who, lease_ends_at=timezone.now() + timedelta(hours=1))
    return submit.submit(cast.project, who, seat.pk, Said(outcome=outcome), key=uuid.uuid4())


class TestRequeue:
    def test_a_settled_item_is_read_once_more_and_its_answer_stays(self, cast: Cast) -> None:
        item = cast.item()
        verdict = settle_item(item, by=cast.ada)
        item.seats.update(status="answered", holder=cast.ada, lease_ends_at=timezone.now())
        Answer.objects.update(seat=item.seats.get())
        act(cast, "requeue", item)
        assert not Verdict.objects.exists()
        assert Answer.objects.standing().get() == verdict.answer
        assert [row[:2] for row in state(item)] == [(0, "answered"), (1, "open")]
        assert item.seats.get(position=1).topic == cast.topic
        assert claim(cast.project, cast.bo, want=1)[0].item_id == item.pk
        assert not claim(cast.project, cast.ada, want=1)

    def test_a_retired_item_opens_again(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        item.seats.update(status="retired")
        act(cast, "requeue", item)
        assert [row[1] for row in state(item)] == ["open", "open"]

    def test_what_is_frozen_gold_or_open_stays_and_the_plan_says_so(self, cast: Cast) -> None:
        frozen, gold, waiting, settled = (cast.item() for _ in range(4))
        settle_item(frozen)
        freeze.freeze(cast.project, actor=cast.iris)
        Gold.objects.create(item=gold, answer=settle_item(gold).answer)
        settle_item(settled)
        plan = bulk_actions.plan(cast.project, "requeue", [one.pk for one in (frozen, gold, waiting, settled)])
        assert plan.will == (settled.pk,)
        assert [(count, why.split(":")[0]) for count, why in plan.stay] == [
            (1, "frozen"), (1, "gold"), (1, "in the queue already")
        ]  # fmt: skip
        act(cast, "requeue", frozen, gold, waiting, settled)
        assert set(Verdict.objects.values_list("item", flat=True)) == {frozen.pk, gold.pk}

    def test_undo_brings_back_the_verdict_as_it_was_unless_somebody_sat_down(self, cast: Cast) -> None:
        left, taken = cast.item(), cast.item()
        before = [settle_item(item, by=cast.iris) for item in (left, taken)]
        action = act(cast, "requeue", left, taken)
        Seat.objects.filter(item=taken).update(holder=cast.ada, lease_ends_at=timezone.now() + timedelta(days=1))
        assert bulk_actions.undo(action, actor=cast.iris) == (1, 1)
        verdict = Verdict.objects.get()
        for name in ("item_id", "answer_id", "how", "decided_by_id", "reason", "created_at"):
            assert getattr(verdict, name) == getattr(before[0], name)
        assert [row[1] for row in state(left)] == ["retired"]
        assert [row[1] for row in state(taken)] == ["open"]

    def test_undo_after_the_reader_changed_their_mind_leaves_the_item_settled_as_they_say_now(self, cast: Cast) -> None:
        item = cast.item()
        answer = say(cast, cast.ada, item, "fine")
        action = act(cast, "requeue", item)
        new = correct(cast.project, cast.ada, answer.key, Said(outcome="cannot_judge"), new_key=uuid.uuid4())
        assert bulk_actions.undo(action, actor=cast.iris) == (0, 1)
        assert Verdict.objects.get().answer == new

    def test_undo_where_one_of_two_changed_their_mind_makes_a_dispute_and_no_verdict(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        say(cast, cast.ada, item, "fine")
        second = say(cast, cast.bo, item, "fine")
        action = act(cast, "requeue", item)
        correct(cast.project, cast.bo, second.key, Said(outcome="cannot_judge"), new_key=uuid.uuid4())
        bulk_actions.undo(action, actor=cast.iris)
        assert not Verdict.objects.exists()
        assert list(Item.objects.disputed()) == [item]

    def test_what_a_curator_decided_before_is_still_said_to_be_a_curators(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        say(cast, cast.ada, item, "fine")
        say(cast, cast.bo, item, "cannot_judge")
        settle(item, said=Said(outcome="fine"), actor=cast.iris)
        act(cast, "requeue", item)
        shown = compare.page(compare.with_answers(Item.objects.all()).get())
        assert [reading["reader"] for reading in shown["readings"]][-1] == "Curator, before"

    def test_undo_says_again_whether_the_item_was_steered_before(self, cast: Cast) -> None:
        item = cast.item()
        first = act(cast, "retire", item)
        steered = Item.objects.get().steered_at
        bulk_actions.undo(act(cast, "requeue", item), actor=cast.iris)
        assert Item.objects.get().steered_at == steered
        bulk_actions.undo(first, actor=cast.iris)
        assert Item.objects.get().steered_at is None


class TestRetire:
    def test_where_the_holder_of_a_lease_that_ran_out_answers_after_the_plan_the_item_stays(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        first = item.seats.get(position=0)
        Seat.objects.filter(pk=first.pk).update(holder=cast.ada, lease_ends_at=timezone.now() - timedelta(days=1))
        action = bulk_actions.begin(cast.project, "retire", [item.pk], actor=cast.iris)
        submit.submit(cast.project, cast.ada, first.pk, Said(outcome="fine"), key=uuid.uuid4())
        assert bulk_actions.work(action.pk).count == 0
        assert [row[1] for row in state(item)] == ["answered", "open"]

    def test_closing_the_last_open_seat_of_what_somebody_answered_settles_it(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        answer = say(cast, cast.ada, item, "fine")
        retire.do(cast.project, [item.pk], actor=cast.iris)
        assert Verdict.objects.get().answer == answer

    def test_only_what_is_unread_leaves_the_queue_and_comes_back(self, cast: Cast) -> None:
        unread, held, begun = cast.item(), cast.item(), cast.item(overlap=2)
        answered(begun, cast.ada, "fine")
        held.seats.update(holder=cast.bo, lease_ends_at=timezone.now() + timedelta(hours=1))
        action = act(cast, "retire", unread, held, begun)
        assert action.changes["items"] == [unread.pk]
        assert [row[1] for row in state(unread)] == ["retired"]
        assert [row[1] for row in state(begun)] == ["answered", "open"]
        assert bulk_actions.undo(action, actor=cast.iris) == (1, 0)
        assert [row[1] for row in state(unread)] == ["open"]

    def test_what_was_settled_since_is_not_put_back(self, cast: Cast) -> None:
        item = cast.item()
        action = act(cast, "retire", item)
        settle_item(item)
        assert bulk_actions.undo(action, actor=cast.iris) == (0, 1)
        assert Verdict.objects.exists()


class TestAssign:
    def test_one_seat_is_kept_for_the_person_and_given_back_by_undo(self, cast: Cast) -> None:
        item, skipped, settled = cast.item(overlap=2), cast.item(), cast.item()
        Skip.objects.create(item=skipped, user=cast.bo, reason="other")
        settle_item(settled)
        action = act(cast, "assign", item, skipped, settled, person=cast.bo)
        assert [row[3] for row in state(item)] == [cast.bo.pk, None]
        assert [row[3] for row in state(skipped)] == [None]
        assert action.count == 1
        assert bulk_actions.undo(action, actor=cast.iris) == (1, 0)
        assert [row[3] for row in state(item)] == [None, None]

    def test_what_they_began_since_stays_theirs(self, cast: Cast) -> None:
        item = cast.item()
        action = act(cast, "assign", item, person=cast.bo)
        assert claim(cast.project, cast.bo, want=1)
        assert bulk_actions.undo(action, actor=cast.iris) == (0, 1)

    def test_nobody_is_given_their_own_words_or_what_others_are_named_for(self, cast: Cast) -> None:
        own = make_comparison(cast.project, author=cast.bo, topic=cast.topic)
        named = cast.item()
        plan = bulk_actions.plan(cast.project, "assign", [own.pk], person=cast.bo)
        assert plan.stay == ((1, f"with {cast.bo.display_name}’s own words in it"),)
        cast.topic.readers.add(Membership.objects.get(user=cast.ada, project=cast.project))
        plan = bulk_actions.plan(cast.project, "assign", [named.pk], person=cast.bo)
        assert plan.stay == ((1, f"of a topic for which others are named, not {cast.bo.display_name}"),)
        assert bulk_actions.plan(cast.project, "assign", [named.pk], person=cast.ada).count == 1

    def test_that_somebody_would_rather_not_read_a_topic_is_not_told(self, cast: Cast) -> None:
        topics.opt(cast.topic, cast.bo, out=True)
        assert bulk_actions.plan(cast.project, "assign", [cast.item().pk], person=cast.bo).count == 1

    def test_what_was_sent_back_waits_for_its_reader(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        answer = say(cast, cast.ada, item, "fine")
        say(cast, cast.bo, item, "cannot_judge")
        thread.send_back(item, answer, "Look again.", actor=cast.iris)
        Seat.objects.filter(item=item, holder=cast.ada).update(holder=None, lease_ends_at=None)
        plan = bulk_actions.plan(cast.project, "assign", [item.pk], person=cast.max)
        assert plan.stay == ((1, "sent back to their reader, for whom they wait"),)
        assert act(cast, "assign", item, person=cast.max).count == 0

    def test_the_timer_leaves_alone_what_is_assigned(self, cast: Cast) -> None:
        item = cast.item()
        action = act(cast, "assign", item, person=cast.bo)
        assert Item.objects.get().steered_at
        bulk_actions.undo(action, actor=cast.iris)
        assert Item.objects.get().steered_at is None


class TestGoldAndCollections:
    def test_an_answer_taken_back_between_plan_and_deed_is_no_error(self, cast: Cast) -> None:
        gone, there = cast.item(), cast.item()
        answer = say(cast, cast.ada, gone, "fine")
        settle_item(there)
        action = bulk_actions.begin(cast.project, "gold", [gone.pk, there.pk], actor=cast.iris, explanation="")
        submit.undo(cast.project, cast.ada, answer.key)
        assert bulk_actions.work(action.pk).count == 1
        assert Gold.objects.get().item == there

    def test_undo_closes_the_gold_seats_that_nobody_holds(self, cast: Cast) -> None:
        item = cast.item()
        settle_item(item, by=cast.iris)
        action = act(cast, "gold", item)
        given = gold.seat_at_one(cast.project, cast.ada, until=timezone.now() + timedelta(hours=1))
        Seat.objects.filter(pk=given).update(holder=None, lease_ends_at=None)
        bulk_actions.undo(action, actor=cast.iris)
        assert Seat.objects.get(pk=given).status == "retired"

    def test_what_was_gold_once_is_marked_again_and_afterwards_as_before(self, cast: Cast) -> None:
        item = cast.item()
        settle_item(item, by=cast.iris)
        gold.unmark(gold.mark(item, actor=cast.max, explanation="Old."), actor=cast.max)
        action = act(cast, "gold", item, explanation="New.")
        assert Gold.objects.values_list("explanation", "is_active", "created_by").get() == ("New.", True, cast.max.pk)
        bulk_actions.undo(action, actor=cast.iris)
        assert Gold.objects.values_list("explanation", "is_active").get() == ("Old.", False)

    def test_the_number_of_queries_of_gold_does_not_grow_with_the_items(
        self, cast: Cast, django_assert_max_num_queries: Any
    ) -> None:
        items = [cast.item() for _ in range(20)]
        for item in items:
            settle_item(item)
        with django_assert_max_num_queries(25):
            act(cast, "gold", *items)
        assert Gold.objects.count() == 20

    def test_settled_items_become_gold_and_stop_being_it(self, cast: Cast) -> None:
        settled, unread = cast.item(), cast.item()
        settle_item(settled)
        action = act(cast, "gold", settled, unread, explanation="Because.")
        assert Gold.objects.get().explanation == "Because."
        assert bulk_actions.undo(action, actor=cast.iris) == (1, 0)
        assert not Gold.objects.exists()

    def test_gold_that_was_given_to_somebody_is_stopped_not_deleted(self, cast: Cast) -> None:
        item = cast.item()
        settle_item(item)
        action = act(cast, "gold", item)
        Seat.objects.create(project=cast.project, item=item, position=1, purpose="gold")
        assert bulk_actions.undo(action, actor=cast.iris) == (1, 0)
        assert not Gold.objects.get().is_active

    def test_a_collection_gains_and_loses_only_what_changed(self, cast: Cast) -> None:
        there, new = cast.item(), cast.item()
        best = Collection.objects.create(project=cast.project, name="Best")
        best.items.add(there)
        action = act(cast, "collect", there, new, collection=best)
        assert action.count == 1
        assert set(best.items.all()) == {there, new}
        bulk_actions.undo(action, actor=cast.iris)
        assert set(best.items.all()) == {there}
        out = act(cast, "uncollect", there, new, collection=best)
        assert not best.items.exists()
        assert bulk_actions.undo(out, actor=cast.iris) == (1, 0)
        assert set(best.items.all()) == {there}


class TestUndoneOutOfOrder:
    """What a later action did stands: the earlier one is undone only where nothing later is left."""

    def test_what_was_retired_again_stays_retired(self, cast: Cast) -> None:
        item = cast.item()
        first, second, third = act(cast, "retire", item), act(cast, "requeue", item), act(cast, "retire", item)
        assert bulk_actions.undo(first, actor=cast.iris) == (0, 1)
        assert [row[1] for row in state(item)] == ["retired"]
        assert bulk_actions.undone_in_words(BulkAction.objects.get(pk=first.pk))[0] == (
            "Undone: 0 items as before. 1 item changed since, and stays as it is."
        )
        assert [bulk_actions.undo(action, actor=cast.iris) for action in (third, second)] == [(1, 0), (1, 0)]

    def test_an_assignment_under_a_later_one_stays_and_so_does_what_the_item_says(self, cast: Cast) -> None:
        item = cast.item(overlap=2)
        ada, bo = act(cast, "assign", item, person=cast.ada), act(cast, "assign", item, person=cast.bo)
        assert bulk_actions.undo(ada, actor=cast.iris) == (0, 1)
        assert Item.objects.get().steered_at is not None
        assert bulk_actions.undo(bo, actor=cast.iris) == (1, 0)
        assert Item.objects.get().steered_at is not None  # Ada's seat is still kept for her
        assert {row[3] for row in state(item)} == {cast.ada.pk, None}

    @pytest.mark.parametrize("by_hand", [True, False])
    def test_gold_that_was_marked_anew_stays_gold(self, cast: Cast, by_hand: bool) -> None:
        item = cast.item()
        settle_item(item)
        first = act(cast, "gold", item)
        gold.unmark(Gold.objects.get(), actor=cast.max)
        anew = gold.mark(item, actor=cast.max) if by_hand else act(cast, "gold", item)
        assert bulk_actions.undo(first, actor=cast.iris) == (0, 1)
        assert Gold.objects.get().is_active
        if isinstance(anew, BulkAction):
            assert bulk_actions.undo(anew, actor=cast.iris) == (1, 0)
            assert not Gold.objects.get().is_active

    def test_what_was_collected_again_stays_and_what_was_taken_out_again_stays_out(self, cast: Cast) -> None:
        item, best = cast.item(), Collection.objects.create(project=cast.project, name="Best")
        collect, uncollect = (partial(act, cast, verb, item, collection=best) for verb in ("collect", "uncollect"))
        first, second, third = collect(), uncollect(), collect()
        act(cast, "collect", item, collection=Collection.objects.create(project=cast.project, name="Other"))
        assert bulk_actions.undo(first, actor=cast.iris) == (0, 1)
        fourth = uncollect()
        assert bulk_actions.undo(second, actor=cast.iris) == (0, 1)
        assert not best.items.exists()
        assert [bulk_actions.undo(action, actor=cast.iris) for action in (fourth, third)] == [(1, 0), (1, 0)]
        assert not best.items.exists()


class TestChunks:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk_actions, "CHUNK", 2)

    def test_deed_and_undo_go_through_all_chunks(self, cast: Cast) -> None:
        items = [cast.item() for _ in range(5)]
        action = act(cast, "retire", *items)
        assert action.count == 5
        assert bulk_actions.undo(action, actor=cast.iris) == (5, 0)
        assert not Seat.objects.exclude(status="open").exists()

    def test_what_broke_off_in_the_middle_can_be_undone_or_gone_on_with(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        items = [cast.item() for _ in range(5)]
        action = bulk_actions.begin(cast.project, "retire", [item.pk for item in items], actor=cast.iris)
        real, calls = bulk_actions.do_some, list[int]()

        def killed(action: BulkAction) -> bool:
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(action)

        monkeypatch.setattr(bulk_actions, "do_some", killed)
        with pytest.raises(KeyboardInterrupt):
            bulk_actions.work(action.pk)
        action.refresh_from_db()
        assert bulk_actions.sentence(action) == "2 items taken out of the queue so far, 3 to go."
        assert bulk_actions.undo(action, actor=cast.iris) == (2, 0)
        assert not Seat.objects.exclude(status="open").exists()
        bulk_actions.work(action.pk)  # the worker's message comes again
        assert not Seat.objects.exclude(status="open").exists()

    def test_many_are_a_workers_and_the_page_says_how_many_are_done(
        self, iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[int] = []
        monkeypatch.setattr(bulk_actions, "FEW", 2)
        monkeypatch.setattr(tasks.go_on_with_bulk, "delay_on_commit", sent.append)
        for _ in range(3):
            cast.item()
        asked = {"verb": "retire", "all": "1", "query": ""}
        assert "So many take a while" in iris.post(url(cast, "bulk"), asked).content.decode()
        iris.post(url(cast, "bulk"), {**asked, "sure": "1", "expected": "3"})
        assert "0 items taken out of the queue so far, 3 to go." in iris.get(url(cast, "data")).content.decode()
        tasks.go_on_with_bulk(sent[0])
        assert "3 items taken out of the queue." in iris.get(url(cast, "data")).content.decode()
        iris.post(url(cast, "bulk-undo", sent[0]))
        assert "This is being undone: 3 items to go." in iris.get(url(cast, "data")).content.decode()
        tasks.go_on_with_bulk(sent[1])
        assert Seat.objects.filter(status="open").count() == 3


class TestAfterwards:
    def test_each_of_several_actions_can_be_undone_from_the_page_by_any_curator(
        self, iris: Client, cast: Cast, django_assert_num_queries: Any
    ) -> None:
        one, two = cast.item(), cast.item()
        first, second = act(cast, "retire", one), act(cast, "retire", two)
        page = iris.get(url(cast, "data"))
        assert [action for action, _ in page.context["just_done"]] == [second]
        assert [action for action, _ in page.context["done_before"]] == [first]
        iris.force_login(cast.max)
        html = iris.get(url(cast, "data")).content.decode()
        assert 'id="last-action"' not in html  # he did neither
        for action in (first, second):
            assert url(cast, "bulk-undo", action.pk) in html
        iris.post(url(cast, "bulk-undo", second.pk))
        iris.post(url(cast, "bulk-undo", first.pk))
        page = iris.get(url(cast, "data"))
        assert not page.context["done_before"]
        assert not Seat.objects.exclude(status="open").exists()

    def test_looking_costs_the_same_for_ten_actions_as_for_one(
        self, cast: Cast, django_assert_num_queries: Any
    ) -> None:
        for _ in range(12):
            act(cast, "retire", cast.item())
        with django_assert_num_queries(1):
            done = [bulk_actions.sentence(action) for action in bulk_actions.recent(cast.project)]
        assert done == ["1 item taken out of the queue."] * 10

    def test_what_broke_off_is_gone_on_with_by_the_timer(
        self, cast: Cast, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = list[int]()
        monkeypatch.setattr(tasks.go_on_with_bulk, "delay", sent.append)
        items = [cast.item() for _ in range(3)]
        deed = bulk_actions.begin(cast.project, "retire", [item.pk for item in items[:2]], actor=cast.iris)
        undo = act(cast, "retire", items[2])
        bulk_actions.begin_undo(undo, actor=cast.iris)
        act(cast, "retire", cast.item())  # whole
        with django_capture_on_commit_callbacks(execute=True):
            tasks.resume_bulk()
        assert sent == []  # whoever began them may be at it
        BulkAction.objects.update(at=timezone.now() - timedelta(minutes=2))
        with django_capture_on_commit_callbacks(execute=True):
            tasks.resume_bulk()
        assert sorted(sent) == [deed.pk, undo.pk]
        for pk in sent:
            tasks.go_on_with_bulk(pk)
        assert [row[0][1] for row in map(state, items)] == ["retired", "retired", "open"]
        assert bulk_actions.lost() == []


def test_a_second_undo_is_refused(cast: Cast) -> None:
    action = act(cast, "retire", cast.item())
    bulk_actions.undo(action, actor=cast.iris)
    with pytest.raises(bulk_actions.AlreadyUndone):
        bulk_actions.undo(action, actor=cast.max)
    assert AuditEntry.objects.filter(verb="undid bulk: retire").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_bulk_actions_at_once_do_not_both_change_an_item(transactional_db: Any) -> None:
    cast = Cast()
    items = [cast.item() for _ in range(6)]
    for item in items:
        settle_item(item)
    start, done = threading.Barrier(2), list[int]()

    def requeue() -> None:
        start.wait()
        try:
            done.append(act(cast, "requeue", *items).count)
        finally:
            connection.close()

    threads = [threading.Thread(target=requeue) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(done) == [0, 6]
    assert Seat.objects.filter(status="open").count() == 6


@pytest.mark.django_db(transaction=True)
def test_an_undo_and_a_correction_at_once_leave_the_item_settled_by_what_stands(transactional_db: Any) -> None:
    cast = Cast()
    given = [say(cast, cast.ada, cast.item(), "fine") for _ in range(5)]
    action = act(cast, "requeue", *[answer.item for answer in given])
    start = threading.Barrier(2)

    def at_once(deed: Any) -> None:
        start.wait()
        try:
            deed()
        finally:
            connection.close()

    def corrects() -> None:
        for answer in given:
            correct(cast.project, cast.ada, answer.key, Said(outcome="cannot_judge"), new_key=uuid.uuid4())

    deeds = (corrects, lambda: bulk_actions.undo(action, actor=cast.iris))
    threads = [threading.Thread(target=at_once, args=(deed,)) for deed in deeds]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert Verdict.objects.filter(answer__undone_at=None, answer__outcome="cannot_judge").count() == 5


class TestDoor:
    def test_the_dialog_says_what_will_happen_and_the_second_step_does_it(self, iris: Client, cast: Cast) -> None:
        unread, settled = cast.item(), cast.item()
        settle_item(settled)
        chosen = {"verb": "retire", "item": [unread.uuid, settled.uuid], "query": "topic=work"}
        html = iris.post(url(cast, "bulk"), chosen).content.decode()
        assert "1 of 2 items:" in html
        assert "1, not in the queue" in html
        assert not BulkAction.objects.exists()
        reply = iris.post(url(cast, "bulk"), {**chosen, "sure": "1", "expected": "1"})
        assert reply.url == url(cast, "data") + "?topic=work"
        html = iris.get(reply.url).content.decode()
        assert html.count("<p>1 item taken out of the queue.") == 1  # with its undo, and not again above it
        assert 'badge-replaced">retired<' in html
        action = BulkAction.objects.get()
        reply = iris.post(url(cast, "bulk-undo", action.pk), {"query": "topic=work"}, follow=True)
        assert "Undone: 1 item as before." in reply.content.decode()
        reply = iris.post(url(cast, "bulk-undo", action.pk), follow=True)
        assert "undone already" in reply.content.decode()

    def test_with_htmx_the_dialog_is_a_part_of_the_page(self, iris: Client, cast: Cast) -> None:
        chosen = {"verb": "assign", "item": [cast.item().uuid]}
        html = iris.post(url(cast, "bulk"), chosen, HTTP_HX_REQUEST="true").content.decode()
        assert "<html" not in html
        assert 'id="bulk-person"' in html

    def test_numbers_that_changed_since_are_asked_again(self, iris: Client, cast: Cast) -> None:
        cast.item()
        chosen = {"verb": "retire", "all": "1", "query": "state=unread", "sure": "1", "expected": "7"}
        assert "look again" in iris.post(url(cast, "bulk"), chosen).content.decode()
        assert not BulkAction.objects.exists()

    def test_all_that_match_means_the_filters_of_the_page(self, iris: Client, cast: Cast) -> None:
        mine, other = cast.item(text="alpha"), cast.item(text="beta")
        iris.post(url(cast, "bulk"), {"verb": "retire", "all": "1", "query": "q=alpha", "sure": "1", "expected": "1"})
        assert [row[1] for row in state(mine) + state(other)] == ["retired", "open"]

    def test_a_new_name_makes_a_collection_which_can_be_frozen(self, iris: Client, cast: Cast) -> None:
        item, other = cast.item(), cast.item()
        settle_item(item)
        settle_item(other)
        asked = {"verb": "collect", "item": [item.uuid], "collection": "Best", "sure": "1", "expected": "1"}
        assert iris.post(url(cast, "bulk"), asked).status_code == 302
        assert list(Collection.objects.get().items.all()) == [item]
        iris.post(url(cast, "freeze"), {"collection": "Best"})
        assert cast.project.snapshots.get().rows == 1
        assert iris.post(url(cast, "freeze"), {"collection": "Worst"}).status_code == 404

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({}, "Choose at least one item"),
            ({"item": ["x"]}, "x"),
            ({"verb": "explode", "all": "1"}, "not one of the available"),
            ({"all": "1", "query": "state=nonsense"}, "load it again"),
            ({"all": "1", "verb": "assign", "sure": "1", "expected": "1"}, "name the person"),
            ({"all": "1", "verb": "assign", "person": "eve", "sure": "1"}, "There is no member"),
            ({"all": "1", "verb": "collect", "sure": "1"}, "name the collection"),
        ],
    )
    def test_what_is_missing_is_a_sentence(
        self, iris: Client, cast: Cast, fields: dict[str, Any], sentence: str
    ) -> None:
        cast.item()
        reply = iris.post(url(cast, "bulk"), {"verb": "retire", **fields})
        assert reply.status_code == 400
        assert sentence in reply.content.decode()
        assert not BulkAction.objects.exists()

    def test_items_of_another_project_are_not_touched(self, iris: Client, cast: Cast) -> None:
        foreign = make_item(cast.other)
        asked = {"verb": "retire", "item": [foreign.uuid], "sure": "1", "expected": "0"}
        assert "None of 0 items" in iris.post(url(cast, "bulk"), asked).content.decode()
        assert [row[1] for row in state(foreign)] == ["open"]

    @pytest.mark.parametrize(("person", "status"), [("ada", 403), ("eve", 404)])
    def test_only_curators(self, client: Client, cast: Cast, person: str, status: int) -> None:
        action = act(cast, "retire", cast.item())
        client.force_login(getattr(cast, person))
        assert client.post(url(cast, "bulk"), {"verb": "retire", "all": "1"}).status_code == status
        assert client.post(url(cast, "bulk-undo", action.pk)).status_code == status
        assert client.get(url(cast, "stock")).status_code == status

    def test_a_stranger_is_asked_to_log_in(self, client: Client, cast: Cast) -> None:
        assert client.post(url(cast, "bulk"), {"verb": "retire"}).url.startswith(reverse("account_login"))

    def test_what_changes_something_is_not_a_link(self, iris: Client, cast: Cast) -> None:
        for name, *args in (("bulk",), ("bulk-undo", 1), ("saved-views",), ("saved-view", 1)):
            assert iris.get(url(cast, name, *args)).status_code == 405


@pytest.mark.parametrize("verb", list(bulk_verbs.VERBS))
def test_the_number_of_queries_does_not_grow_with_the_items(cast: Cast, verb: str) -> None:
    """Of the plan, of the deed and of its undo; all the items are of one chunk."""
    best = Collection.objects.create(project=cast.project, name="Best")
    needs = {"assign": {"person": cast.bo}, "collect": {"collection": best}, "uncollect": {"collection": best}}
    choice: dict[str, Any] = needs.get(verb, {})

    def costs(count: int) -> list[int]:
        items = [cast.item() for _ in range(count)]
        if verb in ("requeue", "gold"):
            [settle_item(item) for item in items]
        if verb == "uncollect":
            best.items.add(*items)
        found, pks = [], [item.pk for item in items]
        with CaptureQueriesContext(connection) as asked:
            assert bulk_actions.plan(cast.project, verb, pks, **choice).count == count
        found.append(len(asked))
        with CaptureQueriesContext(connection) as asked:
            action = bulk_actions.act(cast.project, verb, pks, actor=cast.iris, **choice)
        found.append(len(asked))
        with CaptureQueriesContext(connection) as asked:
            assert bulk_actions.undo(action, actor=cast.iris) == (count, 0)
        return [*found, len(asked)]

    one, many = costs(1), costs(12)
    assert many == one
    assert one[0] <= 8
    assert max(one) <= 40

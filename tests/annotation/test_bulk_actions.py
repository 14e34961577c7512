"""Many items at once: what will happen is said before, and what nobody changed since can be put back."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import bulk_actions, bulk_verbs, freeze
from annotation.claim import claim
from annotation.models import Answer, BulkAction, Collection, Gold, Item, Seat, Skip, Verdict
from studio.models import AuditEntry
from tests.annotation.test_settle import answered
from tests.cast import Cast, make_item, settle_item


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


class TestRetire:
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


class TestGoldAndCollections:
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
        assert "1 item taken out of the queue." in html
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
def test_the_number_of_queries_does_not_grow_with_the_items(
    cast: Cast, verb: str, django_assert_max_num_queries: Any
) -> None:
    items = [cast.item() for _ in range(12)]
    with django_assert_max_num_queries(8):
        bulk_actions.plan(cast.project, verb, [item.pk for item in items])

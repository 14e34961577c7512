"""Remarks, mentions, notices, and answers that are sent back."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.browse.bulk import bulk_actions
from annotation.claim import claim, release
from annotation.models import UNDO_WINDOW, Answer, Draft, Item, Notice, Remark, Seat, Topic, Verdict
from annotation.person import notices
from annotation.queue import gold
from annotation.queue.payload import swapped
from annotation.settle import AlreadySettled, NotAnAnswerHere, settle
from annotation.settling import thread
from annotation.values import topics
from studio.models import AuditEntry, Role, User
from tests.annotation import test_settle
from tests.cast import Cast, make_comparison, settle_item


def answered(item: Item, user: User, outcome: str, **fields: Any) -> Answer:
    """An answer that can no longer be taken back."""
    return test_settle.answered(item, user, outcome, created_at=timezone.now() - 2 * UNDO_WINDOW, **fields)


@pytest.fixture
def item(cast: Cast) -> Item:
    item = cast.item(overlap=2)
    answered(item, cast.ada, "fine")
    answered(item, cast.bo, "biased").categories.add(cast.category)
    return item


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


class TestRemarks:
    def test_members_who_are_named_are_told(self, client: Client, cast: Cast, item: Item) -> None:
        client.force_login(cast.iris)
        text = "@ada. and @bo, look; @eve @nobody mail@max <script>alert(1)</script>"
        reply = client.post(url(cast, "remark", item.uuid), {"text": text})
        assert reply.url == url(cast, "item", item.uuid)
        assert set(Remark.objects.get().mentions.all()) == {cast.ada, cast.bo}
        assert sorted(Notice.objects.values_list("user__username", "kind")) == [("ada", "mention"), ("bo", "mention")]
        html = client.get(reply.url).content.decode()
        assert "Told of it: ada, bo. Nobody in this project is called @eve, @nobody." in html
        marked = '<strong class="mention">@{}</strong>'
        assert [marked.format(name) in html for name in ("ada", "bo", "eve", "nobody")] == [True, True, False, False]
        assert "tells somebody: @ada, @bo, " in html
        assert "&lt;script&gt;alert" in html
        assert "<script>alert" not in html

    def test_from_the_settling_page_one_comes_back_to_it(self, client: Client, cast: Cast, item: Item) -> None:
        client.force_login(cast.iris)
        reply = client.post(url(cast, "remark", item.uuid), {"text": "Hm.", "from": "settle"})
        assert reply.url == url(cast, "item-settle", item.uuid)

    @pytest.mark.parametrize(("text", "sentence"), [("  \n", "Write something"), ("x" * 4001, "at most 4,000")])
    def test_what_cannot_be_kept_is_a_sentence_and_is_not_lost(
        self, client: Client, cast: Cast, item: Item, text: str, sentence: str
    ) -> None:
        client.force_login(cast.ada)
        reply = client.post(url(cast, "remark", item.uuid), {"text": text})
        assert reply.status_code == 400
        assert sentence in reply.content.decode()
        assert reply.context["written"] == text
        assert not Remark.objects.exists()

    def test_who_has_answered_reads_and_writes_and_sees_nobody_elses_answer(
        self, client: Client, cast: Cast, item: Item
    ) -> None:
        Answer.objects.filter(annotator=cast.bo).update(comment="what only bo wrote")
        thread.remark(item, "From the curator.", actor=cast.iris)
        client.force_login(cast.ada)
        html = client.get(url(cast, "remark", item.uuid)).content.decode()
        assert "From the curator." in html
        assert "what only bo wrote" not in html
        assert client.post(url(cast, "remark", item.uuid), {"text": "I see."}).status_code == 302

    def test_nobody_reads_it_before_their_own_answer_not_even_who_is_mentioned(
        self, client: Client, cast: Cast
    ) -> None:
        item = cast.item()
        thread.remark(item, "@ada, is it biased? I think so.", actor=cast.iris)
        client.force_login(cast.ada)
        for method in (client.get, client.post):
            assert method(url(cast, "remark", item.uuid), {"text": "a"}).status_code == 403
        settle_item(item)
        assert client.get(url(cast, "remark", item.uuid)).status_code == 200
        client.force_login(cast.bo)
        assert client.get(url(cast, "remark", item.uuid)).status_code == 403

    def test_not_while_ones_answer_can_be_taken_back(self, client: Client, cast: Cast, item: Item) -> None:
        item.answers.update(created_at=timezone.now())
        client.force_login(cast.ada)
        assert client.get(url(cast, "remark", item.uuid)).status_code == 403

    def test_a_mention_opens_no_topic_of_others_and_no_item_that_may_come_as_a_known_one(self, cast: Cast) -> None:
        item = cast.item()
        thread.remark(item, "@ada, look.", actor=cast.iris)
        settle_item(item)
        assert thread.may_read(item, cast.ada, Role.ANNOTATOR)
        cast.topic.readers.set(cast.project.memberships.filter(user=cast.bo))
        assert not thread.may_read(item, cast.ada, Role.ANNOTATOR)
        cast.topic.readers.clear()
        marked = gold.mark(item, actor=cast.iris)
        assert not thread.may_read(item, cast.ada, Role.ANNOTATOR)
        gold.unmark(marked, actor=cast.iris)
        assert thread.may_read(item, cast.ada, Role.ANNOTATOR)

    def test_nobodys_name_stands_there_before_the_item_is_settled_but_ones_own(
        self, client: Client, cast: Cast, item: Item
    ) -> None:
        thread.remark(item, "One.", actor=cast.ada)
        thread.remark(item, "Two, @ada.", actor=cast.bo)
        thread.remark(item, "Three.", actor=cast.iris)

        def names(person: User) -> list[str]:
            return [line.by for line in thread.lines(item, person)]

        assert names(cast.ada) == ["ada", "Reader 2", "Curator"]
        assert names(cast.bo) == ["Reader 1", "bo", "Curator"]
        assert names(cast.max) == ["Reader 1", "Reader 2", "Curator"]
        assert Notice.objects.get().text == "Reader 2: Two, @ada."
        client.force_login(cast.max)
        for page in ("item", "item-settle"):
            html = client.get(url(cast, page, item.uuid)).content.decode()
            assert "<strong>Reader 1</strong>" in html
            assert "<strong>bo</strong>" not in html
        settle(item, answer=item.answers.first(), actor=cast.iris)
        assert names(cast.max) == ["ada", "bo", "iris"]

    def test_a_comparison_stays_blind_and_in_the_order_in_which_it_was_shown(self, client: Client, cast: Cast) -> None:
        item = make_comparison(cast.project, topic=cast.topic, overlap=2)
        own = answered(item, cast.ada, "first")
        theirs = answered(item, cast.bo, "second")
        settle(item, answer=theirs, actor=cast.iris)
        client.force_login(cast.ada)
        reply = client.get(url(cast, "remark", item.uuid))
        html = reply.content.decode()
        assert "imported" not in html  # the name of the model
        sides = "BA" if swapped(own.seat_id) else "AB"
        assert f"{sides[0]} is better" in html
        assert reply.context["verdict_outcome"] == f"{sides[1]} is better"
        told = {notice.user: notice.text for notice in Notice.objects.all()}
        assert told[cast.ada] == f"A curator decided: {sides[1]} is better."
        assert told[cast.bo] == f"A curator decided: {'A' if swapped(theirs.seat_id) else 'B'} is better."
        assert [each["name"] for each in reply.context["texts"]] == ["A", "B"]
        shown = [each["text"] for each in reply.context["texts"]]
        assert (shown[0] == item.text) == (not swapped(own.seat_id))

    @pytest.mark.parametrize(("name", "status"), [("iris", 302), ("max", 302), ("ada", 200), ("eve", 404)])
    def test_who_may(self, client: Client, cast: Cast, item: Item, name: str, status: int) -> None:
        client.force_login(getattr(cast, name))
        assert client.get(url(cast, "remark", item.uuid)).status_code == status


class TestNotices:
    def test_a_notice_of_a_mention_does_not_tell_before_the_answer(self, client: Client, cast: Cast) -> None:
        item = cast.item()
        thread.remark(item, "@ada, it is severe, is it not?", actor=cast.iris)
        client.force_login(cast.ada)
        assert "it is severe" not in client.get(url(cast, "notices")).content.decode()

    def test_unread_ones_come_first_and_can_be_marked(self, client: Client, cast: Cast, item: Item) -> None:
        for text in ("@ada one", "@ada two"):
            thread.remark(item, text, actor=cast.iris)
        first, second = Notice.objects.order_by("pk")
        client.force_login(cast.ada)
        client.post(url(cast, "notices"), {"notice": second.pk})
        reply = client.get(url(cast, "notices"))
        assert [one.pk for one, _ in reply.context["notices"]] == [first.pk, second.pk]
        assert reply.context["unread"] == 1
        client.post(url(cast, "notices"))
        assert client.get(url(cast, "notices")).context["unread"] == 0

    def test_ones_own_only(self, client: Client, cast: Cast, item: Item) -> None:
        thread.remark(item, "@ada", actor=cast.iris)
        client.force_login(cast.bo)
        assert not client.get(url(cast, "notices")).context["notices"]
        client.post(url(cast, "notices"), {"notice": Notice.objects.get().pk})
        assert Notice.objects.get().read_at is None
        client.force_login(cast.eve)
        assert client.get(url(cast, "notices")).status_code == 404

    def test_the_page_costs_the_same_for_many(
        self, client: Client, cast: Cast, item: Item, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(20):
            thread.remark(item, "@ada", actor=cast.iris)
        client.force_login(cast.ada)
        with django_assert_max_num_queries(9):
            assert len(client.get(url(cast, "notices")).context["notices"]) == 20

    def test_who_answered_is_told_what_was_decided_and_why(self, client: Client, cast: Cast, item: Item) -> None:
        settle(item, answer=item.answers.get(outcome="biased"), actor=cast.iris, reason="It names the group.")
        assert sorted(Notice.objects.values_list("user__username", "kind")) == [("ada", "decided"), ("bo", "decided")]
        client.force_login(cast.ada)
        assert "decided: Biased. It names the group." in client.get(url(cast, "notices")).content.decode()
        html = client.get(url(cast, "remark", item.uuid)).content.decode()
        assert "It names the group." in html
        assert not Notice.objects.filter(user=cast.ada, read_at=None).exists()


@pytest.mark.parametrize("garbage", ["", "x", "-1", "٣"])
def test_a_notice_that_is_none_marks_none_as_read(client: Client, cast: Cast, garbage: str) -> None:
    notices.tell(cast.project, [cast.ada.pk], Notice.Kind.MENTION)
    client.force_login(cast.ada)
    assert client.post(url(cast, "notices"), {"notice": garbage}).status_code == 404
    assert Notice.objects.filter(read_at=None).count() == 1
    client.post(url(cast, "notices"))
    assert not Notice.objects.filter(read_at=None).exists()


class TestSendingBack:
    def test_the_answer_is_a_draft_again_and_the_seat_is_its_authors_alone(self, cast: Cast, item: Item) -> None:
        answer = item.answers.get(annotator=cast.bo)
        thread.send_back(item, answer, "Is it the group or the person?", actor=cast.iris)
        answer.refresh_from_db()
        assert answer.undone_at is not None
        seat = Seat.objects.get(pk=answer.seat_id)
        assert (seat.status, seat.holder, seat.reserved_for) == ("open", None, cast.bo)
        draft = Draft.objects.get()
        assert (draft.user, draft.data["outcome"], draft.data["rewrite"]) == (cast.bo, "biased", "Nurses are people.")
        assert Notice.objects.get().kind == "sent_back"
        assert Remark.objects.get().sent_back == answer
        assert AuditEntry.objects.filter(verb="sent back").count() == 1
        assert not [shown for shown in claim(cast.project, cast.max, want=1) if shown.pk == seat.pk]
        [again] = claim(cast.project, cast.bo, want=1)
        assert again.pk == seat.pk
        assert again.lease_ends_at < timezone.now() + timedelta(hours=1)
        release(cast.project, cast.bo, [seat.pk])  # closing the page does not hand it on
        assert not [shown for shown in claim(cast.project, cast.max, want=1) if shown.pk == seat.pk]

    def test_it_comes_first_also_to_who_does_not_read_every_topic(self, cast: Cast, item: Item) -> None:
        first = Topic.objects.create(project=cast.project, slug="first", name="First")
        closed = Topic.objects.create(project=cast.project, slug="closed", name="Closed")
        topics.opt(closed, cast.bo, out=True)
        answer = item.answers.get(annotator=cast.bo)
        ahead = cast.item(topic=first)
        thread.send_back(item, answer, "Hm.", actor=cast.iris)
        assert [shown.item_id for shown in claim(cast.project, cast.bo, want=2)] == [item.pk, ahead.pk]

    def test_nobody_takes_it_out_of_the_queue_by_hand(self, cast: Cast, item: Item) -> None:
        for answer in item.answers.all():
            thread.send_back(item, answer, "Hm.", actor=cast.iris)
        found = bulk_actions.plan(cast.project, "retire", [item.pk])
        assert (found.will, found.stay) == ((), ((1, "sent back to their reader, for whom they wait"),))

    def test_what_was_known_before_is_not_sent_back(self, cast: Cast, item: Item) -> None:
        answer = item.answers.get(annotator=cast.bo)
        Seat.objects.filter(pk=answer.seat_id).update(purpose="gold")
        with pytest.raises(thread.NotToBeSentBack, match="known"):
            thread.send_back(item, answer, "Hm.", actor=cast.iris)

    def test_the_curators_page_does_it_and_goes_on_to_the_next(self, client: Client, cast: Cast, item: Item) -> None:
        other = cast.item(overlap=2)
        answered(other, cast.ada, "fine")
        answered(other, cast.bo, "cannot_judge")
        client.force_login(cast.iris)
        answer = item.answers.first()
        reply = client.post(url(cast, "send-back", item.uuid), {"answer": answer.pk, "text": "Look again."})
        assert reply.url == url(cast, "item-settle", other.uuid)
        for data, sentence in (
            ({"answer": answer.pk, "text": "Again."}, "taken back in the meantime"),
            ({"answer": "x", "text": "a"}, "Choose whose"),
            ({"answer": item.answers.last().pk, "text": " "}, "Write something"),
        ):
            assert sentence in client.post(url(cast, "send-back", item.uuid), data, follow=True).content.decode()

    def test_not_what_is_settled_and_not_what_was_imported(self, cast: Cast, item: Item) -> None:
        imported = settle_item(cast.item())
        with pytest.raises(thread.NotToBeSentBack, match="settled"):
            thread.send_back(imported.item, imported.answer, "a", actor=cast.iris)
        Verdict.objects.all().delete()
        with pytest.raises(thread.NotToBeSentBack, match="import"):
            thread.send_back(imported.item, imported.answer, "a", actor=cast.iris)

    @pytest.mark.parametrize(("name", "status"), [("ada", 403), ("eve", 404)])
    def test_only_curators(self, client: Client, cast: Cast, item: Item, name: str, status: int) -> None:
        client.force_login(getattr(cast, name))
        assert client.post(url(cast, "send-back", item.uuid), {}).status_code == status

    @pytest.mark.django_db(transaction=True)
    def test_of_sending_back_and_settling_at_once_one_wins(self, transactional_db: Any) -> None:
        cast = Cast()
        for _ in range(8):
            item = cast.item(overlap=2)
            one, two = answered(item, cast.ada, "fine"), answered(item, cast.bo, "cannot_judge")
            start, outcomes = threading.Barrier(2), list[str]()

            def back(item: Item = item, one: Answer = one, start: Any = start, outcomes: Any = outcomes) -> None:
                start.wait()
                try:
                    thread.send_back(item, one, "Hm.", actor=cast.iris)
                    outcomes.append("back")
                except thread.NotToBeSentBack:
                    outcomes.append("refused")
                finally:
                    connection.close()

            def decide(item: Item = item, one: Answer = one, start: Any = start, outcomes: Any = outcomes) -> None:
                start.wait()
                try:
                    settle(item, answer=one, actor=cast.max)
                    outcomes.append("settled")
                except (AlreadySettled, NotAnAnswerHere):
                    outcomes.append("refused")
                finally:
                    connection.close()

            threads = [threading.Thread(target=work) for work in (back, decide)]
            [each.start() for each in threads]
            [each.join() for each in threads]
            assert sorted(outcomes) in (["back", "refused"], ["refused", "settled"])
            settled = Verdict.objects.filter(item=item).exists()
            assert settled == Answer.objects.standing().filter(pk=one.pk).exists()
            assert two.pk

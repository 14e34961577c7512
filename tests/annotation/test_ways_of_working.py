"""Comparisons and demonstrations at the review screen's doors: shown, answered, taken back, settled."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Answer, Item, Refill, Remark, Seat, TermSet, Verdict
from annotation.person import waiting
from annotation.queue.payload import swapped
from annotation.queue.seat_names import seek
from annotation.queue.shapes import BadShape, Said
from annotation.settle import settle
from annotation.settling.thread import send_back
from tests.annotation.test_review_views import Page, biased, said
from tests.cast import Cast, make_comparison, make_demonstration, make_prompt, make_version, name_of

FIRST, OTHER = "Nurses are caring women.", "Nurses are people who care."


def compare(cast: Cast, **fields) -> tuple[Page, dict]:
    """Ada's page, with the one item there is: a comparison."""
    make_comparison(cast.project, topic=cast.topic, **fields)
    page = Page(cast.ada, cast.project)
    (item,) = page.open()["items"]
    return page, item


def side(item: dict, text: str) -> str:
    return "left" if item["text"] == text else "right"


def test_a_comparison_is_blind_and_shows_both_texts(cast):
    _, item = compare(cast)
    assert item["mode"] == "compare"
    assert {item["text"], item["other"]} == {FIRST, OTHER}
    assert (item["model"], item["prompt"], item["topic"]["name"]) == ("", "What are nurses like?", "Work")
    assert (item["text"] == OTHER) == swapped(seek(item["seat"]))


def test_the_order_is_the_seats_and_as_often_one_as_the_other():
    assert [swapped(n) for n in range(100)] == [swapped(n) for n in range(100)]
    assert 400 < Counter(swapped(n) for n in range(1000))[True] < 600


@pytest.mark.parametrize(("preferred", "outcome"), [(FIRST, "first"), (OTHER, "second")])
def test_left_and_right_become_the_items_own_first_and_second(cast, preferred, outcome):
    make_comparison(cast.project)
    while {swapped(seat) for seat in Seat.objects.values_list("pk", flat=True)} != {True, False}:
        make_comparison(cast.project)
    page = Page(cast.ada, cast.project)
    while items := page.open()["items"]:
        for item in items:
            assert page.post("submit", said(item["seat"], outcome=side(item, preferred))).status_code == 200
    assert set(Answer.objects.values_list("outcome", flat=True)) == {outcome}
    assert Verdict.objects.count() == Seat.objects.count() > 1


def test_the_better_answer_may_be_bettered_with_reasons(cast):
    page, item = compare(cast)
    better = {"outcome": side(item, OTHER), "rewrite": "Nurses differ.", "reasons": ["perspective-added"]}
    assert page.post("submit", said(item["seat"], **better)).status_code == 200
    answer = Answer.objects.get()
    assert (answer.outcome, answer.rewrite, answer.reasons) == ("second", "Nurses differ.", ["perspective-added"])


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"outcome": "fine"}, "outcome", "which answer is better"),
        ({"outcome": "demonstrated", "rewrite": "x"}, "outcome", "which answer is better"),
        ({"outcome": "tie", "rewrite": "x"}, "rewrite", "the better of two"),
        ({"outcome": "both_bad", "severity": 2}, "severity", "Only an answer that is biased"),
        ({"outcome": "left", "spans": [{"start": 0, "end": 1}]}, "spans", "Only an answer that is biased"),
        ({"outcome": "left", "reasons": ["respect"]}, "reasons", "write one"),
    ],
)
def test_what_is_no_preference_is_refused(cast, fields, field, sentence):
    page, item = compare(cast)
    reply = page.post("submit", said(item["seat"], **fields))
    assert (reply.status_code, reply.json()["field"]) == (400, field)
    assert sentence in reply.json()["error"]


def test_a_rewrite_of_the_better_answer_must_change_it(cast):
    page, item = compare(cast)
    reply = page.post("submit", said(item["seat"], outcome=side(item, OTHER), rewrite=f" {OTHER}\r\n"))
    assert "same as the better answer" in reply.json()["error"]
    assert page.post("submit", said(item["seat"], outcome=side(item, OTHER), rewrite=FIRST)).status_code == 200


def test_undo_brings_a_preference_back_in_the_order_it_was_given(cast):
    page, item = compare(cast)
    data = said(item["seat"], outcome=side(item, FIRST), rewrite="Nurses differ.")
    page.post("submit", data)
    draft = page.post("undo", {"key": data["key"]}).json()["item"]["draft"]
    assert (draft["outcome"], draft["rewrite"]) == (data["outcome"], "Nurses differ.")


def moved(cast: Cast, item: Item) -> dict:
    """Ada's seat goes to Bo, and she gets the other one, where the two texts stand the other way round."""
    Seat.objects.filter(item=item, holder=cast.ada).update(holder=cast.bo)
    (again,) = Page(cast.ada, cast.project).open()["items"]
    return again


def mirrored(cast: Cast) -> Item:
    """A comparison with two seats that do not show the same order."""
    while True:
        item = make_comparison(cast.project, overlap=2)
        if len({swapped(pk) for pk in item.seats.values_list("pk", flat=True)}) == 2:
            return item
        item.seats.update(status=Seat.Status.RETIRED)


def test_a_draft_means_the_same_text_at_another_seat(cast):
    item = mirrored(cast)
    page = Page(cast.ada, cast.project)
    (shown,) = page.open()["items"]
    meant = side(shown, OTHER)
    page.post("draft", {"seat": shown["seat"], "data": {"outcome": meant, "rewrite": "People"}})
    assert page.open()["items"][0]["draft"] == {"outcome": meant, "rewrite": "People"}
    again = moved(cast, item)
    assert side(again, OTHER) != meant
    assert again["draft"] == {"outcome": side(again, OTHER), "rewrite": "People"}


def test_what_came_too_late_means_the_same_text_at_another_seat(cast):
    item = mirrored(cast)
    page = Page(cast.ada, cast.project)
    (shown,) = page.open()["items"]
    Seat.objects.filter(item=item, holder=cast.ada).update(holder=cast.bo)
    assert page.post("submit", said(shown["seat"], outcome=side(shown, FIRST))).json()["kept"]
    (again,) = page.open()["items"]
    assert side(again, FIRST) != side(shown, FIRST)
    assert again["draft"]["outcome"] == side(again, FIRST)


def test_a_preference_that_was_sent_back_comes_as_it_was_given(cast):
    page, shown = compare(cast, overlap=2)
    page.post("submit", said(shown["seat"], outcome=side(shown, OTHER)))
    send_back(Item.objects.get(), Answer.objects.get(), "Why?", actor=cast.iris)
    (again,) = page.open()["items"]
    assert again["draft"]["outcome"] == side(shown, OTHER) == side(again, OTHER)


def test_equal_preferences_settle_and_others_are_disputed(cast):
    item, twin = (make_comparison(cast.project, overlap=2) for _ in range(2))
    for person, choices in ((cast.ada, (OTHER, OTHER)), (cast.bo, (OTHER, FIRST))):
        page = Page(person, cast.project)
        for shown, choice in zip(page.open()["items"], choices, strict=True):
            page.post("submit", said(shown["seat"], outcome=side(shown, choice)))
    assert Verdict.objects.get().item == item
    assert Verdict.objects.get().answer.outcome == "second"
    assert list(Item.objects.disputed()) == [twin]


def test_a_demonstration_shows_only_the_prompt_and_takes_only_an_answer(cast):
    make_demonstration(cast.project, topic=cast.topic)
    page = Page(cast.ada, cast.project)
    (item,) = page.open()["items"]
    assert (item["mode"], item["text"], item["other"], item["model"]) == ("demonstrate", "", None, "")
    for fields, sentence in (
        ({"outcome": "fine"}, "Write the answer"),
        ({"outcome": "demonstrated"}, "Write the answer"),
        ({"outcome": "demonstrated", "rewrite": " "}, "Write the answer"),
        ({"outcome": "demonstrated", "rewrite": "x", "reasons": ["respect"]}, "Only an answer that is biased"),
    ):
        assert sentence in page.post("submit", said(item["seat"], **fields)).json()["error"]
    done = said(item["seat"], outcome="demonstrated", rewrite="People, like everybody.", guideline=1)
    assert page.post("submit", done).status_code == 200
    answer = Verdict.objects.get().answer
    assert (answer.outcome, answer.rewrite, answer.guideline) == ("demonstrated", done["rewrite"], cast.guideline)


def test_a_prompt_that_cannot_be_answered_is_said_so(cast):
    make_demonstration(cast.project)
    page = Page(cast.ada, cast.project)
    (item,) = page.open()["items"]
    assert page.post("submit", said(item["seat"], outcome="cannot_judge")).status_code == 200


def test_what_is_said_at_a_gold_seat_changes_no_verdict_and_can_be_taken_back(cast):
    page, item = compare(cast)
    page.post("submit", said(item["seat"], outcome="tie"))
    verdict = Verdict.objects.get()
    for place, purpose in enumerate((Seat.Purpose.GOLD, Seat.Purpose.ONBOARDING), 1):
        person = (cast.bo, cast.iris)[place - 1]
        seat = Seat.objects.create(
            project=cast.project, item=verdict.item, position=place, purpose=purpose,
            holder=person, lease_ends_at=timezone.now() + timedelta(minutes=5),
        )  # fmt: skip
        data = said(name_of(seat), outcome="both_bad")
        assert Page(person, cast.project).post("submit", data).status_code == 200
        assert Page(person, cast.project).post("undo", {"key": data["key"]}).status_code == 200
        again = said(name_of(seat), outcome="both_bad")
        assert Page(person, cast.project).post("submit", again).status_code == 200
    assert Verdict.objects.get() == verdict


def test_an_item_that_was_sent_back_says_by_whom_and_why(cast):
    cast.item()
    page = Page(cast.ada, cast.project)
    (item,) = page.open()["items"]
    assert item["returned"] is None
    page.post("submit", biased(cast, item["seat"]))
    answer = Answer.objects.get()
    Remark.objects.create(item=answer.item, author=cast.iris, text="See the second sentence.", sent_back=answer)
    Verdict.objects.all().delete()
    Answer.objects.update(undone_at=timezone.now())
    Seat.objects.update(status=Seat.Status.OPEN)
    assert (
        page.open()["items"][0]["returned"] == "See the second sentence."
    )  # no name: who sends back is "a curator" until it is settled
    Seat.objects.update(holder=cast.bo)
    assert Page(cast.bo, cast.project).open()["items"][0]["returned"] is None


def test_the_offer_to_take_back_survives_a_reload_for_its_half_minute(cast):
    page, item = compare(cast)
    data = said(item["seat"], outcome="right", comment="hm")
    page.post("submit", data)
    offer = page.open()["undo"]
    assert (offer["key"], offer["item"]) == (data["key"], item["item"])
    assert (offer["answer"]["outcome"], offer["answer"]["comment"]) == ("right", "hm")
    assert 25 <= offer["left"] <= 30
    assert Page(cast.bo, cast.project).open()["undo"] is None
    Answer.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    assert page.open()["undo"] is None


def test_the_page_knows_whether_there_are_terms_to_swap(cast):
    TermSet.objects.create(project=cast.project, name="Trades", terms=["bakers", "millers"])
    assert Page(cast.ada, cast.project).open()["has_terms"] is True


def test_an_empty_queue_says_why(cast):
    page = Page(cast.ada, cast.project)
    assert "No prompts have been added yet" in page.open()["waiting"]
    prompt = make_prompt(cast.project)
    assert page.open()["waiting"] is None
    version = make_version(cast.project, live=True)
    prompt.generations.create(version=version, model_name="v0", text="They differ.", seed=1)
    assert "has answered every prompt" in page.open()["waiting"]
    make_prompt(cast.project)
    assert page.open()["waiting"] is None
    batch = Refill.objects.create(project=cast.project, version=version, asked=[], sampling={})
    assert "being written now" in page.open()["waiting"]
    Refill.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    assert "no worker" in page.open()["waiting"]
    Refill.objects.update(state="failed", error="The model cannot be loaded.", finished_at=timezone.now())
    assert "failed (The model cannot be loaded). The data page" in page.open()["waiting"]
    cast.item()
    data = page.open()
    assert data["waiting"] is None
    reply = page.post("submit", said(data["items"][0]["seat"]))
    assert "cannot be loaded" in reply.json()["waiting"]
    cast.project.stock = 0
    cast.project.save()
    assert waiting.why_empty(cast.project) is None
    assert batch.pk


def test_a_submit_says_when_a_break_would_be_good(cast):
    cast.project.exposure_budget = 2
    cast.project.save()
    cast.item()
    page = Page(cast.ada, cast.project)
    reply = page.post("submit", biased(cast, page.open()["items"][0]["seat"]))
    assert "break" in reply.json()["pause"]["why"]
    make_demonstration(cast.project)
    fine = said(page.open()["items"][0]["seat"], outcome="cannot_judge", key=str(uuid.uuid4()))
    assert page.post("submit", fine).json()["pause"] is None


def test_a_curator_settles_a_comparison_in_the_items_own_words(cast):
    item = make_comparison(cast.project, overlap=2)
    for words in ("left", "fine", "demonstrated"):
        with pytest.raises(BadShape, match="which answer is better"):
            settle(item, said=Said(words, rewrite="x" * (words == "demonstrated")), actor=cast.iris)
    with pytest.raises(BadShape, match="same as the better answer"):
        settle(item, said=Said("second", rewrite=OTHER), actor=cast.iris)
    verdict = settle(item, said=Said("second", rewrite="Nurses differ."), actor=cast.iris)
    assert (verdict.answer.outcome, verdict.answer.rewrite) == ("second", "Nurses differ.")

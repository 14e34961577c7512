"""One's own work: the list, one answer, corrections, numbers, topics, the check-in."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.claim import claim
from annotation.models import UNDO_WINDOW, Answer, CheckIn, Gold, Item, Seat, Span
from annotation.person import mine, wellbeing
from annotation.queue import gold
from annotation.queue.assignment import Share, results
from annotation.queue.payload import swapped
from annotation.queue.shapes import Said, SpanSaid
from annotation.settle import settle
from annotation.submit import submit, undo
from studio.models import Project, User
from tests.cast import Cast, join, make_comparison, make_user, settle_item
from training.models import Snapshot, SnapshotRow


def says(cast: Cast, user: User, outcome: str = "fine", *, fresh: bool = False, **more: Any) -> Answer:
    """An answer that can no longer be taken back, unless it is `fresh`."""
    (seat,) = claim(cast.project, user, want=1)
    biased = {"categories": (cast.category.pk,), "severity": 2, "rewrite": "Nurses are people."}
    said = Said(outcome, **{**(biased if outcome == "biased" else {}), "active_ms": 4000, **more})
    answer = submit(cast.project, user, seat.pk, said, key=uuid.uuid4())
    if not fresh:
        answer.created_at -= 2 * UNDO_WINDOW
        answer.save(update_fields=["created_at"])
    return answer


def url(cast: Cast, name: str = "mine", *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


@pytest.fixture
def ada(client: Client, cast: Cast) -> Client:
    client.force_login(cast.ada)
    return client


def correct(client: Client, cast: Cast, given: Answer, outcome: str, **said: Any) -> Any:
    """What the review screen sends of an answer that is corrected there."""
    body = {"answer": str(given.key), "key": str(uuid.uuid4()), "outcome": outcome, **said}
    return client.post(url(cast, "review-correct"), json.dumps(body), content_type="application/json")


# ---------------------------------------------------------------- the list


def test_the_list_holds_ones_own_answers_as_they_stand_and_nobody_elses(ada: Client, cast: Cast) -> None:
    for _ in range(3):
        cast.item(overlap=2)
    first, second = says(cast, cast.ada), says(cast, cast.ada, "biased")
    says(cast, cast.bo)
    Answer.objects.filter(pk=first.pk).update(undone_at=timezone.now())
    assert list(ada.get(url(cast)).context["page"]) == [second]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "doctors"}, 1), ({"q": "PEOPLE."}, 1), ({"q": "nothing like it"}, 0), ({"topic": "work"}, 1),
        ({"outcome": "fine"}, 1), ({"mode": "compare"}, 0), ({"outcome": "x", "topic": "\x00", "q": "\x00"}, 0),
        ({"page": "99"}, 2), ({"page": "x"}, 2),
    ],
)  # fmt: skip
def test_it_can_be_searched_and_filtered(ada: Client, cast: Cast, asked: dict[str, str], found: int) -> None:
    cast.item(text="What doctors do.", topic=None)
    cast.item()
    says(cast, cast.ada)
    says(cast, cast.ada, "biased")
    reply = ada.get(url(cast), asked)
    assert (reply.status_code, len(reply.context["page"])) == (200, found)


def test_the_page_costs_the_same_however_much_one_has_answered(
    ada: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        cast.item()
        says(cast, cast.ada)
    with django_assert_max_num_queries(22):
        assert len(ada.get(url(cast)).context["page"]) == 12


def test_an_empty_page_says_what_will_be_there(ada: Client, cast: Cast) -> None:
    html = ada.get(url(cast)).content.decode()
    for sentence in (
        "not answered anything yet",
        "Not defined yet",
        "Nothing in the last eight weeks",
        "fewer than five",
    ):
        assert sentence in html


def test_strangers_get_nothing(client: Client, cast: Cast) -> None:
    cast.item()
    answer = says(cast, cast.ada)
    assert client.get(url(cast)).status_code == 302
    client.force_login(cast.eve)
    assert client.get(url(cast)).status_code == 404
    assert client.get(url(cast, "mine-answer", answer.key)).status_code == 404
    client.force_login(cast.bo)
    assert client.get(url(cast, "mine-answer", answer.key)).status_code == 404
    client.force_login(cast.max)
    assert client.get(url(cast, "mine-answer", answer.key)).status_code == 404  # not even an admin reads as another


# ---------------------------------------------------------------- one answer


def test_an_answer_shows_what_was_said_and_that_it_is_not_settled_yet(ada: Client, cast: Cast) -> None:
    cast.item(overlap=2, text="Nurses are <b>women</b>.")
    answer = says(cast, cast.ada, "biased")
    Span.objects.create(answer=answer, start=11, end=23, category=cast.category)
    html = ada.get(url(cast, "mine-answer", answer.key)).content.decode()
    assert "&lt;b&gt;women" in html
    assert "<mark" in html
    assert "not settled yet" in html
    assert "in 4 active seconds" in html


def test_nothing_of_anothers_answer_is_shown_before_the_item_is_settled(ada: Client, cast: Cast) -> None:
    cast.item(overlap=3)
    answer = says(cast, cast.ada)
    says(cast, cast.bo, "biased", comment="A secret until then.", rewrite="Their own words.")
    html = ada.get(url(cast, "mine-answer", answer.key)).content.decode()
    assert "secret" not in html
    assert "Their own words" not in html
    assert mine.agreement(cast.project, cast.ada)["n"] == 0


def test_the_outcome_and_the_reason_are_shown_to_those_who_answered(ada: Client, cast: Cast) -> None:
    item = cast.item(overlap=2)
    answer = says(cast, cast.ada)
    theirs = says(cast, cast.bo, "biased")
    settle(item, answer=theirs, actor=cast.iris, reason="It names only women.")
    html = ada.get(url(cast, "mine-answer", answer.key)).content.decode()
    assert "Settled as: Biased" in html
    assert "It names only women." in html
    assert "A curator has settled this item" in html  # instead of the button


def test_a_correction_is_a_new_answer_and_the_old_one_is_kept(ada: Client, cast: Cast) -> None:
    cast.item()
    answer = says(cast, cast.ada, "biased")
    key = str(uuid.uuid4())
    reply = correct(ada, cast, answer, "fine", comment="On second thoughts.", key=key)
    new = Answer.objects.standing().get()
    assert reply.json() == {"saved": True, "url": url(cast, "mine-answer", new.key)}
    assert (new.outcome, new.replaces, new.item.verdict.answer) == ("fine", answer, new)
    html = ada.get(url(cast, "mine-answer", new.key)).content.decode()
    assert "Corrected." in html
    assert "Revisions" in html
    assert "Correct it" in html  # nobody takes a correction back: it is corrected again, at once
    assert correct(ada, cast, answer, "fine", key=key).json() == reply.json()  # sent twice doubles nothing
    assert correct(ada, cast, answer, "cannot_judge").status_code == 409
    assert Answer.objects.count() == 2
    assert "You corrected this answer" in ada.get(url(cast, "mine-answer", answer.key)).content.decode()


def test_the_review_screen_opens_on_the_answer_as_it_was_given(ada: Client, cast: Cast) -> None:
    cast.item(text="Nurses are women.")
    answer = says(cast, cast.ada, "biased", spans=(SpanSaid(11, 16, cast.category.pk),), comment="So it is.")
    review = ada.get(url(cast, "mine-correct", answer.key)).context["review"]
    (item,) = review["items"]
    draft = item["draft"]
    assert (item["text"], draft["outcome"], draft["severity"], draft["comment"]) == (
        "Nurses are women.", "biased", 2, "So it is.",
    )  # fmt: skip
    assert draft["spans"] == [{"start": 11, "end": 16, "category": cast.category.pk}]
    assert draft["active_ms"] == 4000  # time at the item adds up
    assert review["correcting"]["answer"] == str(answer.key)
    assert review["check_in_after"] is None  # a correction is no sitting
    assert not Seat.objects.open().exists()  # nothing was taken out of the queue for it


@pytest.mark.parametrize("first", ["fine", "biased"])
def test_marks_are_corrected_like_all_else(ada: Client, cast: Cast, first: str) -> None:
    cast.item(text="Nurses are women.")
    marks = {"spans": (SpanSaid(0, 6, None),)} if first == "biased" else {}
    answer = says(cast, cast.ada, first, **marks)
    mark = {"start": 11, "end": 16, "category": cast.category.pk}
    biased = {"categories": [cast.category.pk], "severity": 3, "rewrite": "People."}
    assert correct(ada, cast, answer, "biased", **biased, spans=[{**mark, "end": 99}]).json()["field"] == "spans"
    assert correct(ada, cast, answer, "biased", **biased, spans=[mark]).status_code == 200
    new = Answer.objects.standing().get()
    assert (new.severity, new.rewrite) == (3, "People.")
    assert new.spans.values_list("start", "end", "category").get() == (11, 16, cast.category.pk)
    assert answer.spans.count() == len(marks)  # the old revision keeps its own


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"outcome": "biased"}, "categories"), ({"outcome": "tie"}, "outcome"), ({"key": "no key"}, "key"),
        ({"answer": "none"}, "answer"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_correction_is_said_at_its_field(
    ada: Client, cast: Cast, wrong: dict[str, str], field: str
) -> None:
    cast.item()
    reply = correct(ada, cast, says(cast, cast.ada), **{"outcome": "fine", **wrong})
    assert (reply.status_code, reply.json()["field"]) == (400, field)
    assert Answer.objects.count() == 1


def test_nobody_corrects_the_answer_of_another(client: Client, cast: Cast) -> None:
    cast.item()
    answer = says(cast, cast.ada)
    for person in (cast.bo, cast.iris, cast.max, cast.eve):
        client.force_login(person)
        assert client.get(url(cast, "mine-correct", answer.key)).status_code == 404
        assert correct(client, cast, answer, "cannot_judge").status_code == 404
    assert Answer.objects.count() == 1


def test_what_is_frozen_stands(ada: Client, cast: Cast) -> None:
    cast.item()
    answer = says(cast, cast.ada)
    snapshot = Snapshot.objects.create(project=cast.project, digest="0" * 64, rows=1, demonstrations=0)
    SnapshotRow.objects.create(snapshot=snapshot, position=0, uuid=answer.item.uuid)
    assert ada.get(url(cast, "mine-correct", answer.key)).url == url(cast, "mine-answer", answer.key)
    html = ada.get(url(cast, "mine-answer", answer.key)).content.decode()
    assert "frozen" in html
    assert "Correct it" not in html
    reply = correct(ada, cast, answer, "cannot_judge")
    assert reply.status_code == 409
    assert "frozen" in reply.json()["error"]
    assert Answer.objects.count() == 1


@pytest.mark.parametrize("seat", [1, 2, 3, 4])
def test_a_comparison_is_spoken_of_as_it_was_shown(ada: Client, cast: Cast, seat: int) -> None:
    """On every page, of every revision, and of what stands; the seats are of both kinds."""
    Seat.objects.filter(pk=make_comparison(cast.project).seats.get().pk).update(id=seat)
    answer = says(cast, cast.ada, "left")
    address, item = url(cast, "mine-answer", answer.key), answer.item
    context = ada.get(address).context
    left, right = (item.other.text, item.text) if swapped(seat) else (item.text, item.other.text)
    assert (context["outcome"], context["told_outcome"]) == ("A is better", "A is better")
    assert context["texts"] == [("A", left), ("B", right)]
    draft = ada.get(url(cast, "mine-correct", answer.key)).context["review"]["items"][0]["draft"]
    assert draft["outcome"] == "left"
    assert correct(ada, cast, answer, "right", rewrite=f"{right} Better.").status_code == 200
    new = Answer.objects.standing().get()
    assert {answer.outcome, new.outcome} == {"first", "second"}
    reply = ada.get(url(cast, "mine-answer", new.key))
    assert [one.said for one in reply.context["revisions"]] == ["B is better", "A is better"]
    assert "".join(piece.text for piece in reply.context["diff"] if piece.change != "in") == right
    assert reply.context["told_diff"] == reply.context["diff"]
    pages = reply.content.decode() + ada.get(url(cast)).content.decode()
    assert "The first is better" not in pages
    assert "The second is better" not in pages


@pytest.mark.parametrize("seat", [1, 2, 3, 4])
def test_a_known_answer_of_a_comparison_is_told_as_it_was_shown(ada: Client, cast: Cast, seat: int) -> None:
    item = make_comparison(cast.project)
    settle(item, said=Said("second", rewrite="Nurses are people."), actor=cast.iris)
    known = Gold.objects.create(item=item, answer=item.verdict.answer)
    Seat.objects.create(
        pk=seat + 100, project=cast.project, item=item, position=7, purpose="gold", status="answered", holder=cast.ada,
        lease_ends_at=timezone.now(),
    )  # fmt: skip
    answer = Answer.objects.create(
        key=uuid.uuid4(), seat_id=seat + 100, item=item, annotator=cast.ada, outcome="first",
        created_at=timezone.now() - 2 * UNDO_WINDOW,
    )  # fmt: skip
    reply = ada.get(url(cast, "mine-answer", answer.key))
    side = "A" if swapped(seat + 100) else "B"
    assert f"The known answer: {side} is better" in reply.content.decode()
    old = "".join(piece.text for piece in reply.context["told_diff"] if piece.change != "in")
    assert old == known.item.other.text  # what was bettered, and not the other one


def test_a_demonstration_can_be_written_better(ada: Client, cast: Cast) -> None:
    item = cast.item()
    Item.objects.filter(pk=item.pk).update(mode="demonstrate", generation=None)
    answer = says(cast, cast.ada, "demonstrated", rewrite="A first try.")
    assert ada.get(url(cast, "mine-correct", answer.key)).status_code == 200
    assert correct(ada, cast, answer, "demonstrated", rewrite=" ").status_code == 400
    assert correct(ada, cast, answer, "demonstrated", rewrite="A better one.").status_code == 200
    assert Answer.objects.standing().get().rewrite == "A better one."


def test_however_lines_end_only_what_was_changed_is_shown(ada: Client, cast: Cast) -> None:
    cast.item(text="One.\r\nTwo.\rThree. ")
    answer = says(cast, cast.ada, "biased", rewrite="One.\nTwo.\nFour. ")
    diff = ada.get(url(cast, "mine-answer", answer.key)).context["diff"]
    assert [(piece.change, piece.text) for piece in diff] == [
        ("same", "One.\nTwo.\n"), ("out", "Three. "), ("in", "Four. "),
    ]  # fmt: skip


def test_of_a_long_text_the_unchanged_middle_is_put_away(ada: Client, cast: Cast) -> None:
    long = "Nurses are women. " + "And so on, and on. " * 400 + "The end."
    cast.item(text=long)
    answer = says(cast, cast.ada, "biased", rewrite=long.replace("women", "people").replace("The end", "An end"))
    html = ada.get(url(cast, "mine-answer", answer.key)).content.decode()
    assert "… 1,952 words unchanged …" in html
    assert "Show all 2,005 words" in html  # of the answer itself


# ---------------------------------------------------------------- gold and onboarding


def test_after_a_gold_item_one_reads_the_known_answer_and_why(ada: Client, cast: Cast) -> None:
    cast.project.gold_percent = 50
    known = cast.item()
    settle_item(known)
    gold.mark(known, actor=cast.iris, explanation="It says only women care.")
    cast.item()
    answer = says(cast, cast.ada)
    assert answer.item == known
    html = ada.get(url(cast, "mine-answer", answer.key)).content.decode()
    assert "The known answer: Biased" in html
    assert "It says only women care." in html
    assert "yours stands" in html
    page = ada.get(url(cast))
    assert "known otherwise" in page.content.decode()
    assert page.context["gold"] == {"n": 1, "right": 0}


def test_while_it_can_be_taken_back_an_answer_to_a_gold_item_looks_like_any_other(ada: Client, cast: Cast) -> None:
    cast.project.gold_percent = 50
    known = cast.item()
    settle_item(known)
    gold.mark(known, actor=cast.iris, explanation="It says only women care.")
    cast.item()
    pages = []
    for _ in range(2):
        answer = says(cast, cast.ada, fresh=True)
        address = url(cast, "mine-answer", answer.key)
        context = ada.get(address).context
        reply = correct(ada, cast, answer, "cannot_judge")
        shown = ("verdict", "gold", "is_known", "is_told", "stands", "outcome")
        opened = ada.get(url(cast, "mine-correct", answer.key)).status_code
        pages.append((*[context[name] for name in shown], opened, reply.status_code, reply.json()))
    assert {*Seat.objects.filter(holder=cast.ada).values_list("purpose", flat=True)} == {"gold", "work"}
    assert pages[0] == pages[1]
    listed = ada.get(url(cast))
    assert "known otherwise" not in listed.content.decode()
    assert listed.content.decode().count("not settled yet") == 2
    assert listed.context["gold"] == {"n": 0, "right": 0}


@pytest.mark.parametrize(("first", "then", "right"), [("fine", "biased", 0), ("biased", "fine", 1)])
def test_of_an_answer_that_was_taken_back_the_first_counts(
    ada: Client, cast: Cast, first: str, then: str, right: int
) -> None:
    cast.project.gold_percent = 50
    known = cast.item()
    settle_item(known)
    gold.mark(known, actor=cast.iris)
    cast.item()
    back = says(cast, cast.ada, first, fresh=True)
    assert back.item == known
    undo(cast.project, cast.ada, back.key)
    Answer.objects.filter(pk=back.pk).update(created_at=timezone.now() - 3 * UNDO_WINDOW)
    again = says(cast, cast.ada, then)
    assert again.item == known
    assert mine.known(cast.project, cast.ada) == {"n": 1, "right": right}
    assert results(cast.project)[cast.ada.pk, "gold"] == Share(right, 1)
    context = ada.get(url(cast, "mine-answer", back.key)).context
    assert (context["verdict"], context["gold"], context["is_known"]) == (None, None, False)


def test_how_the_onboarding_went_is_not_told_while_its_last_answer_can_be_taken_back(ada: Client, cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(onboarding_items=1)
    cast.project.refresh_from_db()
    known = cast.item()
    settle_item(known)
    gold.mark(known, actor=cast.iris)
    answer = says(cast, cast.ada, fresh=True)
    assert ada.get(url(cast)).context["onboarding"] is None
    undo(cast.project, cast.ada, answer.key)
    Answer.objects.filter(pk=answer.pk).update(created_at=timezone.now() - 3 * UNDO_WINDOW)
    says(cast, cast.ada, "biased")
    assert ada.get(url(cast)).context["onboarding"].right == 0  # the first answer counts


def test_who_has_not_passed_reads_so_on_both_screens(ada: Client, cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(onboarding_items=1)
    cast.project.refresh_from_db()
    known = cast.item()
    settle_item(known)
    gold.mark(known, actor=cast.iris)
    assert "first 1 items have known answers" in ada.get(url(cast)).content.decode()
    says(cast, cast.ada)
    assert "0 of your first 1 answers" in ada.get(url(cast)).content.decode()
    assert "let you try again" in ada.get(url(cast, "review")).context["review"]["waiting"]


# ---------------------------------------------------------------- numbers


def test_the_pace_is_the_weeks_median_of_active_seconds(cast: Cast) -> None:
    for seconds in (2, 4, 60):
        cast.item()
        says(cast, cast.ada, active_ms=1000 * seconds)
    cast.item()
    Answer.objects.filter(pk=says(cast, cast.ada).pk).update(created_at=timezone.now() - timedelta(weeks=20))
    (week,) = mine.pace(cast.project, cast.ada)
    assert (week["n"], week["seconds"], week["week"]) == (3, 4.0, wellbeing.this_week())
    assert mine.pace(cast.project, cast.bo) == []


def test_agreement_is_the_mean_share_of_the_others_who_said_the_same(cast: Cast) -> None:
    zoe = join(make_user("zoe"), cast.project, "annotator")
    for said in (("fine", "fine", "cannot_judge"), ("fine", "cannot_judge", "cannot_judge")):
        item = cast.item(overlap=3)
        for reader, outcome in zip((cast.ada, cast.bo, zoe), said, strict=True):
            says(cast, reader, outcome)
        settle(item, answer=item.answers.first(), actor=cast.iris)
    assert mine.agreement(cast.project, cast.ada) == {"n": 2, "share": 0.25}
    assert mine.agreement(cast.project, cast.iris) == {"n": 0, "share": None}


# ---------------------------------------------------------------- topics


def test_one_press_opts_out_and_in_again(ada: Client, cast: Cast) -> None:
    cast.item()
    claim(cast.project, cast.ada, want=1)
    reply = ada.post(url(cast, "mine-topics"), {"topic": cast.topic.pk, "out": "1"})
    assert reply.url == url(cast) + "#topics"
    assert not Seat.objects.exclude(holder=None).exists()
    assert "opted out" in ada.get(url(cast)).content.decode()
    assert claim(cast.project, cast.ada, want=1) == []
    ada.post(url(cast, "mine-topics"), {"topic": cast.topic.pk, "out": "0"})
    assert len(claim(cast.project, cast.ada, want=1)) == 1


def test_the_review_screen_opts_out_by_json(ada: Client, cast: Cast) -> None:
    def post(**data: Any) -> Any:
        return ada.post(url(cast, "mine-topics"), json.dumps(data), content_type="application/json")

    assert post(topic=cast.topic.pk, out=True).json() == {"saved": True, "given_back": 0}
    assert cast.topic.opted_out.count() == 1
    assert post(topic=cast.topic.pk, out="yes").status_code == 400
    assert post(out=True).status_code == 400
    assert post(topic=99, out=True).status_code == 404


@pytest.mark.parametrize("topic", ["", "x", "0", "99999999999999999999"])
def test_topics_that_are_none_are_not_found(ada: Client, cast: Cast, topic: str) -> None:
    assert ada.post(url(cast, "mine-topics"), {"topic": topic, "out": "1"}).status_code == 404


def test_topics_of_others_are_not_listed(ada: Client, cast: Cast) -> None:
    cast.topic.readers.set(cast.project.memberships.filter(user=cast.bo))
    assert ada.get(url(cast)).context["topics"] == []


# ---------------------------------------------------------------- the check-in


def test_the_check_in_is_kept_once_a_week_and_can_be_changed(ada: Client, cast: Cast) -> None:
    ada.post(url(cast, "check-in"), {"worth": "2", "mood": ""})
    reply = ada.post(url(cast, "check-in"), json.dumps({"worth": 5, "mood": 4}), content_type="application/json")
    assert reply.json() == {"saved": True}
    assert CheckIn.objects.values_list("user", "worth", "mood").get() == (cast.ada.pk, 5, 4)
    assert ada.get(url(cast)).context["check_in_form"].initial == {"worth": 5, "mood": 4}


@pytest.mark.parametrize("wrong", [{"worth": "6"}, {"mood": "x"}])
def test_other_numbers_are_not_kept(ada: Client, cast: Cast, wrong: dict[str, str]) -> None:
    assert "from 1 to 5" in ada.post(url(cast, "check-in"), wrong, follow=True).content.decode()
    reply = ada.post(url(cast, "check-in"), json.dumps({"worth": 9}), content_type="application/json")
    assert (reply.status_code, reply.json()["field"]) == (400, "worth")
    assert not CheckIn.objects.exists()


def test_the_average_is_shown_from_five_people_on(ada: Client, cast: Cast) -> None:
    people = [cast.ada, cast.bo, cast.iris, cast.max, make_user("zoe")]
    for number, person in enumerate(people, 1):
        html = ada.get(url(cast)).content.decode()
        assert "time well spent: " not in html
        wellbeing.say(cast.project, person, worth=number, mood=4 if number < 5 else None)
    assert "time well spent: " not in ada.get(url(cast)).content.decode()  # the week is not over
    CheckIn.objects.update(week=wellbeing.this_week() - timedelta(days=7))
    html = ada.get(url(cast)).content.decode()
    assert "time well spent: 3.0 of 5" in html
    assert "how people are" not in html  # only four said


def test_strangers_neither_opt_nor_check_in(client: Client, cast: Cast) -> None:
    for name, form in (("mine-topics", {"topic": cast.topic.pk, "out": "1"}), ("check-in", {"worth": "1"})):
        assert client.post(url(cast, name), form).status_code == 302
        assert client.post(url(cast, name), "{}", content_type="application/json").status_code == 403
        client.force_login(cast.eve)
        assert client.post(url(cast, name), form).status_code == 404
        assert client.post(url(cast, name), "{}", content_type="application/json").status_code == 404
        client.logout()
    assert not CheckIn.objects.exists()

"""The review screen and its JSON doors, from the outside."""

import gzip
import json
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Answer, Draft, Prompt, Seat, Severity, Skip, Verdict
from annotation.queue.seat_names import seek
from tests.cast import Cast, make_item, make_prompt, name_of

KEYMAP = (settings.BASE_DIR / "studio/static/studio/js/review/keymap.js").read_text()
DOORS = ["submit", "skip", "undo", "draft", "heartbeat"]


class Page:
    """A browser tab of one person, that speaks to the doors of one project."""

    def __init__(self, user, project, **client):
        self.client, self.project = Client(**client), project
        if user:
            self.client.force_login(user)

    def post(self, door: str, data=None, **more):
        body = data if isinstance(data, (bytes, str)) else json.dumps(data)
        url = reverse(f"annotation:review-{door}", args=[self.project.slug])
        return self.client.post(url, body, content_type="application/json", **more)

    def open(self) -> dict:
        return self.client.get(reverse("annotation:review", args=[self.project.slug])).context["review"]


def said(seat: int, **fields):
    return {"key": str(uuid.uuid4()), "seat": seat, "outcome": "fine", **fields}


def biased(cast: Cast, seat: int, **fields):
    words = {"rewrite": "Nurses are people.", "reasons": ["respect"]}
    return said(seat, outcome="biased", **{"categories": [cast.category.pk], "severity": 2, **words, **fields})


@pytest.fixture
def page(cast) -> Page:
    for _ in range(5):
        cast.item()
    return Page(cast.ada, cast.project)


def test_the_page_opens_with_three_leased_items_and_all_it_needs(cast, page):
    data = page.open()
    assert [item["text"] for item in data["items"]] == ["Nurses are caring women."] * 3
    topic = cast.topic.pk
    assert data["items"][0]["topic"] == {"id": topic, "name": "Work", "version": 1, "warning": ""}
    assert data["topics"][topic]["version"] == 1
    assert cast.guideline.text in data["topics"][topic]["html"]
    assert data["categories"][0] | {"id": 0} == {
        "id": 0, "slug": "stereotype", "name": "Stereotype", "description": "", "key": "1"
    }  # fmt: skip
    assert set(data["urls"]) == {
        *("submit", "skip", "undo", "unskip", "draft", "heartbeat", "release", "guideline", "variants", "preferences"),
        *("check_in", "topics", "mine"),
    }  # fmt: skip
    assert data["urls"]["guideline"].endswith("/guideline/0/")
    limits = {"minutes": 50, "exposure": 0}
    assert data["sitting"] == {"done": 0, "minutes": 0, "exposure": 0, "limits": limits}
    assert (data["undo_seconds"], data["lease_seconds"], data["check_in_after"]) == (30, 900, 10)
    assert data["reader"] == {"keys": {}, "single_keys": True, "blur_from": None, "language": ""}
    assert {"slug": "respect", "label": "Made it respectful"} in data["reasons"]
    assert (data["has_terms"], data["undo"], data["waiting"]) == (False, None, None)
    assert Seat.objects.held_by(cast.ada).count() == 3
    json.dumps(data)


def test_a_conversation_comes_with_its_turns_and_an_item_without_a_topic_without_one(cast):
    turns = [{"role": "user", "content": "Hi 👩🏽‍⚕️"}, {"role": "assistant", "content": "Yes?"}]
    Prompt.objects.filter(pk=cast.item(topic=None).generation.prompt_id).update(messages=turns)
    reply = Page(cast.ada, cast.project)
    (item,) = reply.open()["items"]
    assert (item["messages"], item["topic"], item["draft"]) == (turns, None, None)
    assert reply.post("submit", said(item["seat"], guideline=1)).json()["field"] == "guideline"


def test_the_page_is_never_taken_from_the_browsers_store(cast, page):
    reply = page.client.get(reverse("annotation:review", args=[cast.project.slug]))
    assert "no-store" in reply["Cache-Control"]


def test_a_reload_brings_the_same_items_back(cast, page):
    assert page.open()["items"] != []
    first, again = page.open()["items"], page.open()["items"]
    assert [item["seat"] for item in first] == [item["seat"] for item in again]


def test_submit_saves_and_brings_the_next_item(cast, page):
    held = [item["seat"] for item in page.open()["items"]]
    data = biased(cast, held[0], guideline=1, active_ms=4000, holding=held[1:], want=1)
    data["spans"] = [{"start": 0, "end": 6, "category": cast.category.pk}]
    reply = page.post("submit", data)
    assert reply.status_code == 200
    assert reply.json()["saved"] is True
    assert reply.json()["left"] == "some"
    assert [item["seat"] not in held for item in reply.json()["next"]] == [True]
    answer = Answer.objects.get(key=data["key"])
    assert (answer.annotator, answer.outcome, answer.severity) == (cast.ada, "biased", 2)
    assert (answer.guideline, answer.active_ms) == (cast.guideline, 4000)
    assert list(answer.categories.all()) == [cast.category]
    assert [(span.start, span.end) for span in answer.spans.all()] == [(0, 6)]
    assert answer.verdict.how == Verdict.How.SINGLE
    assert page.open()["sitting"]["done"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_cycle_costs_these_statements_and_no_more(django_assert_num_queries):
    """Session, person, project; the seat, then BEGIN to COMMIT around three writes; is a pause due; claim, and show."""
    cast = Cast()
    for _ in range(5):
        cast.item()
    page = Page(cast.ada, cast.project)
    first, *rest = [item["seat"] for item in page.open()["items"]]
    page.post("submit", said(first, want=1, holding=rest))  # what is compiled once is compiled now
    with django_assert_num_queries(12):
        reply = page.post("submit", said(rest[0], want=1, holding=rest[1:]))
    assert len(reply.json()["next"]) == 1


def test_the_last_item_leaves_none(cast):
    cast.item()
    page = Page(cast.ada, cast.project)
    (only,) = page.open()["items"]
    reply = page.post("submit", said(only["seat"], want=1))
    assert (reply.json()["next"], reply.json()["left"]) == ([], "none")


def test_the_same_submit_twice_is_one_answer_and_brings_the_same_next_item(cast, page):
    held = [item["seat"] for item in page.open()["items"]]
    data = said(held[0], holding=held[1:], want=1)
    first, second = page.post("submit", data), page.post("submit", data)
    assert first.status_code == second.status_code == 200
    assert [i["seat"] for i in first.json()["next"]] == [i["seat"] for i in second.json()["next"]]
    assert first.json()["undo_until"] == second.json()["undo_until"]
    assert Answer.objects.count() == Verdict.objects.count() == 1


def test_a_key_of_somebody_else_is_a_conflict(cast, page):
    mine = said(page.open()["items"][0]["seat"])
    page.post("submit", mine)
    other = Page(cast.bo, cast.project)
    reply = other.post("submit", {**mine, "seat": other.open()["items"][0]["seat"]})
    assert reply.status_code == 409
    assert "same key" in reply.json()["error"]
    assert Answer.objects.get().annotator == cast.ada


def test_an_answer_for_a_seat_that_another_took_is_kept_as_a_draft(cast, page):
    seat = page.open()["items"][0]["seat"]
    Seat.objects.filter(pk=seek(seat)).update(holder=cast.bo)
    reply = page.post("submit", biased(cast, seat, comment="late"))
    assert reply.status_code == 409
    assert reply.json() == {
        "error": "Your time at this item ran out and somebody else took it over. What you wrote is kept.",
        "kept": True,
    }
    assert Draft.objects.get(user=cast.ada).data["comment"] == "late"
    assert not Answer.objects.exists()


def test_an_answer_after_the_lease_is_taken_where_nobody_else_took_the_seat(cast, page):
    seat = page.open()["items"][0]["seat"]
    Seat.objects.filter(pk=seek(seat)).update(lease_ends_at=timezone.now() - timedelta(hours=1))
    assert page.post("submit", said(seat)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"outcome": "nice"}, "outcome", "fine or biased"),
        ({"outcome": None}, "outcome", "fine or biased"),
        ({"outcome": []}, "outcome", "fine or biased"),
        ({"key": "x"}, "key", "UUID"),
        ({"key": 7}, "key", "UUID"),
        ({"seat": "1"}, "seat", "whole number"),
        ({"seat": None}, "seat", "which seat"),
        ({"seat": True}, "seat", "whole number"),
        ({"categories": []}, "categories", "at least one category"),
        ({"categories": "stereotype"}, "categories", "list of numbers"),
        ({"categories": [10**6]}, "categories", "does not belong to this project"),
        ({"severity": None}, "severity", "1 to 3"),
        ({"severity": 4}, "severity", "1 to 3"),
        ({"severity": 2.0}, "severity", "whole number"),
        ({"rewrite": "  "}, "rewrite", "as it should have been"),
        ({"rewrite": "Nurses are caring women.\r\n"}, "rewrite", "same as the answer"),
        ({"rewrite": "a\0b"}, "rewrite", "cannot be stored"),
        ({"rewrite": "\ud800"}, "rewrite", "cannot be stored"),
        ({"rewrite": 5}, "rewrite", "must be text"),
        ({"rewrite": "x" * 100_001}, "rewrite", "100,001 characters"),
        ({"reasons": ["nothing"]}, "reasons", "“nothing” is no reason"),
        ({"reasons": [7]}, "reasons", "list of short names"),
        ({"reasons": [str(n) for n in range(21)]}, "reasons", "at most 20"),
        ({"outcome": "left", "categories": []}, "severity", "Only an answer that is biased"),
        ({"comment": "x" * 10_001}, "comment", "at most 10,000"),
        ({"spans": {}}, "spans", "list of objects"),
        ({"spans": [3]}, "spans", "list of objects"),
        ({"spans": [{"start": 3, "end": 3}]}, "spans", "an end after it"),
        ({"spans": [{"start": -1, "end": 3}]}, "start", "whole number"),
        ({"spans": [{"start": 0, "end": 25}]}, "spans", "which has 24 characters"),
        ({"spans": [{"start": 0, "end": 2, "category": 10**6}]}, "categories", "does not belong"),
        ({"guideline": 2}, "guideline", "does not belong to the item's topic"),
        ({"active_ms": -1}, "active_ms", "Active ms must be a whole number"),
        ({"holding": [0]}, "holding", "list of numbers"),
        ({"want": 99}, "want", "from 0 to 3"),
        ({"outcome": "fine"}, "categories", "Only an answer that is biased"),
    ],
)
def test_what_is_not_an_answer_is_refused_with_a_sentence(cast, page, change, field, sentence):
    seat = page.open()["items"][0]["seat"]
    reply = page.post("submit", {**biased(cast, seat), **change})
    assert reply.status_code == 400
    assert reply.json()["field"] == field
    assert sentence in reply.json()["error"]
    assert Seat.objects.get(pk=seek(seat)).status == Seat.Status.OPEN
    assert not Answer.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"key": NaN', b"9" * 5000])
def test_what_is_not_json_is_refused(page, body):
    reply = page.post("submit", body)
    assert reply.status_code == 400
    assert reply.json()["field"] == "body"


def test_a_body_beyond_the_bound_is_refused(page, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert page.post("submit", b'{"key": "' + b"x" * 1000 + b'"}').status_code == 400


def test_spans_are_counted_in_code_points(cast):
    item = cast.item(text="👩🏽‍⚕️ é́ nurse")
    page = Page(cast.ada, cast.project)
    seat, length = page.open()["items"][0]["seat"], len(item.generation.text)
    past = biased(cast, seat, spans=[{"start": 0, "end": length + 1}])
    assert page.post("submit", past).status_code == 400
    last = biased(cast, seat, spans=[{"start": length - 5, "end": length}])
    assert page.post("submit", last).status_code == 200
    span = Answer.objects.get().spans.get()
    assert item.generation.text[span.start : span.end] == "nurse"


def test_cannot_judge_is_an_answer(cast, page):
    assert page.post("submit", said(page.open()["items"][0]["seat"], outcome="cannot_judge")).status_code == 200
    assert Verdict.objects.get().answer.outcome == "cannot_judge"


def test_a_seat_of_another_project_is_not_there(cast, page):
    foreign = name_of(make_item(cast.other).seats.get())
    assert page.post("submit", said(foreign)).status_code == 404
    assert page.post("skip", {"seat": foreign, "reason": "other"}).status_code == 404
    assert page.post("draft", {"seat": foreign, "data": {}}).status_code == 409
    assert page.post("heartbeat", {"seats": [foreign]}).json()["lost"] == [foreign]


def test_undo_gives_the_item_back_with_what_was_said(cast, page):
    seat = page.open()["items"][0]["seat"]
    data = biased(cast, seat, comment="hm", spans=[{"start": 0, "end": 6, "category": None}])
    page.post("submit", data)
    reply = page.post("undo", {"key": data["key"]})
    assert reply.status_code == 200
    assert reply.json()["item"]["seat"] == seat
    draft = reply.json()["item"]["draft"]
    assert draft == {field: data[field] for field in draft}
    assert not Verdict.objects.exists()
    assert page.post("undo", {"key": data["key"]}).json()["item"]["seat"] == seat
    assert page.post("submit", data).status_code == 409  # an old key; the page makes a new one
    assert page.post("submit", {**data, "key": str(uuid.uuid4())}).status_code == 200


def test_undo_after_half_a_minute_is_too_late(cast, page):
    data = said(page.open()["items"][0]["seat"])
    page.post("submit", data)
    Answer.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    reply = page.post("undo", {"key": data["key"]})
    assert reply.status_code == 409
    assert "more than 30 seconds" in reply.json()["error"]


def test_nobody_undoes_for_another(cast, page):
    data = said(page.open()["items"][0]["seat"])
    page.post("submit", data)
    assert Page(cast.bo, cast.project).post("undo", {"key": data["key"]}).status_code == 404


def test_skip_brings_another_item_and_never_this_one_again(cast, page):
    items = page.open()["items"]
    held = [item["seat"] for item in items]
    data = {"seat": held[0], "reason": "expertise", "comment": "x", "holding": held[1:], "want": 1}
    reply = page.post("skip", data)
    assert reply.status_code == 200
    assert [item["seat"] for item in reply.json()["next"]] not in ([], [held[0]])
    assert Skip.objects.get().reason == "expertise"
    assert held[0] not in [item["seat"] for item in page.open()["items"]]
    assert held[0] in [item["seat"] for item in Page(cast.bo, cast.project).open()["items"]]
    assert page.post("skip", data).status_code == 200
    assert page.post("skip", {**data, "reason": "bored"}).json()["field"] == "reason"


def test_a_draft_survives_a_reload(cast, page):
    seat = page.open()["items"][1]["seat"]
    for text in ("one", "two 👩🏽‍⚕️"):
        assert page.post("draft", {"seat": seat, "data": {"rewrite": text}}).json() == {"saved": True}
    data = page.open()
    assert [item["draft"] for item in data["items"]] == [None, {"rewrite": "two 👩🏽‍⚕️"}, None]
    assert [item["draft_at"] for item in data["items"]] == [None, Draft.objects.get().updated_at.isoformat(), None]
    assert data["items"][1]["draft_at"] < data["now"]
    page.post("submit", said(seat))
    assert not Draft.objects.exists()


DEEP = {"a": json.loads("[" * 400 + "]" * 400)}


@pytest.mark.parametrize(
    "data", [None, [], {"a": "\0"}, {"\ud800": 1}, {"a": ["x" * 300_000]}, {"a": float("inf")}, DEEP]
)
def test_a_draft_that_cannot_be_stored_is_refused(page, data):
    reply = page.post("draft", {"seat": page.open()["items"][0]["seat"], "data": data})
    assert (reply.status_code, reply.json()["field"]) == (400, "data")


def test_a_heartbeat_renews_what_is_held_and_names_what_is_lost(cast, page):
    first, second, third = (item["seat"] for item in page.open()["items"])
    past = timezone.now() - timedelta(minutes=1)
    Seat.objects.filter(pk=seek(first)).update(lease_ends_at=past)
    Seat.objects.filter(pk=seek(second)).update(holder=cast.bo)
    reply = page.post("heartbeat", {"seats": [first, second, third]}).json()
    assert (reply["held"], reply["lost"]) == (sorted([first, third]), [second])
    assert Seat.objects.get(pk=seek(first)).lease_ends_at > timezone.now()


def test_a_closing_page_frees_its_seats(cast, page):
    held = [item["seat"] for item in page.open()["items"]]
    url = reverse("annotation:review-release", args=[cast.project.slug])
    reply = page.client.post(url, {"seats": ",".join(map(str, [*held[:2], "x", "", "-1", 9**40]))})
    assert (reply.status_code, reply.content) == (204, b"")
    assert [name_of(seat) for seat in Seat.objects.held_by(cast.ada)] == held[2:]


def test_html_in_a_prompt_is_shown_and_never_run(cast):
    cast.item(text="</script><script>alert(1)</script>", prompt="<img src=x onerror=alert(1)>")
    page = Page(cast.ada, cast.project)
    html = page.client.get(reverse("annotation:review", args=[cast.project.slug])).content.decode()
    assert "alert(1)</script>" not in html
    assert "<img src=x" not in html


@pytest.mark.parametrize("door", DOORS)
def test_strangers_get_a_sentence_and_never_a_login_page(cast, door):
    reply = Page(None, cast.project).post(door, {})
    assert reply.status_code == 403
    assert "logged out" in reply.json()["error"]
    assert Page(cast.eve, cast.project).post(door, {}).status_code == 404
    assert Page(cast.ada, cast.project).post(door, {}).status_code == 400 - 200 * (door == "heartbeat")
    assert Page(cast.ada, cast.project).client.get(
        reverse(f"annotation:review-{door}", args=[cast.project.slug])
    ).status_code == 405  # fmt: skip


def test_what_one_person_wrote_is_not_taken_from_another(cast, page):
    seat = page.open()["items"][0]["seat"]
    other = Page(cast.bo, cast.project)
    reply = other.post("submit", said(seat), headers={"X-Person": str(cast.ada.pk)})
    assert (reply.status_code, Draft.objects.count()) == (403, 0)
    assert "Somebody else" in reply.json()["error"]
    assert page.post("submit", said(seat), headers={"X-Person": str(cast.ada.pk)}).status_code == 200


@pytest.mark.parametrize("door", [*DOORS, "release"])
def test_a_post_without_its_csrf_token_is_refused(cast, door):
    page = Page(cast.ada, cast.project, enforce_csrf_checks=True)
    assert page.post(door, {}).status_code == 403


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("iris", 200), ("max", 200), ("eve", 404)])
def test_every_member_may_review(cast, name, status):
    page = Page(getattr(cast, name), cast.project)
    assert page.client.get(reverse("annotation:review", args=[cast.project.slug])).status_code == status


def test_a_stranger_is_sent_to_the_login_page(cast):
    for name in ("review", "review-release"):
        url = reverse(f"annotation:{name}", args=[cast.project.slug])
        assert Client().post(url).status_code == 302


def test_the_page_travels_compressed_where_the_browser_can_read_that(cast, page):
    url = reverse("annotation:review", args=[cast.project.slug])
    plain, packed = page.client.get(url), page.client.get(url, headers={"Accept-Encoding": "gzip"})
    assert (plain.get("Content-Encoding"), packed["Content-Encoding"]) == (None, "gzip")
    assert len(packed.content) < len(plain.content) / 2
    assert b"<!doctype html>" in gzip.decompress(packed.content)[:20]


def test_the_screen_has_the_words_for_severity_that_every_form_has(cast, page):
    html = page.client.get(reverse("annotation:review", args=[cast.project.slug])).content.decode()
    for level in Severity:
        word = level.label.split()[1]
        assert f"<span>{word.capitalize()}</span>" in html
        assert f'["severity-{level.value}", ' in KEYMAP
        assert f't("Severity: {word}")' in KEYMAP
    assert "from mild bias on" in html


def test_where_there_is_no_prompt_curators_are_led_to_the_import_and_annotators_are_not(cast, client):
    def leads(person):
        client.force_login(person)
        return reverse("annotation:stock", args=["peoples"]) in client.get(review).content.decode()

    review = reverse("annotation:review", args=["peoples"])
    assert (leads(cast.ada), leads(cast.iris)) == (False, True)
    make_prompt(cast.project)
    assert not leads(cast.iris)

"""The review screen, in Chromium: answered by keyboard, by mouse and by thumb, with and without a network."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page, Route, expect

from annotation.models import Answer, Draft, Item, Seat, Skip
from tests.cast import Cast, make_item
from tests.ui.chromium import PHONE
from tests.ui.conftest import Visit

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]

REVIEW = "/p/peoples/review/"
SUBMIT = "**/review/submit/"


def shown(page: Page) -> str:
    """The answer on the screen, as text."""
    expect(page.locator("[data-when=item]")).to_be_visible()
    return page.locator("[data-answer]").text_content() or ""


def expect_answer(page: Page, text: str) -> None:
    expect(page.locator("[data-answer]")).to_have_text(text)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def submitted(page: Page, deed: Callable[[], object]) -> None:
    """Do `deed`, and wait until the server has answered the submit it caused."""
    with page.expect_response(SUBMIT) as response:
        deed()
    assert response.value.status == 200, response.value.text()


def eventually(page: Page, truth: Callable[[], bool]) -> None:
    """Wait for something only the database knows."""
    for _ in range(100):
        if truth():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come true within five seconds")


@pytest.fixture
def items(peopled: Cast) -> list[Item]:
    texts = (
        "Nurses are caring women.",
        "Pilots are brave men.",
        "Cooks are loud.",
        "Bakers rise early.",
        "All differ.",
    )
    return [peopled.item(text=text) for text in texts]


def test_a_fine_answer_is_one_key_and_the_next_item_stands_there(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    assert shown(page) == "Nurses are caring women."
    submitted(page, lambda: press(page, "f"))
    expect_answer(page, "Pilots are brave men.")
    expect(page.locator("[data-slot=sitting]")).to_have_text("1")
    answer = Answer.objects.get()
    assert (answer.outcome, answer.item, answer.annotator) == ("fine", items[0], peopled.ada)
    assert 0 < answer.active_ms < 10_000


def test_bias_is_told_by_keyboard_alone(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "b", "1", "w", "s", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "2", "Escape", "k")
    page.keyboard.type("they say women, n and f are only letters here")
    press(page, "Escape", "r", "ControlOrMeta+a")
    page.keyboard.type("Nurses are caring people.")
    expect(page.locator("[data-diff] del")).to_have_text("women.")
    expect(page.locator("[data-diff-amount]")).to_have_text("1 of 4 words out, 1 in")
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.severity, answer.rewrite) == ("biased", 2, "Nurses are caring people.")
    assert answer.guideline == peopled.guideline
    assert answer.comment == "they say women, n and f are only letters here"
    assert sorted(answer.categories.values_list("slug", flat=True)) == ["erasure", "stereotype"]
    span = answer.spans.get()
    assert (span.start, span.end, span.category.slug) == (11, 24, "erasure")


def test_what_is_missing_is_said_and_nothing_is_sent(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    fault = page.locator("[data-form-error]")
    for keys, says in (
        ("n", "fine, biased or"),
        ("bn", "kind of bias"),
        ("1n", "how grave"),
        ("en", "how the answer"),
    ):
        press(page, *keys)
        expect(fault).to_contain_text(says)
    expect(page.locator("[data-rewrite]")).to_be_focused()
    assert not Answer.objects.exists()


def test_fine_asks_before_it_drops_work(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "1", "f")
    expect(page.locator("[data-form-error]")).to_contain_text("Press again")
    submitted(page, lambda: press(page, "f"))
    assert Answer.objects.get().outcome == "fine"


def test_the_next_item_is_painted_before_the_server_has_answered(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    held: list[Route | None] = []
    page.route(SUBMIT, lambda route: route.continue_() if held and held[0] is None else held.append(route))
    press(page, "f", "f")
    expect_answer(page, "Cooks are loud.")
    assert not Answer.objects.exists()
    expect(page.locator("[data-strip]")).to_be_empty()
    first, held[0] = held[0], None  # from here on nothing is held
    with page.expect_response(lambda response: response.url.endswith("submit/") and Answer.objects.count() == 2):
        first.continue_()
    expect_answer(page, "Cooks are loud.")
    assert Seat.objects.held_by(peopled.ada).count() == 3  # the stock in the page was filled up again


def test_undo_brings_the_item_back_with_its_answer(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "1", "q", "r")
    page.keyboard.type("Some say: ")
    submitted(page, lambda: press(page, "Control+Enter"))
    expect_answer(page, "Pilots are brave men.")
    expect(page.locator("[data-undo]")).to_contain_text("Undo “Biased”")
    with page.expect_response("**/review/undo/"):
        press(page, "u")
    expect_answer(page, "Nurses are caring women.")
    expect(page.locator("[data-severity='1']")).to_have_attribute("aria-pressed", "true")
    assert "Some say: " in page.locator("[data-rewrite]").input_value()
    assert not Answer.objects.standing().exists()
    submitted(page, lambda: press(page, "n"))
    assert Answer.objects.standing().get().item == items[0]


def test_the_chance_to_undo_ends_after_thirty_seconds(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.context.clock.install()
    page = visitor.open(REVIEW)
    shown(page)
    submitted(page, lambda: press(page, "f"))
    expect(page.locator("[data-undo-left]")).to_have_text("30 s")
    page.clock.run_for(31_000)
    expect(page.locator("[data-undo]")).to_be_disabled()


def test_a_draft_survives_a_reload(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "2", "e", "r")
    page.keyboard.type("Most ")
    page.reload()
    assert shown(page) == "Nurses are caring women."
    expect(page.locator("[data-severity='3']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[aria-pressed=true][data-category]")).to_have_count(1)
    assert "Most " in page.locator("[data-rewrite]").input_value()


def test_a_draft_reaches_the_server_and_another_machine(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    with page.expect_response("**/review/draft/"):
        press(page, "2", "e")
    assert Draft.objects.get().data["severity"] == 3
    elsewhere = visit(peopled.ada).open(REVIEW)
    shown(elsewhere)
    expect(elsewhere.locator("[data-severity='3']")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("clock", ["right", "an hour fast"])
def test_what_was_written_later_on_another_machine_is_shown(visit: Visit, items, peopled: Cast, clock: str):
    at_the_desk = visit(peopled.ada)
    page = at_the_desk.context.new_page()
    if clock == "an hour fast":
        page.clock.install(time=datetime.now(UTC) + timedelta(hours=1))
    page.goto(at_the_desk.home + REVIEW)
    shown(page)
    with page.expect_response("**/review/draft/"):
        press(page, "2", "q")
    elsewhere = visit(peopled.ada).open(REVIEW)
    shown(elsewhere)
    with elsewhere.expect_response("**/review/draft/"):
        press(elsewhere, "e")
    page.reload()
    shown(page)
    expect(page.locator("[data-severity='3']")).to_have_attribute("aria-pressed", "true")


def test_without_a_network_answers_are_kept_through_a_reload_and_sent_later(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("Failed to load resource", "net::ERR_FAILED")
    page = visitor.open(REVIEW)
    shown(page)
    page.route(SUBMIT, lambda route: route.abort())
    press(page, "f", "f")
    expect(page.locator("[data-strip]")).to_contain_text("2 answers are not saved yet. Kept on this machine")
    expect_answer(page, "Cooks are loud.")
    page.reload()
    expect_answer(page, "Cooks are loud.")
    expect(page.locator("[data-strip]")).to_contain_text("not saved yet")
    assert not Answer.objects.exists()
    page.unroute(SUBMIT)
    page.get_by_role("button", name="Retry now").click()
    expect(page.locator("[data-strip]")).to_be_empty()
    assert Answer.objects.filter(outcome="fine", annotator=peopled.ada).count() == 2


def test_a_reply_that_was_lost_doubles_nothing(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("Failed to load resource", "net::ERR_FAILED")
    page = visitor.open(REVIEW)
    shown(page)

    def lose_the_reply(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(SUBMIT, lose_the_reply, times=1)
    with page.expect_response(lambda response: response.url.endswith("submit/") and response.ok):
        press(page, "f")
    assert Answer.objects.count() == 1


def test_after_the_session_ended_nothing_is_lost(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("403")
    page = visitor.open(REVIEW)
    shown(page)
    Session.objects.all().delete()
    press(page, "f")
    strip = page.locator("[data-strip]")
    expect(strip).to_contain_text("You are logged out")
    expect(strip.get_by_role("link", name="Log in in a new tab")).to_have_attribute("target", "_blank")
    client = Client()
    client.force_login(peopled.ada)
    cookie = client.cookies["sessionid"].value
    visitor.context.add_cookies([{"name": "sessionid", "value": cookie, "url": visitor.home}])
    submitted(page, lambda: strip.get_by_role("button", name="Retry now").click())
    expect(strip).to_be_empty()
    assert Answer.objects.count() == 1


def test_an_answer_that_came_too_late_is_offered_back(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("409")
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "1", "w", "r")
    page.keyboard.type("Look: ")
    Seat.objects.filter(item=items[0]).update(holder=peopled.bo)
    press(page, "Control+Enter")
    expect(page.locator("[data-strip]")).to_contain_text("somebody else took it over")
    page.get_by_role("button", name="Show what I wrote").click()
    assert "Look: " in page.locator("[data-kept-text]").input_value()
    assert Draft.objects.get().user == peopled.ada
    assert not Answer.objects.exists()


def test_an_answer_the_server_does_not_take_comes_back_with_the_reason(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("400")
    page = visitor.open(REVIEW)
    shown(page)
    refusal = json.dumps({"error": "One of the categories does not belong to this project.", "field": "categories"})
    page.route(SUBMIT, lambda route: route.fulfill(status=400, content_type="application/json", body=refusal), times=1)
    press(page, "1", "w", "r")
    page.keyboard.type("Look: ")
    press(page, "Control+Enter")
    expect(page.locator("[data-form-error]")).to_contain_text("does not belong")
    expect_answer(page, "Nurses are caring women.")
    assert "Look: " in page.locator("[data-rewrite]").input_value()


def test_skipping_asks_why_and_never_offers_the_item_again(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "p")
    page.get_by_label("Too hard for me").check()
    with page.expect_response("**/review/skip/"):
        page.get_by_role("button", name="Pass", exact=True).click()
    expect_answer(page, "Pilots are brave men.")
    skip = Skip.objects.get()
    assert (skip.item, skip.user, skip.reason) == (items[0], peopled.ada, "too_hard")


def test_html_in_prompt_and_answer_is_shown_and_never_run(visit: Visit, peopled: Cast):
    prompt = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    text = "</script><script>document.title='run'</script><b>bold</b> <!-- {{ 7|add:7 }} -->"
    peopled.item(prompt=prompt, text=text)
    page = visit(peopled.ada).open(REVIEW)
    assert shown(page) == text
    expect(page.locator("[data-slot=prompt]")).to_have_text(prompt)
    press(page, "s", "ArrowRight", "Shift+ArrowRight", "1", "Escape", "r")
    page.keyboard.type("<i>new</i> ")
    expect(page.locator("[data-diff] ins")).to_have_text("<i>new</i> ")
    assert page.locator("[data-slot=item] :is(img, script, b, i)").count() == 0
    assert page.title().startswith("Review")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("👩‍⚕️👍🏽 say: women care. 🎉", "women care."),
        ("Cafe\u0301 ❤️ naïve 𝒲omen here", "𝒲omen"),
        ("שלום עולם 🌍 אנשים", "🌍"),
        ("line one\r\nline two 🙂 women", "women"),
    ],
)
def test_spans_count_code_points_by_mouse_and_by_keyboard(visit: Visit, peopled: Cast, text: str, marked: str):
    peopled.item(text=text)
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    select_by_mouse(page, marked)
    press(page, "1")
    expect(page.locator("[data-answer] mark")).to_have_text(marked)
    press(page, "s", "End", "2", "Escape", "w", "r")
    page.keyboard.type("New ")
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    stored = answer.item.generation.text
    spans = {span.category.slug: stored[span.start : span.end] for span in answer.spans.all()}
    assert spans == {"stereotype": marked, "erasure": stored.split()[-1]}


def select_by_mouse(page: Page, text: str) -> None:
    """Leave `text` selected, with the blank before it, as a hasty mouse does."""
    page.evaluate(
        """(wanted) => {
          const node = document.querySelector("[data-answer]").firstChild;
          const at = node.data.indexOf(wanted);
          document.getSelection().setBaseAndExtent(node, Math.max(at - 1, 0), node, at + wanted.length);
        }""",
        text,
    )
    expect(page.locator("[data-span-chooser].is-armed")).to_be_visible()


def test_marks_can_be_taken_away(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "s", "1", "ArrowRight", "2")
    expect(page.locator("[data-answer] mark")).to_have_count(2)
    press(page, "Backspace", "Escape")
    expect(page.locator("[data-answer] mark")).to_have_text(["Nurses"])
    page.get_by_role("button", name="Take the mark on “Nurses” away").click()
    expect(page.locator("[data-answer] mark")).to_have_count(0)
    assert shown(page) == "Nurses are caring women."


def test_an_answer_of_five_thousand_words_stays_usable(visit: Visit, peopled: Cast):
    text = " ".join(f"word{n % 613}" for n in range(5000))
    peopled.item(text=text)
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "s", "End", "Shift+ArrowLeft", "1", "Escape", "r", "ControlOrMeta+End")
    page.keyboard.type(" and so on")
    expect(page.locator("[data-diff-amount]")).to_have_text("0 of 5000 words out, 3 in")


def test_a_conversation_is_shown_turn_by_turn(visit: Visit, peopled: Cast):
    item = peopled.item(prompt="Who leads?")
    turns = [("system", "Be brief."), ("user", "Who nurses?"), ("assistant", "People."), ("user", "Who leads?")]
    prompt = item.prompt
    prompt.messages = [{"role": role, "content": content} for role, content in turns]
    prompt.save(update_fields=["messages"])
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    expect(page.locator(".turn-who")).to_have_text(["Instructions", "Person", "Model", "Person"])
    expect(page.locator(".turn .text")).to_have_text([content for _, content in turns])


def test_when_nothing_waits_the_page_says_so_and_looks_again_by_itself(visit: Visit, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.context.clock.install()
    page = visitor.open(REVIEW)
    expect(page.get_by_role("heading", name="Nothing to review right now")).to_be_visible()
    peopled.item(text="Fresh.")
    page.clock.run_for(16_000)
    expect_answer(page, "Fresh.")


def test_seats_are_given_back_when_the_page_is_left(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    assert Seat.objects.held_by(peopled.ada).count() == 3
    page.goto("about:blank")
    eventually(page, lambda: not Seat.objects.held_by(peopled.ada).exists())
    other = visit(peopled.bo).open(REVIEW)
    assert shown(other) == "Nurses are caring women."


def test_a_late_goodbye_of_the_page_before_takes_no_seat_away(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    Seat.objects.held_by(peopled.ada).update(holder=None, lease_ends_at=None)  # what the late goodbye does
    with page.expect_response(lambda response: response.url.endswith(REVIEW)):
        pass  # the first heartbeat, two seconds after the start, sees it and asks again
    expect(page.locator("[data-strip]")).to_be_empty()
    submitted(page, lambda: press(page, "f"))
    assert Answer.objects.get().item == items[0]


def test_two_tabs_of_one_person_double_nothing(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("409")
    first = visitor.open(REVIEW)
    second = visitor.context.new_page()
    second.goto(visitor.home + REVIEW)
    assert shown(first) == shown(second) == "Nurses are caring women."
    submitted(first, lambda: press(first, "f"))
    press(second, "f")
    expect(second.locator("[data-strip]")).to_contain_text("You have already answered this item.")
    assert Answer.objects.count() == 1


def test_projects_do_not_see_each_other(visit: Visit, items, peopled: Cast):
    make_item(peopled.other, text="A secret of the others.")
    stranger = visit(peopled.eve)
    stranger.expect("404")
    page = stranger.open(REVIEW)
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    page = stranger.open("/p/elsewhere/review/")
    assert shown(page) == "A secret of the others."
    assert "Nurses" not in page.content()


def test_single_keys_can_be_switched_off(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "?")
    page.get_by_label("Single keys act").uncheck()
    page.get_by_role("button", name="Close").click()
    press(page, "f")
    expect_answer(page, "Nurses are caring women.")
    submitted(page, lambda: page.get_by_role("button", name="Fine").click())


def test_a_narrow_window_with_a_mouse_does_not_scroll_sideways(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada, viewport=PHONE).open(REVIEW)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bar = [page.get_by_role("button", name=name).bounding_box() for name in ("Fine", "Submit")]
    assert bar[0]["y"] == pytest.approx(bar[1]["y"], abs=2), "one bar, not two"


def test_on_a_phone_a_thumb_does_it_all(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada, viewport=PHONE, has_touch=True, is_mobile=True).open(REVIEW)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Fine", "Biased", "Cannot judge", "Submit"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] + box["height"] > 780, "within reach of the thumb"
    select_by_mouse(page, "caring women")
    page.get_by_role("group", name="Mark the selected words").get_by_role("button", name="Erasure").tap()
    expect(page.locator("[data-answer] mark")).to_have_text("caring women")
    page.get_by_role("button", name="Cannot judge").tap()
    submitted(page, lambda: page.get_by_role("button", name="Submit").tap())
    assert Answer.objects.get().outcome == "cannot_judge"

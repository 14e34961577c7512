"""What stands beside the answer form: values statement, content warning, cover, break, check-in, counterfactuals."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from annotation.models import Answer, CheckIn, Item, TermSet, Topic
from annotation.values import guidelines
from tests.cast import Cast, make_comparison, make_demonstration
from tests.ui.chromium import LAPTOP
from tests.ui.conftest import Visit, Visitor
from tests.ui.screen import submitted

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]

STATEMENT = """Judge the **person**.

## Categories
Choose all that apply.

## Severity
Ask who is hurt.

## Rewrite
Change little.

## Examples
> Nurses are caring women.
"""


def start(visitor: Visitor) -> Page:
    page = visitor.open("/p/peoples/review/")
    expect(page.locator("[data-when=item]")).to_be_visible()
    return page


def test_each_part_stands_under_its_question_and_the_whole_is_one_press_away(visit: Visit, peopled: Cast):
    guidelines.change(peopled.topic, STATEMENT, actor=peopled.iris)
    peopled.item()
    page = start(visit(peopled.ada, viewport=LAPTOP))
    asked = page.locator(".part.is-asked:visible")
    expect(asked).to_have_text("Judge the person.")
    places = [page.locator(f"[data-field={field}]").last for field in ("categories", "severity")]
    before = [place.bounding_box() for place in places]
    page.keyboard.press("b")
    expect(places[0].locator(".part.is-asked")).to_contain_text("Choose all that apply.")
    page.keyboard.press("1")
    expect(places[1].locator(".part.is-asked")).to_contain_text("Ask who is hurt.")
    page.keyboard.press("w")
    expect(asked).to_contain_text("Change little.")
    assert [place.bounding_box() for place in places] == before, "nothing moves from one question to the next"
    page.locator("[data-severity]").first.focus()
    page.keyboard.press("Shift+Tab")  # the keyboard's focus says more than how far the answer is
    expect(asked).to_contain_text("Choose all that apply.")
    page.keyboard.press("r")
    expect(page.locator("[data-rewrite-box] .part.is-asked")).to_contain_text("Change little.")
    expect(asked).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="The whole statement").click()
    expect(page.locator("dialog[open]")).to_contain_text("Nurses are caring women.")
    page.keyboard.press("Escape")
    expect(page.locator("[data-statement-propose]")).to_have_attribute(
        "href", f"/p/peoples/guidelines/{peopled.topic.pk}/propose/"
    )


def test_what_has_no_parts_is_shown_whole_and_each_way_of_working_has_its_own_part(visit: Visit, peopled: Cast):
    guidelines.change(peopled.topic, "## Values\nBe kind.\n\n## Examples\nNurses.", actor=peopled.iris)
    peopled.item()
    origin = Topic.objects.create(project=peopled.project, slug="origin", name="Origin")
    guidelines.change(origin, "## Comparing\nLess is better.\n\n## Ideal answers\nAsk.", actor=peopled.iris)
    make_comparison(peopled.project, topic=origin)
    make_demonstration(peopled.project, topic=origin)
    page = start(visit(peopled.ada))
    asked = page.locator(".part.is-asked:visible")
    expect(asked).to_contain_text("Nurses.")
    expect(asked).to_contain_text("Be kind.")
    page.keyboard.press("f")
    expect(asked).to_have_text(re.compile(r"Comparing\s*Less is better.\s*"))
    page.keyboard.press("3")
    expect(page.locator("[data-rewrite-box] .part.is-asked")).to_contain_text("Ask.")
    expect(page.locator(".part:visible")).to_have_count(1)


def test_a_change_is_shown_until_it_is_read_and_the_answer_is_given_under_it(visit: Visit, peopled: Cast):
    peopled.item()
    page = start(visit(peopled.ada))
    page.keyboard.press("f")
    expect(page.locator("[data-when=empty]")).to_be_visible()
    guidelines.change(peopled.topic, "Judge the person, never the job.", actor=peopled.iris)
    peopled.item()
    page.reload()
    notice = page.locator("[data-statement-changed]")
    expect(notice).to_contain_text("version 1 was in force, now it is 2")
    notice.get_by_text("What changed").click()
    expect(notice.locator("del")).to_have_text("not ")
    notice.get_by_role("button", name="Got it").click()
    expect(notice).to_be_hidden()
    with page.expect_response(re.compile("submit")) as reply:
        page.keyboard.press("f")
    assert reply.value.ok
    newest = Answer.objects.latest("pk").guideline
    assert newest is not None
    assert newest.version == 2


def test_a_warning_comes_once_a_sitting_and_a_topic_can_be_left(visit: Visit, peopled: Cast):
    Topic.objects.filter(pk=peopled.topic.pk).update(warning="Slurs about trades.")
    hard, *_ = [peopled.item() for _ in range(4)]
    Item.objects.filter(pk=hard.pk).update(predicted_severity=2.7)
    peopled.ada.blur_from = 2
    peopled.ada.save()
    visitor = visit(peopled.ada)
    page = start(visitor)
    warning, prompt = page.locator("[data-warning]"), page.locator("[data-slot=prompt]")
    expect(warning).to_contain_text("Slurs about trades.")
    expect(warning).to_contain_text("people judged answers like it 2.7 of 3")
    expect(page.locator("[data-aside-say]")).to_contain_text("Slurs about trades.")
    assert prompt.evaluate("(text) => text.inert")
    page.keyboard.press("v")
    expect(warning).to_be_hidden()
    assert not prompt.evaluate("(text) => text.inert")  # one gate, though the item is likely to be hard too
    assert prompt.evaluate("(text) => getComputedStyle(text).filter") == "none"
    page.keyboard.press("f")
    expect(page.locator("[data-undo]")).to_be_enabled()
    expect(warning).to_be_hidden()
    page.reload()
    expect(page.locator("[data-when=item]")).to_be_visible()
    expect(warning).to_be_hidden()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.get_by_role("button", name="No items of this topic for me").click()
    expect(page.locator("[data-when=empty]")).to_be_visible()
    assert peopled.topic.opted_out.filter(user=peopled.ada).exists()


def test_what_is_likely_to_be_hard_is_covered_from_ones_own_threshold_on(visit: Visit, peopled: Cast):
    for _ in range(3):
        peopled.item()
    Item.objects.update(predicted_severity=2.4)
    visitor = visit(peopled.ada)
    held: list[Route] = []
    visitor.page.route("**/review/preferences/", lambda route: held.append(route))
    page = start(visitor)
    prompt, cover = page.locator("[data-slot=prompt]"), page.locator("[data-cover]")
    expect(cover).to_be_hidden()
    page.keyboard.press("?")
    page.get_by_label("Cover what is likely to be hard").select_option("2")
    page.keyboard.press("Escape")
    expect(page.locator("[data-help-dialog]")).to_be_hidden()
    page.keyboard.press("f")
    expect(cover).to_contain_text("people judged answers like it 2.4 of 3")  # though the studio has not answered yet
    with page.expect_response("**/review/preferences/"):
        held[0].continue_()
    expect(page.locator("[data-aside-say]")).to_contain_text("covered until you ask")
    assert prompt.evaluate("(text) => getComputedStyle(text).filter") != "none"
    page.keyboard.press("v")
    expect(cover).to_contain_text("Cover again")
    assert prompt.evaluate("(text) => getComputedStyle(text).filter") == "none"
    page.keyboard.press("v")
    assert prompt.evaluate("(text) => text.inert")
    page.keyboard.press("f")  # nobody judges what they have not seen; passing needs no look
    fault, kind = page.locator("[data-form-error]"), page.locator("[data-category]").first
    expect(fault).to_have_text("This item is covered. Show it first, or pass.")
    for _ in range(2):
        page.keyboard.press("x")
        page.wait_for_timeout(220)  # sooner, it would be a key that bounced
    kind.click()
    expect(fault).to_have_text("This item is covered. Show it first, or pass.")
    expect(kind).to_have_attribute("aria-pressed", "false")
    assert Answer.objects.count() == 1
    page.keyboard.press("v")
    expect(page.locator("[data-form-error]")).to_be_hidden()
    peopled.ada.refresh_from_db()
    assert peopled.ada.blur_from == 2


def test_a_break_is_proposed_and_no_wall(visit: Visit, peopled: Cast):
    peopled.project.sitting_minutes = 0
    peopled.project.exposure_budget = 2
    peopled.project.save()
    for _ in range(4):
        peopled.item()
    page = start(visit(peopled.ada))
    pause = page.locator("[data-pause]")

    def heavy_answer() -> None:
        for key in ("1", "w", "r"):
            page.keyboard.press(key)
        page.keyboard.type("Some ")
        page.keyboard.press("Control+Enter")
        expect(pause).to_be_visible()
        expect(pause).to_contain_text("A break is a good idea")

    heavy_answer()
    expect(page.locator("[data-aside-say]")).to_contain_text("Escape, or your next answer, goes on.")
    covered, work = pause.bounding_box(), page.locator(".review-columns").bounding_box()
    assert covered
    assert work
    assert covered["y"] + covered["height"] <= work["y"]
    page.keyboard.press("Escape")
    expect(pause).to_be_hidden()
    heavy_answer()
    page.keyboard.press("f")
    expect(page.locator("[data-undo]")).to_contain_text("Fine")
    expect(pause).to_be_hidden()


def test_the_two_questions_of_the_week_are_asked_once(visit: Visit, peopled: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("annotation.person.wellbeing.ENOUGH_FOR_CHECK_IN", 1)
    for _ in range(3):
        peopled.item()
    page = start(visit(peopled.ada))
    line, asked = page.locator("[data-check-in]"), page.get_by_role("dialog")
    expect(line).to_be_hidden()
    submitted(page, lambda: page.keyboard.press("f"))
    page.keyboard.press("x")  # it comes between two items, without a reload
    expect(line).to_contain_text("Two questions about this week")
    line.get_by_role("button", name="Answer them").click()
    expect(asked).to_contain_text("only averages of five people or more")
    worth = asked.get_by_role("radio", name="4").first
    worth.check()
    for key in ("f", "1", "x", "p"):  # a key pressed here says nothing about the item
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    expect(page.locator("[data-slot=item]")).to_be_focused()
    line.get_by_role("button", name="Answer them").click()
    with page.expect_request("**/check-in/") as sent:
        asked.get_by_role("button", name="Send").click()
    assert sent.value.headers["x-person"] == str(peopled.ada.pk)  # another log-in in another tab does not get it
    expect(line).to_be_hidden()
    assert Answer.objects.count() == 2
    said = CheckIn.objects.get(user=peopled.ada)
    assert (said.worth, said.mood) == (4, None)
    page.reload()
    expect(page.locator("[data-when=item]")).to_be_visible()
    expect(line).to_be_hidden()


def test_the_questions_also_come_when_nothing_is_left_to_review(
    visit: Visit, peopled: Cast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("annotation.person.wellbeing.ENOUGH_FOR_CHECK_IN", 1)
    peopled.item()
    visitor = visit(peopled.ada)
    visitor.stop_clock()  # nor does the page look again by itself
    page = start(visitor)
    page.keyboard.press("f")
    expect(page.locator("[data-when=empty]")).to_be_visible()
    expect(page.locator("[data-check-in]")).to_be_visible()


def test_counterfactuals_come_side_by_side_and_go_with_the_item(visit: Visit, peopled: Cast):
    TermSet.objects.create(project=peopled.project, name="Trades", terms=["nurses", "smiths", "cooks"])
    for _ in range(2):
        peopled.item(prompt="What are nurses like?")
    visitor = visit(peopled.ada)
    rounds: list[Any] = []

    def answer(route: Route) -> None:
        rounds.append(timezone.now())
        done = len(rounds) > 1
        variants = [
            {
                "old": "nurses",
                "new": "smiths",
                "prompt": "What are smiths like?",
                "error": "",
                "answer": "They are strong men.",
            },
            {
                "old": "nurses",
                "new": "cooks",
                "prompt": "What are cooks like?",
                "error": "The model stopped.",
                "answer": "",
            },
        ]
        states = ("done" if done else "asked", "failed")
        body = {
            "why": None,
            "original": {
                "prompt": "What are nurses like?",
                "state": "done",
                "answer": "They are caring women.",
                "error": "",
            },
            "variants": [{**variant, "state": state} for variant, state in zip(variants, states, strict=True)],
        }
        route.fulfill(json=body)

    visitor.page.route("**/review/variants/", answer)
    page = start(visitor)
    strip = page.locator("[data-variants]")
    page.keyboard.press("c")
    expect(strip).to_contain_text("They are caring women.")
    expect(strip.locator(".variant").nth(1).locator(".variant-answer ins")).to_have_text(["strong men."])
    expect(strip.locator(".variant").nth(1).locator(".variant-prompt")).to_contain_text("smiths")
    expect(strip).to_contain_text("The model stopped.")
    expect(strip.locator(".variant-share")).to_have_text("50 % of the words are the same.")
    assert len(rounds) == 2  # asked again while one was on its way, and then no more
    page.keyboard.press("Escape")
    expect(strip).to_be_hidden()
    failed = {"state": "failed", "prompt": "What are nurses like?", "answer": "", "error": "Too long."}
    swapped = {**failed, "old": "nurses", "new": "smiths"}
    body = {"why": None, "original": failed, "variants": [swapped, swapped]}
    page.route("**/review/variants/", lambda route: route.fulfill(json=body))
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ask about others").click()
    expect(strip.get_by_text("Too long.")).to_have_count(1)  # one reason for all is said once
    sheet, editor = strip.bounding_box(), page.locator("[data-rewrite]").bounding_box()
    assert sheet
    assert editor
    assert sheet["y"] + sheet["height"] <= editor["y"]  # what is written is not covered
    page.keyboard.press("f")
    expect(strip).to_be_hidden()


def test_where_nothing_can_be_swapped_the_strip_says_why(visit: Visit, peopled: Cast):
    peopled.item(prompt="What is two and two?")
    page = start(visit(peopled.ada))
    expect(page.get_by_role("button", name="Ask about others")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.locator("[data-variants-state]")).not_to_be_empty()
    expect(page.locator("[data-variants-list] .variant")).to_have_count(0)

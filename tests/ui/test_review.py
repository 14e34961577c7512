"""The review screen, in Chromium: answered by keyboard, by mouse and by thumb."""

import pytest
from playwright.sync_api import expect

from annotation.models import Answer, Skip
from tests.cast import Cast, make_item, make_prompt, make_version
from tests.ui.chromium import LAPTOP, PHONE
from tests.ui.conftest import Visit
from tests.ui.screen import REVIEW, expect_answer, press, select_by_mouse, shown, submitted

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


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
    expect(page.locator("[data-span-category]:visible")).to_have_count(0)  # until words are marked, 1 means one thing
    press(page, "b", "1", "w", "s", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "2", "Escape", "k")
    page.keyboard.type("they say women, n and f are only letters here")
    press(page, "Escape", "r", "ControlOrMeta+a")
    page.keyboard.type("Nurses are caring people.")
    expect(page.locator("[data-diff] del")).to_have_text("women.")
    expect(page.locator("[data-diff-size]")).to_have_text("Moderate edit")
    expect(page.locator("[data-diff-amount]")).to_have_text("1 of 4 words out, 1 in; 6 characters out, 7 in")
    assert page.locator("[data-diff-meter]").evaluate("(meter) => meter.value") == 0.25
    editor, changes = (page.locator(name).bounding_box() for name in ("[data-rewrite]", "[data-diff]"))
    assert 0 < changes["y"] - editor["y"] - editor["height"] < 60, "what changes stands right below"
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.severity, answer.rewrite) == ("biased", 2, "Nurses are caring people.")
    assert answer.guideline == peopled.guideline
    assert answer.comment == "they say women, n and f are only letters here"
    assert sorted(answer.categories.values_list("slug", flat=True)) == ["erasure", "stereotype"]
    span = answer.spans.get()
    assert (span.start, span.end, span.category.slug) == (11, 24, "erasure")


def test_cannot_judge_is_one_key_too(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    submitted(page, lambda: press(page, "x"))
    assert Answer.objects.get().outcome == "cannot_judge"


def test_who_rewrites_holds_the_answer_for_biased_and_says_why_by_digit(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "g", "1")  # reasons belong to a rewrite: without one, a digit is a category
    expect(page.locator("[aria-pressed=true][data-category]")).to_have_count(1)
    press(page, "r")
    page.keyboard.type("Many ")
    press(page, "Escape", "g", "1", "3", "1", "Escape", "q")
    expect(page.locator("[data-outcome=biased]")).to_have_attribute("aria-pressed", "true")
    submitted(page, lambda: press(page, "n"))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.severity, answer.reasons) == ("biased", 1, ["fact-corrected"])


def test_a_reset_rewrite_comes_back_by_key_and_by_button(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "r")
    page.keyboard.type("Some say: ")
    area, answer = page.locator("[data-rewrite]"), "Nurses are caring women."
    page.get_by_role("button", name="Reset to the answer").click()
    expect(area).to_have_value(answer)
    page.keyboard.press("Control+z")
    expect(area).to_have_value("Some say: " + answer)
    page.get_by_role("button", name="Reset to the answer").click()
    page.get_by_role("button", name="Put back what I wrote").click()
    expect(area).to_have_value("Some say: " + answer)
    expect(page.locator("[data-rewrite-box] [data-draft-state]")).to_have_text("Draft saved")


def test_what_is_missing_is_said_and_nothing_is_sent(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada, viewport=LAPTOP).open(REVIEW)
    shown(page)
    fault = page.locator("[data-form-error]")
    for keys, says, fields in (
        ("n", "fine, biased or", ["outcome"]),
        ("bn", "category. Choose a severity. Write how", ["categories", "severity", "rewrite"]),
        ("1n", "severity", ["severity", "rewrite"]),
        ("en", "how the answer", ["rewrite"]),
    ):
        press(page, *keys)
        expect(fault).to_contain_text(says)
        expect(fault).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="Submit")).to_be_in_viewport(ratio=1)
        outlined = page.locator(".has-fault:visible")
        assert list(dict.fromkeys(outlined.evaluate_all("(all) => all.map((one) => one.dataset.field)"))) == fields
        if fields[0] in ("categories", "severity"):
            assert page.evaluate("document.activeElement.closest('[data-field]').dataset.field") == fields[0]
    expect(page.locator("[data-rewrite]")).to_be_focused()
    assert not Answer.objects.exists()


def test_fine_asks_before_it_drops_work(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "1", "f")
    expect(page.locator("[data-form-error]")).to_contain_text("Press again")
    page.wait_for_timeout(220)
    submitted(page, lambda: press(page, "f"))
    assert Answer.objects.get().outcome == "fine"


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


def test_the_chance_to_undo_outlives_a_reload(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    submitted(page, lambda: press(page, "x"))
    page.reload()
    expect_answer(page, "Pilots are brave men.")
    expect(page.locator("[data-undo-what]")).to_have_text("Cannot judge")
    with page.expect_response("**/review/undo/"):
        press(page, "u")
    expect_answer(page, "Nurses are caring women.")
    expect(page.locator("[data-outcome=cannot_judge]").first).to_have_attribute("aria-pressed", "true")
    assert not Answer.objects.standing().exists()


def test_the_chance_to_undo_ends_after_thirty_seconds(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.stop_clock()
    page = visitor.open(REVIEW)
    shown(page)
    submitted(page, lambda: press(page, "f"))
    expect(page.locator("[data-undo-left]")).to_have_text("30 s")
    page.clock.run_for(31_000)
    expect(page.locator("[data-undo]")).to_be_disabled()


def test_a_pass_needs_a_reason_and_can_be_taken_back_like_an_answer(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    submitted(page, lambda: press(page, "f"))
    press(page, "1", "p", "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()  # nobody has said why
    press(page, "3")
    expect(page.get_by_label("Too hard for me")).to_be_checked()
    with page.expect_response("**/review/skip/"):
        press(page, "Enter")
    expect_answer(page, "Cooks are loud.")
    expect(page.locator("[data-say]")).to_have_text("Passed. Next item.")
    skip = Skip.objects.get()
    assert (skip.item, skip.user, skip.reason) == (items[1], peopled.ada, "too_hard")
    expect(page.locator("[data-undo]")).to_contain_text("Undo “Pass”")
    with page.expect_response("**/review/unskip/"):
        press(page, "u")
    expect_answer(page, "Pilots are brave men.")
    expect(page.locator("[data-category]").first).to_have_attribute("aria-pressed", "true")  # as it was left
    expect(page.locator("[data-undo]")).to_contain_text("Undo “Fine”")
    expect(page.locator("[data-slot=sitting]")).to_have_text("1")
    assert not Skip.objects.exists()


def test_when_nothing_waits_the_page_says_so_and_looks_again_by_itself(visit: Visit, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.stop_clock()
    page = visitor.open(REVIEW)
    expect(page.get_by_role("heading", name="Nothing to review right now")).to_be_visible()
    peopled.item(text="Fresh.")
    page.clock.run_for(16_000)
    expect_answer(page, "Fresh.")


def test_an_empty_queue_says_what_the_studio_knows_and_promises_nothing(visit: Visit, peopled: Cast):
    make_prompt(peopled.project)
    failed = {"state": "failed", "error": "The disk is full.", "version": make_version(peopled.project)}
    peopled.project.refills.create(**failed, asked=[], sampling={})
    page = visit(peopled.ada).open(REVIEW)
    expect(page.locator("[data-slot=why-empty]")).to_contain_text("The disk is full")


def test_time_counts_only_while_somebody_reads(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.stop_clock()
    page = visitor.open(REVIEW)
    shown(page)
    page.clock.run_for(5_000)
    press(page, "k", "Escape")
    page.clock.run_for(300_000)  # no sign of life: half a minute of it counts
    press(page, "k", "Escape")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.clock.run_for(60_000)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.evaluate("document.dispatchEvent(new Event('review:covered'))")
    press(page, "f")
    expect(page.locator("[data-form-error]")).to_contain_text("covered")
    page.clock.run_for(60_000)
    page.evaluate("document.dispatchEvent(new Event('review:uncovered'))")
    submitted(page, lambda: press(page, "f"))
    assert Answer.objects.get().active_ms == 35_000


def test_projects_do_not_see_each_other(visit: Visit, items, peopled: Cast):
    make_item(peopled.other, text="A secret of the others.")
    stranger = visit(peopled.eve)
    stranger.expect("404")
    page = stranger.open(REVIEW)
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    page = stranger.open("/p/elsewhere/review/")
    assert shown(page) == "A secret of the others."
    assert "Nurses" not in page.content()


def test_a_narrow_window_with_a_mouse_does_not_scroll_sideways(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada, viewport=PHONE).open(REVIEW)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bar = [page.get_by_role("button", name=name).bounding_box() for name in ("Fine", "Submit")]
    assert bar[0]["y"] == pytest.approx(bar[1]["y"], abs=2), "one bar, not two"


@pytest.mark.parametrize("size", [(640, 400), (320, 640)])
def test_at_double_size_and_on_the_smallest_screen_everything_is_there(visit: Visit, items, peopled: Cast, size):
    """1280 × 800 at 200 % is 640 × 400; 320 px is what WCAG 1.4.10 asks for."""
    page = visit(peopled.ada, viewport={"width": size[0], "height": size[1]}).open(REVIEW)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Fine", "Submit"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    box, other = (page.locator(name).bounding_box() for name in (".deliver", ".verdicts >> visible=true"))
    assert (box["y"], box["height"]) == (other["y"], other["height"]), "one bar"
    assert box["height"] < 0.15 * size[1], "what is read keeps most of the screen"
    page.get_by_role("button", name="Rewrite the answer").click()
    page.keyboard.type("Many ")
    page.get_by_role("button", name="Removed a stereotype").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_a_thumb_does_it_all(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada, viewport=PHONE, has_touch=True, is_mobile=True).open(REVIEW)
    shown(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Fine", "Biased", "Cannot judge", "Submit"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["y"] + box["height"] > 780, "within reach of the thumb"
    page.get_by_role("button", name="Biased").tap()
    expect(page.get_by_role("group", name="Categories")).to_be_in_viewport(ratio=1)  # the next question comes into view
    page.get_by_role("button", name="Submit").tap()
    expect(page.locator("[data-form-error]")).to_be_in_viewport(ratio=1)
    select_by_mouse(page, "caring women")
    page.get_by_role("group", name="Mark the selected words").get_by_role("button", name="Erasure").tap()
    expect(page.locator("[data-answer] mark")).to_have_text("caring women")
    page.get_by_role("button", name="Cannot judge").tap()
    expect(page.locator("[data-form-error]")).to_contain_text("Press again")
    submitted(page, lambda: page.get_by_role("button", name="Cannot judge").tap())
    assert Answer.objects.get().outcome == "cannot_judge"

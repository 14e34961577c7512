"""The keys: layers, a map, one's own, and none at all."""

import pytest
from playwright.sync_api import Route, expect

from annotation.person.preferences import LAYERS
from tests.cast import Cast
from tests.ui.conftest import Visit
from tests.ui.screen import REVIEW, expect_answer, press, shown, submitted

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


TABLES = """async (module) => {
  const { Keymap } = await import(module);
  const categories = Array.from({ length: 9 }, (_, n) => ({ name: `kind ${n}` }));
  const keymap = new Keymap({ categories, keys: {} });
  return Object.fromEntries(["review", "compare", "demonstrate"].map((mode) => [
    mode, Object.fromEntries(keymap.of(mode).filter((row) => !row.fixed).map(({ action, key }) => [action, key])),
  ]));
}"""


def test_the_screen_and_the_studio_have_the_same_table_of_keys(visit: Visit, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    page.get_by_role("heading", name="Nothing to review").wait_for()
    module = page.evaluate(
        "document.querySelector('link[rel=modulepreload][href*=diff]').href.replace('diff', 'keymap')"
    )
    assert page.evaluate(TABLES, module) == LAYERS


def test_the_map_shows_every_key_and_lets_one_be_changed(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "?")
    dialog, says = page.get_by_role("dialog"), page.locator("[data-keymap-says]")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()  # Enter leaves, and changes no key
    expect(dialog.get_by_role("heading", level=3).first).to_have_text("Review")
    dialog.get_by_role("button", name="F: Fine").click()
    expect(says).to_contain_text("Press the new key")
    press(page, "b")
    expect(says).to_contain_text("B is already “Biased”")
    press(page, "Enter")
    expect(says).to_contain_text("fixed meaning")
    with page.expect_response("**/review/preferences/"):
        press(page, "j")
    expect(says).to_have_text("Changed to J.")
    expect(dialog.get_by_role("button", name="J: Fine")).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("button", name="Fine").locator("kbd")).to_have_text("J")
    press(page, "f")
    expect_answer(page, "Nurses are caring women.")
    submitted(page, lambda: press(page, "j"))
    elsewhere = visit(peopled.ada).open(REVIEW)
    shown(elsewhere)
    expect(elsewhere.get_by_role("button", name="Fine J").locator("kbd")).to_have_text("J")
    press(elsewhere, "?")
    with elsewhere.expect_response("**/review/preferences/"):
        elsewhere.get_by_role("button", name="Back to the usual keys").click()
    peopled.ada.refresh_from_db()
    assert peopled.ada.keys == {}


def test_escape_keeps_the_old_key_and_the_map_open(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "?")
    page.get_by_role("button", name="B: Biased").click()
    press(page, "Escape")
    expect(page.locator("[data-keymap-says]")).to_have_text("Nothing changed.")
    expect(page.get_by_role("button", name="B: Biased")).to_be_focused()


def test_on_a_keyboard_without_latin_letters_the_place_of_the_key_counts(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    arabic = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ب', code: 'KeyF', bubbles: true}))"
    submitted(page, lambda: page.evaluate(arabic))
    french = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '&', code: 'Digit1', bubbles: true}))"
    page.evaluate(french)
    expect(page.locator("[aria-pressed=true][data-category]")).to_have_count(1)


def test_single_keys_can_be_switched_off_for_the_account(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    held: list[Route] = []
    visitor.page.route("**/review/preferences/", lambda route: held.append(route))
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "?")
    page.get_by_label("Single keys act").uncheck()
    page.get_by_role("button", name="Close").click()
    press(page, "f")  # off at once, before the studio has answered
    expect_answer(page, "Nurses are caring women.")
    with page.expect_response("**/review/preferences/"):
        held[0].continue_()
    elsewhere = visit(peopled.ada).open(REVIEW)
    shown(elsewhere)
    press(elsewhere, "f")
    expect_answer(elsewhere, "Nurses are caring women.")
    submitted(page, lambda: page.get_by_role("button", name="Fine").click())


def test_a_key_that_bounces_judges_one_item(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.stop_clock()
    page = visitor.open(REVIEW)
    shown(page)
    page.keyboard.press("f")
    page.clock.run_for(199)
    page.keyboard.press("f")
    expect_answer(page, "Pilots are brave men.")
    expect(page.locator("[data-slot=sitting]")).to_have_text("1")
    page.clock.run_for(200)
    page.keyboard.press("f")
    expect_answer(page, "Cooks are loud.")


def test_nothing_but_two_keys_acts_while_writing(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "r")
    page.keyboard.type("fbxnpu1q?")
    press(page, "Enter", "Escape")
    assert page.locator("[data-rewrite]").input_value() == "fbxnpu1q?\nNurses are caring women."
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-slot=item]")).to_be_focused()


def test_every_button_of_the_form_is_reached_by_tab_alone(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    reached = set()
    for _ in range(40):
        press(page, "Tab")
        reached.add(page.evaluate("document.activeElement.dataset?.action || document.activeElement.id"))
    assert {
        "fine",
        "biased",
        "cannot_judge",
        "category",
        "severity-1",
        "rewrite",
        "comment",
        "submit",
        "skip",
    } <= reached

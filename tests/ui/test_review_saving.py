"""Nothing is lost and nothing is doubled: drafts, the outbox, a network that goes, tabs, a server that restarts."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, Route, expect

from annotation.models import Answer, Draft, Seat
from tests.cast import Cast
from tests.ui.chromium import DESKTOP
from tests.ui.conftest import Visit, Visitor
from tests.ui.live_web import WebServer, session_of
from tests.ui.screen import REVIEW, SUBMIT, eventually, expect_answer, press, shown, submitted
from tests.ui.world import answered

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_the_next_item_is_painted_before_the_server_has_answered(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    held: list[Route | None] = []
    visitor.page.route(SUBMIT, lambda route: route.continue_() if held and held[0] is None else held.append(route))
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "f", "f")
    expect_answer(page, "Cooks are loud.")
    assert not Answer.objects.exists()
    expect(page.locator("[data-strip]")).to_be_empty()
    first, held[0] = held[0], None  # from here on nothing is held
    with page.expect_response(lambda response: response.url.endswith("submit/") and Answer.objects.count() == 2):
        first.continue_()
    expect_answer(page, "Cooks are loud.")
    assert Seat.objects.held_by(peopled.ada).count() == 3  # the stock in the page was filled up again


KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length"


def test_who_logs_out_leaves_no_draft_on_the_machine(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "r")
    page.keyboard.type("Some ")
    assert page.evaluate(KEPT) == 1
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.evaluate(KEPT) == 0
    assert Draft.objects.get().data["rewrite"].startswith("Some ")  # it was sent before it was forgotten


def test_a_log_out_asks_first_where_something_is_not_saved_yet(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("Failed to load resource")
    visitor.page.route("**/review/*/", lambda route: route.fulfill(status=503))
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "f")
    expect_answer(page, "Pilots are brave men.")
    press(page, "r")
    page.keyboard.type("Some ")
    out = page.get_by_role("button", name="Log out")
    asked: list[str] = []

    def answer(dialog: Dialog, sure: bool) -> None:
        asked.append(dialog.message)
        dialog.accept() if sure else dialog.dismiss()

    page.once("dialog", lambda dialog: answer(dialog, False))
    with page.expect_event("dialog"):
        out.click()
    expect(out).to_be_enabled()
    expect(page.locator("[data-rewrite]")).to_be_visible()
    page.once("dialog", lambda dialog: answer(dialog, True))
    out.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert asked == 2 * ["Answers not saved yet, kept on this machine only: 2. Log out all the same?"]
    assert page.evaluate(KEPT) == 1  # the only copy there is


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
    visitor.page.route(SUBMIT, lambda route: route.abort())
    page = visitor.open(REVIEW)
    shown(page)
    before = page.locator("[data-form]").bounding_box()
    press(page, "f", "f")
    expect(page.locator("[data-strip]")).to_contain_text("2 answers are not saved yet. Kept on this machine")
    expect_answer(page, "Cooks are loud.")
    assert page.locator("[data-form]").bounding_box() == before, "what is said moves nothing"
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

    def lose_the_reply(route: Route) -> None:
        route.fetch()
        route.abort()

    visitor.page.route(SUBMIT, lose_the_reply, times=1)
    page = visitor.open(REVIEW)
    shown(page)
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
    refusal = json.dumps({"error": "One of the categories does not belong to this project.", "field": "categories"})
    refused = {"status": 400, "content_type": "application/json", "body": refusal}
    visitor.page.route(SUBMIT, lambda route: route.fulfill(**refused), times=1)
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "1", "w", "r")
    page.keyboard.type("Look: ")
    press(page, "Control+Enter")
    expect(page.locator("[data-form-error]")).to_contain_text("does not belong")
    expect_answer(page, "Nurses are caring women.")
    assert "Look: " in page.locator("[data-rewrite]").input_value()


def test_seats_are_given_back_when_the_page_is_left(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    assert Seat.objects.held_by(peopled.ada).count() == 3
    page.goto("about:blank")
    eventually(page, lambda: not Seat.objects.held_by(peopled.ada).exists())
    other = visit(peopled.bo).open(REVIEW)
    assert shown(other) == "Nurses are caring women."


def test_a_late_goodbye_of_the_page_before_takes_no_seat_away(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)

    def late_goodbye(route: Route) -> None:
        Seat.objects.held_by(peopled.ada).update(holder=None, lease_ends_at=None)
        route.continue_()

    visitor.page.route("**/review/heartbeat/", late_goodbye, times=1)  # two seconds after the start
    with visitor.page.expect_response(
        lambda response: response.request.resource_type == "fetch" and response.url.endswith(REVIEW)
    ):
        page = visitor.open(REVIEW)  # the heartbeat sees it, and the page asks again
    submitted(page, lambda: press(page, "f"))
    expect(page.locator("[data-strip]")).to_be_empty()
    assert Answer.objects.get().item == items[0]


def test_two_tabs_of_one_person_double_nothing(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    first = visitor.open(REVIEW)
    second = visitor.context.new_page()
    second.goto(visitor.home + REVIEW)
    assert shown(first) == shown(second) == "Nurses are caring women."
    press(second, "k")
    second.keyboard.type("half a thought")
    expect(first.locator("[data-comment]")).to_have_value("half a thought")  # the first shows what the second saved
    press(first, "k", "End")
    first.keyboard.type(", and more")
    second.keyboard.type(", and less")
    expect(second.locator("[data-strip]")).to_contain_text("You wrote something else about this item in another tab.")
    strip = second.locator("[data-strip]")
    strip.get_by_role("button", name="Use that").click()
    assert "half a thought, and more" in second.evaluate("JSON.stringify(localStorage)")  # and it is kept
    strip.get_by_role("button", name="Show what I wrote").click()
    expect(second.locator("[data-kept-text]")).to_have_value("half a thought, and less")
    press(second, "Escape")
    press(first, "Escape")
    submitted(first, lambda: press(first, "f"))
    expect(strip).to_contain_text("You answered that item in another tab")
    expect_answer(second, "Pilots are brave men.")
    strip.get_by_role("button", name="Show what I wrote").click()
    expect(second.locator("[data-kept-text]")).to_have_value("half a thought, and more")
    assert Answer.objects.get().comment == "half a thought, and more"
    press(second, "Escape")
    expect(second.locator("[data-undo]")).to_contain_text("Fine")  # what the first tab gave is the last answer here too
    with second.expect_response("**/review/undo/"):
        press(second, "u")
    expect(first.locator("[data-undo]")).to_be_disabled()


def test_a_tab_that_closes_takes_nothing_from_the_other(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    first = visitor.open(REVIEW)
    shown(first)
    second = visitor.context.new_page()
    second.goto(visitor.home + REVIEW)
    shown(second)
    with first.expect_response("**/review/draft/"):
        press(first, "2")
    with first.expect_response("**/review/skip/"):
        press(first, "p", "3", "Enter")
    expect(second.locator("[data-strip]")).to_contain_text("You passed on that item in another tab")
    second.reload()
    expect(second.locator("[data-undo]")).to_contain_text("Undo “Pass”")
    press(second, "u")
    expect_answer(second, "Nurses are caring women.")
    expect(second.locator("[data-category][aria-pressed=true]")).to_have_text(re.compile("Erasure"))
    expect(first.locator("[data-undo]")).to_be_disabled()  # the tab in which it was passed on hears of it
    second.goto("about:blank")
    first.wait_for_timeout(300)
    assert Seat.objects.held_by(peopled.ada).count() == 4
    submitted(first, lambda: press(first, "f"))
    corrected = visitor.context.new_page()
    old = answered(peopled.item(), peopled.ada, 0, outcome="fine", created_at=timezone.now() - timedelta(hours=1))
    corrected.goto(f"{visitor.home}/p/peoples/mine/{old.key}/correct/")
    expect(corrected.locator("[data-outcome=fine]")).to_have_attribute("aria-pressed", "true")
    first.goto("about:blank")  # what a correction shows is nobody's seat; what was begun stays in their name
    eventually(first, lambda: [seat.item for seat in Seat.objects.held_by(peopled.ada)] == items[:1])


def test_where_tabs_cannot_talk_the_second_answer_is_refused_in_a_sentence(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("409")
    visitor.context.add_init_script("delete window.BroadcastChannel")
    first = visitor.open(REVIEW)
    second = visitor.context.new_page()
    second.goto(visitor.home + REVIEW)
    shown(second)
    shown(first)
    submitted(first, lambda: press(first, "f"))
    press(second, "f")
    expect(second.locator("[data-strip]")).to_contain_text("You have already answered this item.")
    assert Answer.objects.count() == 1


def test_a_tab_closed_in_mid_submit_loses_nothing(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.page.route(SUBMIT, lambda route: None)  # on its way for ever
    page = visitor.open(REVIEW)
    shown(page)
    press(page, "f")
    expect_answer(page, "Pilots are brave men.")
    page.close(run_before_unload=False)
    assert not Answer.objects.exists()
    again = visitor.context.new_page()
    with again.expect_response(SUBMIT):
        again.goto(visitor.home + REVIEW)
    expect_answer(again, "Pilots are brave men.")
    assert Answer.objects.get().item == items[0]


def test_a_minute_without_a_network_is_nothing_but_a_line(visit: Visit, items, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("Failed to load resource", "ERR_INTERNET_DISCONNECTED")
    visitor.context.clock.install()
    page = visitor.open(REVIEW)
    shown(page)
    visitor.context.set_offline(True)
    press(page, "f", "f", "f")
    expect(page.get_by_role("heading", name="You are offline; 3 answers are kept here.")).to_be_visible()
    expect(page.locator("[data-strip]")).to_contain_text("3 answers are not saved yet.")
    press(page, "u")
    expect(page.locator("[data-strip]")).to_contain_text("2 answers are not saved yet.")
    press(page, "f")
    expect(page.locator("[data-strip]")).to_contain_text("3 answers are not saved yet.")
    page.clock.run_for(60_000)
    expect(page.locator("[data-strip]")).to_contain_text("3 answers are not saved yet.")
    expect(page.locator("[data-strip]")).to_contain_text("The studio cannot be reached.")  # more items were asked for
    visitor.context.set_offline(False)  # the browser says so, and the page waits no longer
    expect_answer(page, "Bakers rise early.")
    expect(page.locator("[data-strip]")).to_be_empty()
    assert Answer.objects.filter(outcome="fine").count() == 3


def test_a_server_that_dies_in_mid_submit_gets_the_answer_when_it_is_back(
    browser: Browser, web_server: WebServer, items, peopled: Cast
):
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    visitor = Visitor(context, web_server.home)
    visitor.expect("Failed to load resource", "ERR_")
    context.add_cookies([{"name": "sessionid", "value": session_of(peopled.ada), "url": web_server.home}])
    web_server.start()
    page = visitor.open(REVIEW)
    shown(page)
    submitted(page, lambda: press(page, "f"))
    web_server.pause()  # it takes the connection and says nothing
    press(page, "x")
    expect_answer(page, "Cooks are loud.")
    web_server.kill()
    expect(page.locator("[data-strip]")).to_contain_text("1 answer is not saved yet.")
    press(page, "f")
    web_server.start()
    page.get_by_role("button", name="Retry now").dispatch_event("click")  # it is drawn anew at each try
    expect(page.locator("[data-strip]")).to_be_empty()
    given = Answer.objects.order_by("pk").values_list("item", "outcome")
    assert list(given) == [(items[0].pk, "fine"), (items[1].pk, "cannot_judge"), (items[2].pk, "fine")]
    context.close()
    assert not visitor.complaints

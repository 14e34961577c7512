"""The settling page by keyboard: what cannot be taken back takes two presses."""

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, expect

from annotation.models import Verdict
from tests.cast import Cast
from tests.ui.chromium import DESKTOP, PHONE
from tests.ui.conftest import Visit
from tests.ui.world import disputed

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_a_digit_chooses_an_answer_and_a_second_press_takes_it(visit: Visit, peopled: Cast):
    peopled.project.overlap = 2
    peopled.project.save()
    items = [peopled.item(text="Nurses are caring women. It needs a man’s firm hand.") for _ in range(2)]
    for item in items:
        disputed(item, peopled)
    visitor = visit(peopled.iris)
    visitor.stop_clock()
    page = visitor.open(reverse("annotation:item-settle", args=["peoples", items[0].uuid]))
    first, second = page.get_by_role("button", name="Take Reader").all()
    page.keyboard.press("1")  # meant for the item before
    expect(first).to_have_attribute("aria-pressed", "false")
    page.clock.run_for(1000)
    page.keyboard.press("1")
    page.keyboard.press("1")  # bounced
    expect(first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("2")
    expect(first).to_have_attribute("aria-pressed", "false")
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(second).to_be_focused()
    expect(page.locator(".reading.is-chosen")).to_contain_text("Reader 2")
    assert not Verdict.objects.exists()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('annotation:item-settle', args=['peoples', items[1].uuid])}")
    page.clock.run_for(1000)
    page.keyboard.press("1")
    page.clock.run_for(300)
    page.keyboard.press("1")
    page.wait_for_url(f"**{reverse('annotation:disputed', args=['peoples'])}")
    given = Verdict.objects.order_by("pk").values_list("item", "answer__annotator")
    assert list(given) == [(items[0].pk, peopled.bo.pk), (items[1].pk, peopled.ada.pk)]


def top(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["y"]


def test_own_words_ask_for_what_the_outcome_needs_and_a_refusal_goes_to_what_is_missing(visit: Visit, peopled: Cast):
    peopled.project.overlap = 2
    peopled.project.save()
    item = peopled.item(text="Nurses are caring women. It needs a man’s firm hand.")
    disputed(item, peopled)
    visitor = visit(peopled.iris)
    visitor.expect("400")
    page = visitor.open(reverse("annotation:item-settle", args=["peoples", item.uuid]))
    expect(page.get_by_role("button", name="Take Reader 1")).to_be_in_viewport(ratio=1)
    statement, reading = page.locator("[data-beside]"), page.locator(".reading").first
    expect(statement).to_have_attribute("open", "")
    page.set_viewport_size(PHONE)
    page.reload()
    expect(statement).not_to_have_attribute("open", "")
    assert top(page.get_by_text("Prompt ·")) < top(statement) < top(reading)
    page.set_viewport_size(DESKTOP)
    page.keyboard.press("e")
    rewrite = page.get_by_label("Rewrite")
    expect(rewrite).to_be_focused()
    expect(page.get_by_role("radio", name="Biased")).to_be_checked()
    page.get_by_role("main").get_by_label("Stereotype").check()
    page.get_by_role("radio", name="Fine").check()
    expect(rewrite).to_be_hidden()
    page.get_by_role("radio", name="Biased").check()
    page.get_by_label("Why, in a sentence").fill("Neither was right.")
    page.get_by_role("button", name="Settle with this").click()
    expect(page.get_by_role("alert")).to_contain_text("Severity: Say how severe the bias is")
    expect(page.get_by_role("alert")).to_contain_text("Rewrite: The rewrite is the same as the answer")
    severity = page.get_by_label("Severity")
    expect(severity).to_be_focused()
    expect(severity).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Why, in a sentence")).to_have_value("Neither was right.")
    page.get_by_role("radio", name="Fine").check()  # what was ticked for the bias is put away, and not sent
    page.get_by_role("button", name="Settle with this").click()
    page.wait_for_url(f"**{reverse('annotation:disputed', args=['peoples'])}")
    assert Verdict.objects.get().reason == "Neither was right."

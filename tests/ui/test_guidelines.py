"""A values statement is written with its reading beside it, proposed by one and put in force by another."""

import pytest
from playwright.sync_api import expect

from tests.cast import Cast
from tests.ui.conftest import Visit

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_a_reader_proposes_with_the_reading_beside_it_and_a_curator_puts_it_in_force(visit: Visit, peopled: Cast):
    page = visit(peopled.ada).open("/p/peoples/guidelines/")
    page.get_by_role("link", name="Propose a change").click()
    text = page.get_by_label("Values statement")
    expect(text).to_have_value("Judge the person, not the job.")
    page.wait_for_load_state()
    text.press("Control+End")
    text.press_sequentially("\n\n## Severity\nAsk who is *hurt*.")
    reading = page.locator("#preview")
    expect(reading.locator("h3")).to_have_text("Severity")
    expect(reading.locator("em")).to_have_text("hurt")
    expect(reading.locator(".line-in")).to_have_count(3)
    page.get_by_role("button", name="Propose").click()
    assert text.evaluate("(box) => box.form.querySelector(':invalid').name") == "reason"  # nothing is sent without why
    page.get_by_label("Why").fill("I did not know how to grade.")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("status").first).to_contain_text("waits for a curator")

    page = visit(peopled.iris).open("/p/peoples/guidelines/")
    page.get_by_role("link", name="1 proposed change").click()
    page.get_by_role("link", name="I did not know how to grade.").click()
    expect(page.locator("#preview .line-in").last).to_contain_text("Ask who is *hurt*.")
    page.get_by_role("button", name="Put this text in force").click()
    expect(page.get_by_role("status").first).to_contain_text("version 2 of Work is in force")
    assert peopled.topic.guideline is not None
    assert peopled.topic.guideline.text.endswith("Ask who is *hurt*.")

"""The page of the term lists, while somebody writes one."""

import pytest
from playwright.sync_api import expect

from tests.cast import Cast, make_prompt
from tests.ui.conftest import Visit

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_a_curator_sees_while_writing_what_the_strip_would_ask(visit: Visit, peopled: Cast):
    make_prompt(peopled.project, "What is a Nurse like at work?")
    page = visit(peopled.iris).open("/p/peoples/terms/")
    expect(page.get_by_role("heading", name="No lists yet")).to_be_visible()
    page.get_by_label("Name").fill("Trades")
    page.get_by_label("Terms", exact=True).fill("nurse\n!")
    expect(page.get_by_text("Line 2")).to_be_visible()
    page.get_by_label("Terms", exact=True).fill("nurse\npilot")
    expect(page.get_by_text("What is a Pilot like at work?")).to_be_visible()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("row", name="Trades")).to_contain_text("1 of 1")

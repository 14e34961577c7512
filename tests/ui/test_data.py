"""The data browser: what the page fetches when somebody turns to it."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.cast import Cast, make_version
from tests.ui.conftest import Visit

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_the_rest_of_the_filters_comes_when_it_is_opened(visit: Visit, peopled: Cast):
    peopled.item(version=make_version(peopled.project, 1))
    peopled.item(text="Another model wrote this.")
    page = visit(peopled.iris).open(reverse("annotation:data", args=["peoples"]))
    rows = page.locator("#items tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_label("Words").fill("nurses")
    page.get_by_text("More filters").click()
    model = page.get_by_label("Model")
    expect(model).to_be_visible()
    expect(page.locator(".htmx-added")).to_have_count(0)  # nobody reaches the field so soon
    model.focus()
    expect(page.locator("#models option").first).to_have_attribute("value", "v1")
    model.fill("v1")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/data/?q=nurses&model=v1")
    expect(page.get_by_label("Model")).to_have_value("v1")  # in use: there without being opened
    expect(rows).to_have_count(1)


def test_the_rest_of_the_filters_is_a_link_where_the_studio_cannot_be_reached(visit: Visit, peopled: Cast):
    peopled.item()
    visitor = visit(peopled.iris)
    visitor.expect("Failed to load resource", "htmx:afterRequest", "htmx:sendError")
    page = visitor.open(reverse("annotation:data", args=["peoples"]) + "?state=unread")
    page.route("**more=1", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_text("More filters").click()
    link = page.get_by_role("link", name="Readers, labels, models, dates")
    expect(link).to_be_visible()
    page.unroute("**more=1")
    link.click()
    expect(page.get_by_label("Annotator")).to_be_visible()
    expect(page.get_by_label("State")).to_have_value("unread")


def test_back_shows_pages_and_never_their_parts(visit: Visit, peopled: Cast):
    peopled.item()
    page = visit(peopled.iris).open(reverse("annotation:data", args=["peoples"]) + "?more=1")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="All").click()
    page.wait_for_url("**/data/?")
    page.get_by_text("More filters").click()
    expect(page.get_by_label("Annotator")).to_be_visible()
    page.go_back()
    page.wait_for_url("**more=1")
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()

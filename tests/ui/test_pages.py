"""What all pages share, in a browser: logging in and out, forms that are too old, the theme, the menu of a phone."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from annotation.models import Upload
from tests.cast import Cast
from tests.ui.chromium import PHONE
from tests.ui.conftest import Visit

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_a_person_logs_in_and_out(visit: Visit, peopled: Cast):
    peopled.ada.set_password("a long enough one")
    peopled.ada.save()
    visitor = visit(None)
    page = visitor.open("/p/peoples/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("The username or the password is not correct.")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Peoples", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Members")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_part_that_polls_after_the_session_ended_brings_the_whole_page_to_the_login(visit: Visit, peopled: Cast):
    kept = Upload.objects.create(
        project=peopled.project, name="prompts.jsonl", what="prompts", format="jsonl", on_bad="skip", size=10
    )
    path = reverse("annotation:upload", args=[peopled.project.slug, kept.pk])
    page = visit(peopled.iris).open(path)
    expect(page.locator(f"#upload-{kept.pk}")).to_be_visible()
    Session.objects.all().delete()
    page.wait_for_url(f"**{reverse('account_login')}?next={path}")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_form_that_is_too_old_says_so_and_changes_nothing(visit: Visit, peopled: Cast):
    visitor = visit(peopled.ada)
    visitor.expect("403")
    page = visitor.open("/accounts/logout/")
    visitor.context.clear_cookies(name="csrftoken")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="The form was too old")).to_be_visible()
    expect(visitor.open("/p/peoples/").get_by_role("heading", name="Peoples", level=1)).to_be_visible()


def test_from_an_empty_overview_a_curator_comes_to_the_import_and_to_what_was_written_to_them(
    visit: Visit, peopled: Cast
):
    page = visit(peopled.iris).open("/p/peoples/")
    page.get_by_role("link", name="Add prompts").click()
    page.wait_for_url(f"**{reverse('annotation:stock', args=['peoples'])}")
    expect(page.get_by_role("heading", name="Import a file")).to_be_visible()
    page.get_by_role("link", name="Notices").click()
    page.wait_for_url(f"**{reverse('annotation:notices', args=['peoples'])}")
    expect(page.get_by_role("heading", name="Notices", level=1)).to_be_visible()


def test_the_chosen_theme_outlives_the_page(visit: Visit, peopled: Cast):
    page = visit(peopled.ada, color_scheme="light").open("/p/peoples/")
    root, switch = page.locator("html"), page.locator("[data-theme-switch]")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    switch.click()
    switch.click()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(switch).to_contain_text("Theme: Dark")
    page.reload()
    assert page.evaluate(ground) != light
    switch.click()
    assert page.evaluate(ground) == light


def test_on_a_phone_the_navigation_opens_and_closes(visit: Visit, peopled: Cast):
    page = visit(peopled.ada, viewport=PHONE, has_touch=True, is_mobile=True).open("/p/peoples/")
    review, menu = page.get_by_role("link", name="Review", exact=True), page.get_by_role("button", name="Menu")
    expect(review).to_be_hidden()
    menu.tap()
    expect(review).to_be_visible()
    page.keyboard.press("Escape")
    expect(review).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_members_menu_opens_over_the_list_and_asks_before_it_does_anything(visit: Visit, peopled: Cast):
    page = visit(peopled.max).open("/p/peoples/members/")
    menu, remove = page.get_by_text("More for ada"), page.get_by_role("button", name="Remove")
    before = menu.bounding_box()
    menu.press("Enter")
    expect(remove).to_be_visible()
    assert menu.bounding_box() == before
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(remove).to_be_hidden()
    expect(menu).to_be_focused()
    menu.click()
    page.get_by_role("heading", level=1).click()
    expect(remove).to_be_hidden()
    menu.click()
    remove.click()
    sure = page.get_by_role("alertdialog", name="Remove ada from this project?")
    expect(sure.get_by_role("button", name="Go back")).to_be_focused()
    page.keyboard.press("Escape")
    expect(remove).to_be_visible()
    remove.click()
    sure.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("ada left the project")

"""Every page as a person sees it: on a desk in light and on a phone in dark, without a barrier axe calls serious."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Item, Upload
from tests.cast import Cast
from tests.ui.chromium import DESKTOP, PHONE
from tests.ui.conftest import Visit
from tests.ui.world import full_world
from training import child

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]

LOOKS = {
    "a desk in light": {"viewport": DESKTOP, "color_scheme": "light"},
    "a phone in dark": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}


@pytest.fixture
def world(live_server: Any, cast: Cast, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(child, "PACKAGE", "tests.training.fake")
    return full_world(cast, settings, tmp_path)


def pages_of(world: Cast) -> list[str]:
    """Where an admin can go."""
    slug, digest = world.project.slug, world.project.snapshots.latest("pk").digest
    disputed, settled = Item.objects.disputed().first(), Item.objects.settled().first()
    places = [
        *(("home",), ("project", slug), ("project-settings", slug), ("members", slug), ("audit", slug)),
        *(("annotation:review", slug), ("annotation:disputed", slug), ("annotation:data", slug)),
        ("annotation:guidelines", slug),
        *(("annotation:item-settle", slug, item.uuid) for item in (disputed, settled)),
        *(("annotation:item", slug, item.uuid) for item in (disputed, settled)),
        *(("training:snapshots", slug), ("training:snapshot", slug, digest), ("training:round-open", slug, digest)),
        *(("training:rounds", slug), *(("training:round", slug, number) for number in (1, 2, 3, 4))),
        *(("training:versions", slug), ("project-new",), ("audit-all",), ("account_change_password",)),
    ]
    return [reverse(name, args=args) for name, *args in places]


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical, with the element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_a_serious_barrier_or_is_wider_than_the_screen(visit: Visit, world: Cast, look: str):
    world.max.is_superuser = True
    world.max.set_password("who has none cannot change it")
    world.max.save()
    visitor = visit(world.max, **LOOKS[look])
    found = []
    for path in pages_of(world):
        page = visitor.open(path)
        expect(page.locator("h1")).to_have_count(1)
        found += barriers(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than the screen")
        if page.locator("[style]").count():
            found.append(f"{path} has a style attribute")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("look", LOOKS)
def test_pages_for_nobody_and_errors_have_no_serious_barrier(visit: Visit, peopled: Cast, look: str):
    visitor = visit(None, **LOOKS[look])
    found = barriers(visitor.open("/accounts/login/"))
    member = visit(peopled.ada, **LOOKS[look])
    member.expect("404", "403")
    for path in ("/no/such/page/", "/p/peoples/members/", "/accounts/logout/"):
        found += barriers(member.open(path))
    assert not found, "\n".join(found)


def test_the_review_screen_at_work_has_no_serious_barrier(visit: Visit, world: Cast):
    for scheme in ("light", "dark"):
        page = visit(world.iris, color_scheme=scheme).open("/p/peoples/review/")
        expect(page.locator("[data-when=item]")).to_be_visible()
        for key in ("1", "w", "s", "Shift+ArrowRight", "2", "Escape", "r"):
            page.keyboard.press(key)
        page.keyboard.type("Some ")
        assert barriers(page) == []
        page.keyboard.press("Escape")
        for key in ("?", "p"):
            page.keyboard.press(key)
            expect(page.locator("dialog[open]")).to_be_visible()
            assert barriers(page) == []
            page.keyboard.press("Escape")


def test_a_person_logs_in_and_out(visit: Visit, peopled: Cast):
    peopled.ada.set_password("a long enough one")
    peopled.ada.save()
    visitor = visit(None)
    page = visitor.open("/p/peoples/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")
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

"""Every page for everybody: no barrier that axe calls serious, light and dark, and nothing to scroll sideways.

A page that is added is walked by itself; one with a new kind of object in its address fails the test until `objects`
names such an object.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation.models import Answer, Item, Notice, SavedView, TermSet, Topic, Upload
from annotation.values import proposals
from studio.models import Project
from tests.cast import Cast, make_comparison, make_demonstration
from tests.studio.test_invitations import make_link
from tests.test_house import DOORS
from tests.ui.chromium import DESKTOP, PHONE
from tests.ui.conftest import Visit, Visitor
from tests.ui.world import full_world
from training import child

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]

GRAVE = ("serious", "critical")
QUICK = {"resultTypes": ["violations"], "preload": False, "iframes": False}
"""axe need not tell what is in order, nor fetch style sheets a second time."""
COLOURS = {**QUICK, "runOnly": ["color-contrast", "link-in-text-block"]}
KEY = ("/review/", "/data/", "/mine/", "/disputed/", "/settle/", "/agreement/", "/insight/", "/versions/", "/propose/")
"""How the addresses end whose dark colours are looked at too: each part of parts.css stands on one of them."""
ZOOMED = 640  # CSS pixels that are left of a window of 1280 at 200 %
NAMELESS = """[...document.querySelectorAll("main section:not([data-part]), main article")]
  .filter((part) => part.checkVisibility() && !part.ariaLabel)
  .filter((part) => !document.getElementById(part.getAttribute("aria-labelledby"))?.innerText)
  .map((part) => part.outerHTML.slice(0, 80))"""
MOVING = """[...document.querySelectorAll("*")].filter((element) => {
    const { transitionDuration, animationDuration } = getComputedStyle(element);
    return parseFloat(transitionDuration) > 0 || parseFloat(animationDuration) > 0;
  }).map((element) => element.outerHTML.slice(0, 80))"""
STRUCTURE = """[
    ...["main", "h1"].filter((name) => document.querySelectorAll(name).length !== 1).map((name) => `${name} not once`),
    ...(document.querySelector("[style]") ? ["a style attribute"] : []),
    ...(document.documentElement.lang ? [] : ["no language"]),
  ]"""
LIGHT = {"viewport": DESKTOP, "color_scheme": "light"}


@pytest.fixture
def world(live_server: Any, cast: Cast, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(child, "PACKAGE", "tests.training.fake")
    cast = full_world(cast, settings, tmp_path)
    cast.max.is_superuser = True
    cast.max.set_password("who has none cannot change it")
    cast.max.save()
    return cast


def objects(world: Cast) -> dict[str, list[dict[str, Any]]]:
    """What stands in the addresses of pages about one thing; where two states of it look different, both."""
    disputed, settled = Item.objects.disputed().first(), Item.objects.settled().first()
    answer = Answer.objects.filter(annotator=world.ada).latest("pk")
    Answer.objects.filter(pk=answer.pk).update(annotator=world.max)
    wish = proposals.propose(world.topic, "Judge nobody.\n\n## Severity\n\nAsk.", "It helps.", actor=world.ada, seen=2)
    terms = TermSet.objects.create(project=world.project, name="Trades", terms=["nurse", "smith", "teacher"])
    view = SavedView.objects.create(project=world.project, owner=world.max, name="Mine", query="state=settled")
    Notice.objects.create(project=world.project, user=world.max, kind="mention", item=settled, text="Look at this.")
    Topic.objects.filter(pk=world.topic.pk).update(warning="Slurs about trades.")
    items = [{"uuid": item.uuid} for item in (disputed, settled) if item]
    topic, digest = [{"pk": world.topic.pk}], [{"digest": world.project.snapshots.latest("pk").digest}]
    return {
        "annotation:assignment-topic": topic,
        "annotation:upload": [{"pk": with_bad_lines(world).pk}],
        "join": [{"token": make_link(world)}],
        "annotation:item": items,
        "annotation:item-settle": items,
        "annotation:mine-answer": [{"key": answer.key}],
        "annotation:mine-correct": [{"key": answer.key}],
        "annotation:statement": topic,
        "annotation:statement-write": topic,
        "annotation:proposal-new": topic,
        "annotation:proposal": [{"pk": wish.pk}],
        "annotation:term-set": [{"pk": terms.pk}],
        "annotation:saved-view": [{"pk": view.pk}],
        "training:snapshot": digest,
        "training:round-open": digest,
        "training:round": [{"number": number} for number in (1, 2, 3, 4)],
    }


def with_bad_lines(world: Cast) -> Upload:
    """The report of a file of which one line was kept and two were not."""
    lines = b'{"prompt": "What are smiths like?"}\n{"prompt": 7}\nnot a line\n'
    client = Client()
    client.force_login(world.max)
    path = reverse("annotation:import", args=[world.project.slug])
    client.post(path, {"what": "prompts", "on_bad": "skip", "file": SimpleUploadedFile("prompts.jsonl", lines)})
    return Upload.objects.get()


NOT_PAGES = {
    *("annotation:statement-preview", "annotation:review-guideline", "annotation:chart"),
    *("annotation:bulk-undo", "annotation:remark", "annotation:send-back", "annotation:terms-export"),
    *("annotation:term-set-delete", "annotation:assignment-person"),
    *("training:round-progress", "training:round-cancel", "training:round-log", "training:round-raw"),
    *("annotation:judgements", "training:snapshot-export", "training:snapshot-manifest", "training:version-promote"),
    *("member", "invitation-revoke"),
}
"""Addresses of one thing that show the admin no page of their own: parts, files, and forms that are only sent. The
thread of an item leads a curator to the item's page; annotators' own pages have a test of their own."""


CLOSED = {
    *("account_signup", "account_reset_password", "account_set_password", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_download_recovery_codes", "oidc_login", "oidc_callback"),
    *("socialaccount_signup", "socialaccount_login_error"),
}
"""Addresses that are closed to who has a password, no second factor, and does not come from a single sign-on."""


def pages_of(world: Cast) -> list[str]:
    """Every address that shows the admin a whole page."""
    found, known = [], objects(world)
    client = Client()
    client.force_login(world.max)
    for name, arguments in DOORS:
        given = known.get(name, [{}])
        assert name in known or name in NOT_PAGES or set(arguments) <= {"slug"}, f"{name} needs an object here"
        for one in given if name not in NOT_PAGES else []:
            path = reverse(name, kwargs={**({"slug": world.project.slug} if "slug" in arguments else {}), **one})
            reply = client.get(path)
            assert reply.status_code in (200, 301, 302, 405) or name in CLOSED, f"{path}: {reply.status_code}"
            if reply.status_code == 200 and b"</html>" in getattr(reply, "content", b""):
                found.append(path)
    return found


def barriers(page: Page, options: dict[str, Any] = QUICK) -> list[str]:
    """What axe finds serious or critical, with the element."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{page.url}: {violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def structure(page: Page) -> list[str]:
    """One main part, one first heading, a language, and nothing that the content policy would refuse."""
    return [f"{page.url}: {one}" for one in page.evaluate(STRUCTURE)]


def too_wide(page: Page) -> list[str]:
    """Where the page itself, not a table in it, must be scrolled sideways: at 200 % zoom, and on a phone."""
    wrong = []
    for width, height in ((ZOOMED, 400), (PHONE["width"], PHONE["height"])):
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{page.url} is wider than {width} px")
    return wrong


def looked_at(page: Page, *, dark: bool = True) -> list[str]:
    """All of it for the page as it stands: first light on a desk, then narrow, then the colours of the dark."""
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    found = structure(page) + barriers(page) + too_wide(page)
    if dark:
        page.emulate_media(color_scheme="dark")
        found += barriers(page, COLOURS)
    return found


def test_no_page_has_a_serious_barrier_or_must_be_scrolled_sideways(visit: Visit, world: Cast):
    paths = pages_of(world)
    assert len(paths) > 35
    visitor = visit(world.max, **LIGHT)
    found = [wrong for path in paths for wrong in looked_at(visitor.open(path), dark=path.endswith(KEY))]
    assert not found, "\n".join(found)


def test_what_an_annotator_sees_has_no_serious_barrier(visit: Visit, world: Cast):
    answer = Answer.objects.filter(annotator=world.ada, seat__isnull=False).latest("pk")
    Answer.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    project, item = [world.project.slug], [world.project.slug, answer.item.uuid]
    names = ("project", "project-me", "annotation:guidelines", "annotation:mine", "annotation:notices")
    paths = [*(reverse(name, args=project) for name in names), reverse("annotation:remark", args=item)]
    visitor = visit(world.ada, **LIGHT)
    found = [wrong for path in paths for wrong in looked_at(visitor.open(path), dark=False)]
    assert not found, "\n".join(found)


def test_pages_for_nobody_and_errors_have_no_serious_barrier(visit: Visit, peopled: Cast):
    found = looked_at(visit(None, **LIGHT).open("/accounts/login/"))
    member = visit(peopled.ada, **LIGHT)
    member.expect("404", "403")
    for path in ("/no/such/page/", "/p/peoples/members/", "/accounts/logout/"):
        found += looked_at(member.open(path))
    assert not found, "\n".join(found)


def at_work(visitor: Visitor) -> Page:
    page = visitor.open("/p/peoples/review/")
    expect(page.locator("[data-when=item]")).to_be_visible()
    return page


def test_comparing_writing_and_asking_about_others_have_no_serious_barrier(visit: Visit, peopled: Cast):
    TermSet.objects.create(project=peopled.project, name="Trades", terms=["nurses", "smiths"])
    make_comparison(peopled.project, topic=peopled.topic)
    make_demonstration(peopled.project)
    peopled.item(topic=peopled.topic)
    Project.objects.filter(pk=peopled.project.pk).update(exposure_budget=1)
    page = at_work(visit(peopled.ada, **LIGHT))
    page.keyboard.press("d")
    page.keyboard.press("2")
    found = looked_at(page)
    page.keyboard.press("n")
    expect(page.locator("[data-rewrite]")).to_be_focused()
    page.keyboard.type("They differ.")
    found += looked_at(page, dark=False)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-answer]")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#variants")).to_be_visible()
    found += looked_at(page)
    assert not found, "\n".join(found)


def test_the_review_screen_at_work_has_no_serious_barrier(visit: Visit, world: Cast):
    Topic.objects.filter(pk=world.topic.pk).update(warning="Slurs about trades.")
    Item.objects.update(predicted_severity=2.5)
    world.iris.blur_from = 2
    world.iris.save()
    page = at_work(visit(world.iris, **LIGHT))
    expect(page.locator("[data-warning]")).to_be_visible()
    assert page.locator("[role=status]").count() >= 3  # what changes is said
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(MOVING) == []  # who asks for less motion gets none
    found = looked_at(page)
    page.keyboard.press("v")
    expect(page.locator("[data-cover]")).to_be_visible()
    found += looked_at(page)
    for key in ("v", "1", "w", "s", "Shift+ArrowRight", "2", "Escape", "r"):
        page.keyboard.press(key)
    page.keyboard.type("Some ")
    found += looked_at(page)
    page.keyboard.press("Escape")
    for key in ("?", "p"):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        found += looked_at(page)
        page.keyboard.press("Escape")
    page.locator("[data-statement-whole]").click()
    found += looked_at(page)
    assert not found, "\n".join(found)

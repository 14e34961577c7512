"""One admin turns the whole wheel by clicks: label, submit, undo, settle, freeze, launch, watch, promote."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Answer
from tests.cast import Cast
from tests.training.conftest import ready_for_rounds
from tests.ui.conftest import Visit
from training import child
from training.models import Promotion, Round
from training.tasks import run_round

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def studio(live_server: Any, peopled: Cast, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Ready for rounds whose programs are the fakes; the workers' part is played by `work`."""
    monkeypatch.setattr(child, "PACKAGE", "tests.training.fake")
    return ready_for_rounds(peopled, settings, tmp_path)


def review(page: Page) -> None:
    """One answer is called fine by mistake, taken back, and judged; the other is fine."""
    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.locator("[data-answer]")).to_have_text("Nurses are caring women.")
    page.get_by_role("button", name="Fine").click()
    expect(page.locator("[data-answer]")).to_have_text("All differ.")
    with page.expect_response("**/review/undo/"):
        page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-answer]")).to_have_text("Nurses are caring women.")
    page.get_by_role("button", name="Biased").click()
    page.get_by_role("group", name="Categories").get_by_role("button", name="Stereotype").click()
    page.get_by_role("button", name="Severe").click()
    page.get_by_role("button", name="Rewrite the answer").click()
    page.get_by_role("textbox", name="Rewrite").fill("Nurses are caring people.")
    for button in ("Submit", "Fine"):
        with page.expect_response("**/review/submit/"):
            page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Nothing to review right now")).to_be_visible()


def the_time_for_undo_passes() -> None:
    for answer in Answer.objects.all():
        Answer.objects.filter(pk=answer.pk).update(created_at=answer.created_at - timedelta(minutes=1))


def test_label_submit_undo_freeze_launch_watch_promote(visit: Visit, studio: Cast):
    for text in ("Nurses are caring women.", "All differ."):
        studio.item(text=text)
    page = visit(studio.max).open("/p/peoples/")
    review(page)
    the_time_for_undo_passes()

    page.get_by_role("link", name="Data").click()
    page.get_by_role("link", name="Import and freeze").click()
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("heading", name="Snapshot")).to_be_visible()
    page.get_by_role("link", name="Open a round").click()
    page.get_by_label("Reason").fill("The first")
    page.get_by_role("button", name="Open the round").click()
    expect(page.get_by_role("heading", name="Round 1")).to_contain_text("queued")

    run_round(Round.objects.get().pk)  # the page polls meanwhile, and shows the evidence by itself
    expect(page.get_by_role("heading", name="Round 1")).to_contain_text("passed")
    expect(page.get_by_role("heading", name="The gate")).to_contain_text("passed")
    expect(page.get_by_role("img", name="Loss by step")).to_be_visible()
    page.get_by_role("button", name="Promote v1").click()
    sure = page.get_by_role("alertdialog", name="Make version 1 live?")
    sure.get_by_role("button", name="Go back").click()
    assert Promotion.objects.count() == 1
    page.get_by_role("button", name="Promote v1").click()
    sure.get_by_role("button", name="Promote v1").click()
    expect(page.locator("[data-answer], .badge-live").first).to_be_visible()
    assert Promotion.objects.latest("pk").version.round == Round.objects.get()
    page.get_by_role("link", name="Overview").click()
    expect(page.locator(".tile", has_text="Live model")).to_contain_text("v1")

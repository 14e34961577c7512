"""What was written at one seat, at another: there the two texts of a comparison may stand the other way round."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotation.models import Answer, Draft, Item, Seat
from annotation.queue.payload import swapped
from tests.cast import Cast, make_comparison
from tests.ui.conftest import Visit
from tests.ui.screen import REVIEW, press, shown, submitted
from tests.ui.test_review_modes import side_of

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def turned(peopled: Cast) -> Item:
    """A comparison whose two seats see the two texts in different orders."""
    while True:
        item = make_comparison(peopled.project, other="Nurses are people.", overlap=2)
        if len({swapped(pk) for pk in item.seats.values_list("pk", flat=True)}) == 2:
            return item
        item.seats.update(status=Seat.Status.RETIRED)


@pytest.mark.parametrize("from_server", [False, True])
def test_the_side_that_was_chosen_stays_with_its_text_when_the_two_change_places(
    visit: Visit, peopled: Cast, from_server: bool
):
    item = turned(peopled)
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    side = side_of(page, "Nurses are people.")
    press(page, "r", {"left": "1", "right": "2"}[side])
    with page.expect_response("**/review/draft/"):
        page.keyboard.type("All ")
    if from_server:
        page.evaluate("localStorage.clear()")
    Seat.objects.filter(item=item, holder=peopled.ada).update(holder=peopled.bo)
    page.reload()
    shown(page)
    other = side_of(page, "Nurses are people.")
    assert other != side
    expect(page.locator(f"[data-outcome={other}]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-rewrite]")).to_have_value("All Nurses are people.")
    assert Draft.objects.get().data["outcome"] == "second"


def test_a_pass_taken_back_after_a_reload_and_at_another_seat_keeps_what_was_written(visit: Visit, peopled: Cast):
    item = turned(peopled)
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    side = side_of(page, "Nurses are people.")
    press(page, "r", {"left": "1", "right": "2"}[side])
    page.keyboard.type("All ")
    first = Seat.objects.get(item=item, holder=peopled.ada)
    with page.expect_response("**/review/skip/"):
        press(page, "Escape", "p", "5", "Enter")  # before the draft was sent
    page.reload()
    until = timezone.now() + timedelta(minutes=5)
    Seat.objects.filter(pk=first.pk).update(holder=peopled.bo, lease_ends_at=until)
    expect(page.get_by_role("button", name="Undo “Pass”")).to_be_visible()
    press(page, "u")
    shown(page)
    other = side_of(page, "Nurses are people.")
    assert other != side
    expect(page.locator(f"[data-outcome={other}]")).to_have_attribute("aria-pressed", "true")
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.rewrite) == ("second", "All Nurses are people.")

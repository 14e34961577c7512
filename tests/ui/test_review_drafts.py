"""A draft at another seat than the one it was written at."""

import pytest
from playwright.sync_api import expect

from annotation.models import Draft, Seat
from annotation.queue.payload import swapped
from tests.cast import Cast, make_comparison
from tests.ui.conftest import Visit
from tests.ui.screen import REVIEW, press, shown
from tests.ui.test_review_modes import side_of

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("from_server", [False, True])
def test_the_side_that_was_chosen_stays_with_its_text_when_the_two_change_places(
    visit: Visit, peopled: Cast, from_server: bool
):
    while True:
        item = make_comparison(peopled.project, other="Nurses are people.", overlap=2)
        if len({swapped(pk) for pk in item.seats.values_list("pk", flat=True)}) == 2:
            break
        item.seats.update(status=Seat.Status.RETIRED)
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

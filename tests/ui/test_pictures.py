"""A chart is taken away as a picture."""

import pytest

from tests.annotation.readings import bare_item, read
from tests.cast import Cast
from tests.ui.conftest import Visit

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


def test_a_chart_is_saved_as_png_by_the_browser_itself(visit: Visit, peopled: Cast):
    read(bare_item(peopled), {peopled.ada: "biased"})
    page = visit(peopled.iris).open("/p/peoples/insight/")
    with page.expect_download() as saving:
        page.locator("#severity").get_by_role("button", name="PNG").click()
    assert saving.value.suggested_filename == "peoples-severity.png"  # as its SVG is called
    content = saving.value.path().read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    assert width == 840
    assert height > 400

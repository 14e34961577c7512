"""How a test works at the review screen: what it reads, presses and waits for."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.chromium import PATIENCE

REVIEW = "/p/peoples/review/"
SUBMIT = "**/review/submit/"
SAVED = """() => {
  window.saved = new Promise((go) => document.addEventListener("review:saved", () => go(), { once: true }));
}"""


def shown(page: Page) -> str:
    """The answer on the screen, as text."""
    expect(page.locator("[data-when=item]")).to_be_visible()
    return page.locator("[data-answer]").text_content() or ""


def expect_answer(page: Page, text: str) -> None:
    expect(page.locator("[data-answer]")).to_have_text(text)


def press(page: Page, *keys: str) -> None:
    for before, key in zip(("", *keys), keys, strict=False):
        if key == before:
            page.wait_for_timeout(220)  # the same key sooner than this is one that bounced
        page.keyboard.press(key)


def submitted(page: Page, deed: Callable[[], object]) -> None:
    """Do `deed`, and wait until the page has taken in what the server answered to the submit it caused."""
    page.evaluate(SAVED)
    with page.expect_response(SUBMIT) as response:
        deed()
    assert response.value.status == 200, response.value.text()
    page.evaluate("window.saved")


def eventually(page: Page, truth: Callable[[], bool]) -> None:
    """Wait for something only the database knows."""
    for _ in range(PATIENCE // 50):
        if truth():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come true")


def select_by_mouse(page: Page, text: str) -> None:
    """Leave `text` selected, with the blank before it, as a hasty mouse does."""
    page.evaluate(
        """(wanted) => {
          const node = document.querySelector("[data-answer]").firstChild;
          const at = node.data.indexOf(wanted);
          document.getSelection().setBaseAndExtent(node, Math.max(at - 1, 0), node, at + wanted.length);
        }""",
        text,
    )
    expect(page.locator("[data-span-chooser].is-armed")).to_be_visible()

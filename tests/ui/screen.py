"""How a test works at the review screen: what it reads, presses and waits for."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

REVIEW = "/p/peoples/review/"
SUBMIT = "**/review/submit/"


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
    """Do `deed`, and wait until the server has answered the submit it caused."""
    with page.expect_response(SUBMIT) as response:
        deed()
    response.value.finished()
    assert response.value.status == 200, response.value.text()


def eventually(page: Page, truth: Callable[[], bool]) -> None:
    """Wait for something only the database knows."""
    for _ in range(100):
        if truth():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come true within five seconds")


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

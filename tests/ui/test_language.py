"""The review screen in another language: from right to left, and wide enough for longer words."""

import pytest
from playwright.sync_api import expect

from annotation.models import Answer
from tests.cast import Cast
from tests.ui.chromium import DESKTOP, PHONE
from tests.ui.conftest import Visit
from tests.ui.test_access import barriers

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]

LATIN = """[...document.querySelectorAll(".review-head, .answer-form > :not([data-mount]), .guideline > :not(.part)")]
  .concat(document.querySelector(".marks-chooser"))
  .flatMap((part) => part.innerText.match(/[A-Za-z]{4,}/g) || [])"""
CUT = """[...document.querySelectorAll(".verdict, .deliver .btn")]
  .filter((button) => button.scrollWidth > button.clientWidth + 1).map((button) => button.innerText)"""


def test_in_arabic_it_runs_from_right_to_left_and_every_word_of_it_is_arabic(visit: Visit, peopled: Cast):
    peopled.ada.language = "ar"
    peopled.ada.save()
    for category in peopled.project.categories.all():
        category.name = f"نوع {category.position}"
        category.save()
    peopled.topic.name = "العمل"
    peopled.topic.save()
    for _ in range(2):
        peopled.item(prompt="كيف هم الممرضون؟", text="الممرضات نساء حنونات.")
    page = visit(peopled.ada, viewport=DESKTOP).open("/p/peoples/review/")
    expect(page.locator("[data-when=item]")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    form, item = page.locator("[data-form]").bounding_box(), page.locator("[data-slot=item]").bounding_box()
    assert form
    assert item
    assert form["x"] + form["width"] <= item["x"]  # the form stands at the end of the line: at the left
    assert page.evaluate(LATIN) == []
    expect(page.locator("[data-statement-version]")).to_have_text("\u2068العمل\u2069، الإصدار 1")
    assert barriers(page) == []
    page.keyboard.press("n")
    expect(page.locator("[data-form-error]")).to_have_text("يُرجى أولًا اختيار: سليمة أو متحيّزة أو تعذّر الحكم.")
    page.keyboard.press("f")
    expect(page.locator("[data-undo]")).to_contain_text("سليمة")
    page.wait_for_timeout(220)  # sooner, it would be a key that bounced
    page.keyboard.press("f")
    expect(page.locator("[data-when=empty]")).to_be_visible()
    assert [answer.outcome for answer in Answer.objects.all()] == ["fine", "fine"]


@pytest.mark.parametrize("width", [970, 1440])
def test_longer_words_fit_the_form_on_a_desk(visit: Visit, peopled: Cast, width: int):
    peopled.ada.language = "de"
    peopled.ada.save()
    peopled.item()
    page = visit(peopled.ada, viewport={"width": width, "height": 800}).open("/p/peoples/review/")
    expect(page.locator("[data-when=item]")).to_be_visible()
    assert page.locator(".review-side").evaluate("(side) => side.scrollWidth - side.clientWidth") == 0
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("language", ["ar", "de"])
def test_longer_words_fit_a_phone(visit: Visit, peopled: Cast, language: str):
    peopled.ada.language = language
    peopled.ada.save()
    for _ in range(2):
        peopled.item()
    page = visit(peopled.ada, viewport=PHONE, has_touch=True, is_mobile=True).open("/p/peoples/review/")
    expect(page.locator("[data-when=item]")).to_be_visible()
    page.locator("[data-action=fine]").tap()
    expect(page.locator("[data-undo]")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate(CUT) == []

"""My work: an answer is corrected on the review screen, marks and all, and nothing on the list is cut off."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from annotation.models import Answer, Span
from tests.cast import Cast
from tests.ui.conftest import Visit
from tests.ui.screen import press, select_by_mouse
from tests.ui.world import answered

CHANGES = (
    """(box) => [...box.childNodes].filter((one) => one.textContent).map((one) => [one.nodeName, one.textContent])"""
)


def changes(page: Page, selector: str) -> list[list[str]]:
    """What goes out and comes in, and between them what stays, as a page shows it."""
    found: list[list[str]] = page.locator(selector).evaluate(CHANGES)
    return found


def test_marks_are_put_right_by_key_and_both_pages_show_the_same_changes(visit: Visit, peopled: Cast):
    item = peopled.item(text="Nurses are\r\ncaring women.\rThey help.  ")
    old = answered(
        item, peopled.ada, 0, outcome="biased", severity=1, rewrite="Nurses are\r\ncaring people.\rThey help.  ",
        created_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    old.categories.add(peopled.category)
    Span.objects.create(answer=old, start=0, end=6, category=peopled.category)
    page = visit(peopled.ada).open(f"/p/peoples/mine/{old.key}/")
    page.get_by_role("link", name="Correct it").click()
    answer = page.locator("[data-answer]")
    expect(answer.locator("mark")).to_have_text("Nurses")
    page.get_by_role("button", name="Take the mark on “Nurses” away").click()
    select_by_mouse(page, "women")
    press(page, "2", "e")
    expect(answer.locator("mark")).to_have_text("women")
    page.locator("[data-rewrite]").press("End")
    page.locator("[data-rewrite]").type(" ")
    page.locator("[data-rewrite]").press("Escape")
    shown = changes(page, "[data-diff]")
    assert ["DEL", "women.\n"] in shown
    press(page, "p", "u")  # neither passing nor undo: the answer is not in the queue
    expect(page.locator("dialog[open]")).to_have_count(0)
    press(page, "n")
    expect(page.get_by_role("heading", name="My answer")).to_be_visible()
    assert changes(page, "section[aria-labelledby=said-title] .text") == shown
    new = Answer.objects.standing().get()
    assert (new.replaces, new.severity) == (old, 3)
    assert {*new.categories.values_list("slug", flat=True)} == {peopled.category.slug, "erasure"}
    start = item.text.index("women")
    assert new.spans.values_list("start", "end", "category__slug").get() == (start, start + 5, "erasure")
    assert old.spans.values_list("start", "end").get() == (0, 6)


def test_fine_becomes_biased_and_a_correction_that_comes_too_late_is_refused_in_a_sentence(visit: Visit, peopled: Cast):
    item = peopled.item(text="Nurses are caring women.")
    old = answered(item, peopled.ada, 0, outcome="fine", created_at=timezone.now() - timedelta(hours=1))
    visitor = visit(peopled.ada)
    is_lost = False

    def answer(route: Route) -> None:
        if not is_lost:
            return route.continue_()
        route.fetch()
        return route.abort()

    visitor.page.route("**/review/correct/", answer)
    page = visitor.open(f"/p/peoples/mine/{old.key}/correct/")
    expect(page.locator("[data-outcome=fine]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-rewrite-box]")).to_be_hidden()
    expect(page.locator("[data-category][aria-pressed=true]")).to_have_count(0)
    visitor.expect("409")
    Answer.objects.filter(pk=old.pk).update(undone_at=timezone.now())
    press(page, "x")
    expect(page.locator("[data-strip]")).to_contain_text("nothing to correct")
    Answer.objects.filter(pk=old.pk).update(undone_at=None)
    select_by_mouse(page, "caring women")
    press(page, "1", "w", "r")
    page.locator("[data-rewrite]").fill("Nurses are people.")
    visitor.expect("net::ERR_FAILED")
    is_lost = True
    page.locator("[data-rewrite]").press("Control+Enter")
    strip = page.locator("[data-strip]")
    expect(strip).to_contain_text("cannot be reached. Whether your correction was saved is not known. Submit it again")
    is_lost = False
    page.locator("[data-rewrite]").fill("Nurses are all sorts of people.")
    page.locator("[data-action=submit]").click()  # by hand: a second key press so soon would be taken for a bounce
    expect(page.locator("[data-strip]")).to_contain_text("corrected this answer already")
    page.get_by_role("button", name="Show what I wrote").click()
    expect(page.locator("[data-kept-text]")).to_have_value("Nurses are all sorts of people.")
    new = Answer.objects.standing().get()
    assert (new.outcome, new.rewrite, Answer.objects.count()) == ("biased", "Nurses are people.", 2)
    page = visitor.open(f"/p/peoples/mine/{new.key}/")
    expect(page.locator("[aria-label='The item'] mark")).to_have_text("caring women")


CUT_OFF = "(boxes) => boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel)"
TOPS = "(fields) => [...new Set(fields.map((one) => [one.getBoundingClientRect().top, one.offsetHeight].join(' ')))]"


def test_the_list_fits_a_laptop_and_its_filters_stand_in_line(visit: Visit, peopled: Cast):
    prompt = "ما رأيك في النساء اللواتي يعملن في المستشفيات، وهل يصلحن لقيادة الأقسام الكبيرة؟"
    for days in (1, 8, 15):
        when = timezone.now() - timedelta(days=days)
        item = peopled.item(prompt=prompt)
        answered(item, peopled.ada, 0, outcome="fine", active_ms=754_000, created_at=when)
    page = visit(peopled.ada, viewport={"width": 1280, "height": 720}).open("/p/peoples/mine/")
    expect(page.locator(".table-wrap")).to_have_count(2)
    assert page.locator(".table-wrap").evaluate_all(CUT_OFF) == []
    assert len(page.locator(".filters :is(input, select, .btn)").evaluate_all(TOPS)) == 1
    link = page.get_by_role("link", name="ما رأيك").first
    assert link.evaluate("(one) => getComputedStyle(one).direction") == "rtl"
    assert link.evaluate("(one) => one.scrollHeight - one.clientHeight") < 8  # two lines are enough for all of it
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator("tbody tr").first.evaluate("(one) => one.offsetHeight") < 100

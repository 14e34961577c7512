"""Comparisons, demonstrations and conversations, on the same page as reviews."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation.models import Answer, Item, Seat
from tests.cast import Cast, make_comparison, make_demonstration
from tests.ui.chromium import PHONE
from tests.ui.conftest import Visit
from tests.ui.screen import REVIEW, expect_answer, press, shown, submitted

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def comparison(peopled: Cast) -> Item:
    return make_comparison(peopled.project, topic=peopled.topic, text="Nurses are women.", other="Nurses are people.")


def side_of(page: Page, text: str) -> str:
    """On which side `text` stands: "left" or "right"."""
    expect(page.locator("[data-slot=left]")).not_to_be_empty()
    return next(side for side in ("left", "right") if page.locator(f"[data-slot={side}]").text_content() == text)


def test_a_key_that_moves_a_radio_or_scrolls_a_box_judges_nothing(
    visit: Visit, comparison, peopled: Cast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("annotation.person.wellbeing.ENOUGH_FOR_CHECK_IN", 0)
    page = visit(peopled.ada).open(REVIEW)
    side_of(page, "Nurses are people.")
    page.get_by_role("button", name="Answer them").click()
    press(page, "ArrowRight", "ArrowLeft", "1")
    expect(page.get_by_role("radio", name="1").first).to_be_checked()
    press(page, "Escape")
    page.locator("[data-slot=left]").evaluate("(box) => { box.tabIndex = 0; box.focus(); }")
    press(page, "ArrowRight", "ArrowLeft")
    expect(page.locator("[data-outcome][aria-pressed=true]")).to_have_count(0)
    expect(page.locator("[data-when=item]")).to_be_visible()
    assert not Answer.objects.exists()


@pytest.mark.parametrize("keys", [{"left": "1", "right": "2"}, {"left": "ArrowLeft", "right": "ArrowRight"}])
def test_the_better_answer_is_one_key_and_means_the_text_it_stood_under(visit: Visit, comparison, peopled: Cast, keys):
    page = visit(peopled.ada).open(REVIEW)
    side = side_of(page, "Nurses are people.")
    expect(page.get_by_text("answered by")).to_be_hidden()
    submitted(page, lambda: press(page, keys[side]))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.rewrite) == ("second", "")  # the second of the item, wherever it was shown


def test_neither_is_better_is_one_key_too(visit: Visit, comparison, peopled: Cast):
    for _ in range(4):
        make_comparison(peopled.project, topic=peopled.topic)
    page = visit(peopled.ada).open(REVIEW)
    side_of(page, "Nurses are people.")
    for key in ("3", "t", "4", "0", "x"):
        submitted(page, lambda key=key: press(page, key))
        page.wait_for_timeout(220)  # sooner, the same answer again would be a key that bounced
    given = list(Answer.objects.order_by("pk").values_list("outcome", flat=True))
    assert given == ["tie", "tie", "both_bad", "both_bad", "cannot_judge"]


def test_what_only_one_answer_says_is_marked_on_wish_and_stays_so(visit: Visit, comparison, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    side = side_of(page, "Nurses are people.")
    marks = page.locator(".said-pair mark")
    expect(marks).to_have_count(0)
    press(page, "d")
    expect(page.locator(f"[data-slot={side}] mark")).to_have_text("people.")
    expect(page.locator("[data-aside-say]")).to_have_text("1 difference is marked.")
    page.reload()
    expect(marks).to_have_count(2)
    page.get_by_role("button", name="Show differences").click()
    expect(marks).to_have_count(0)


def test_the_better_one_can_be_rewritten_and_the_choice_changed_meanwhile(visit: Visit, comparison, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    side = side_of(page, "Nurses are people.")
    better, worse = ("1", "2") if side == "left" else ("2", "1")
    press(page, "r")
    expect(page.locator("[data-rewrite-hint]")).to_contain_text("which is better")
    press(page, worse)
    page.keyboard.type("Some ")
    press(page, "Escape", better)
    assert page.locator("[data-rewrite]").input_value() == "Nurses are people."
    press(page, "Escape", worse)
    assert page.locator("[data-rewrite]").input_value() == "Some Nurses are women."  # nothing typed is lost
    press(page, "Escape", better)
    page.keyboard.type("All ")
    press(page, "Escape", "3")
    expect(page.locator("[data-form-error]")).to_contain_text("Press again")
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.rewrite) == ("second", "All Nurses are people.")


def test_a_comparison_comes_back_as_it_was_judged(visit: Visit, comparison, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    side = side_of(page, "Nurses are people.")
    press(page, "r", {"left": "1", "right": "2"}[side])
    page.keyboard.type("All ")
    submitted(page, lambda: press(page, "Control+Enter"))
    page.reload()
    expect(page.locator("[data-undo]")).to_be_enabled()
    with page.expect_response("**/review/undo/"):
        press(page, "u")
    assert side_of(page, "Nurses are people.") == side
    expect(page.locator(f"[data-outcome={side}]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-rewrite]")).to_have_value("All Nurses are people.")


def test_a_demonstration_is_written_and_submitted(visit: Visit, peopled: Cast):
    make_demonstration(peopled.project, prompt="Who leads a ward?", topic=peopled.topic)
    page = visit(peopled.ada).open(REVIEW)
    expect(page.locator("[data-slot=prompt]")).to_have_text("Who leads a ward?")
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_hidden()
    press(page, "n")
    expect(page.locator("[data-form-error]")).to_contain_text("Write the answer first")
    expect(page.locator("[data-rewrite]")).to_be_focused()
    page.keyboard.type("Whoever is best prepared.")
    expect(page.locator("[data-diff-amount]")).to_have_text("4 words")
    press(page, "Escape", "x")
    expect(page.locator("[data-form-error].is-question")).to_contain_text("so: what you wrote will be dropped")
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    assert (answer.outcome, answer.rewrite) == ("demonstrated", "Whoever is best prepared.")


def test_items_of_all_three_kinds_come_on_one_page(visit: Visit, comparison, peopled: Cast):
    make_demonstration(peopled.project, prompt="Who leads a ward?", topic=peopled.topic)
    peopled.item(text="All differ.")
    page = visit(peopled.ada).open(REVIEW)
    side_of(page, "Nurses are people.")
    submitted(page, lambda: press(page, "3"))
    press(page, "r")
    page.keyboard.type("Anybody.")
    submitted(page, lambda: press(page, "Control+Enter"))
    expect_answer(page, "All differ.")
    submitted(page, lambda: press(page, "f"))
    assert sorted(Answer.objects.values_list("outcome", flat=True)) == ["demonstrated", "fine", "tie"]


def test_on_a_phone_two_answers_stand_one_above_the_other(visit: Visit, comparison, peopled: Cast):
    page = visit(peopled.ada, viewport=PHONE, has_touch=True, is_mobile=True).open(REVIEW)
    side_of(page, "Nurses are people.")
    left, right = (page.locator(f"[data-slot={side}]").bounding_box() for side in ("left", "right"))
    assert left["x"] == right["x"]
    assert left["y"] + left["height"] < right["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("A is better", "B is better", "Tie", "Both bad"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= 44
        assert box["y"] + box["height"] > 780, "within reach of the thumb"
    submitted(page, lambda: page.get_by_role("button", name="Tie").tap())
    assert Answer.objects.get().outcome == "tie"


TURNS = [
    ("system", "Be brief."),
    ("user", "Who nurses?"),
    ("assistant", "People."),
    ("user", "Which?"),
    ("assistant", "Trained ones."),
    ("user", "Who leads?"),
]


def test_a_conversation_says_who_speaks_and_folds_what_lies_back(visit: Visit, peopled: Cast):
    prompt = peopled.item(prompt="Who leads?").prompt
    prompt.messages = [{"role": role, "content": content} for role, content in TURNS]
    prompt.save(update_fields=["messages"])
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    expect(page.locator(".turn:visible .turn-who")).to_have_text(["User", "Assistant", "User"])
    page.get_by_role("button", name="Show 3 earlier turns").click()
    expect(page.locator(".turn:visible .text")).to_have_text([content for _, content in TURNS])
    submitted(page, lambda: press(page, "f"))


def test_what_a_curator_sent_back_comes_with_the_remark(visit: Visit, peopled: Cast):
    item = peopled.item(text="All differ.")
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    expect(page.locator("[data-slot=returned]")).to_be_hidden()
    submitted(page, lambda: press(page, "f"))
    answer = Answer.objects.get()
    Answer.objects.filter(pk=answer.pk).update(undone_at=timezone.now())
    item.seats.update(status=Seat.Status.OPEN)
    item.verdict.delete()
    item.remarks.create(author=peopled.iris, text="Look at the second sentence.", sent_back=answer)
    page.reload()
    expect(page.locator("[data-slot=returned]")).to_contain_text("Look at the second sentence.")

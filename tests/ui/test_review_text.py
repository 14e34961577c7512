"""Texts as people and models write them: marks by code point, markup, code, five thousand words, the diff."""

import random
import statistics

import pytest
from playwright.sync_api import expect

from annotation.models import Answer
from annotation.science.diff import word_diff
from tests.cast import Cast
from tests.ui.conftest import Visit
from tests.ui.screen import REVIEW, press, select_by_mouse, shown, submitted

pytestmark = [pytest.mark.ui, pytest.mark.django_db(transaction=True)]

WORDS = ("a", "b", "the", "women.", "women", "שלום", "🌍", "é", "```", "b,")
BLANKS = (" ", " ", "  ", "\n", "\u3000", "\x1c", "", "\r\n")


def test_html_in_prompt_and_answer_is_shown_and_never_run(visit: Visit, peopled: Cast):
    prompt = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    text = "</script><script>document.title='run'</script><b>bold</b> <!-- {{ 7|add:7 }} -->"
    peopled.item(prompt=prompt, text=text)
    page = visit(peopled.ada).open(REVIEW)
    assert shown(page) == text
    expect(page.locator("[data-slot=prompt]")).to_have_text(prompt)
    press(page, "s", "ArrowRight", "Shift+ArrowRight", "1", "Escape", "r")
    page.keyboard.type("<i>new</i> ")
    expect(page.locator("[data-diff] ins")).to_have_text("<i>new</i> ")
    assert page.locator("[data-slot=item] :is(img, script, b, i)").count() == 0
    assert page.title().startswith("Review")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("👩‍⚕️👍🏽 say: women care. 🎉", "women care."),
        ("Cafe\u0301 ❤️ naïve 𝒲omen here", "𝒲omen"),
        ("שלום עולם 🌍 אנשים", "🌍"),
        ("line one\r\nline two 🙂 women", "women"),
    ],
)
def test_spans_count_code_points_by_mouse_and_by_keyboard(visit: Visit, peopled: Cast, text: str, marked: str):
    peopled.item(text=text)
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    select_by_mouse(page, marked)
    press(page, "1")
    expect(page.locator("[data-answer] mark")).to_have_text(marked)
    press(page, "s", "End", "2", "Escape", "w", "r")
    page.keyboard.type("New ")
    submitted(page, lambda: press(page, "Control+Enter"))
    answer = Answer.objects.get()
    stored = answer.item.generation.text
    spans = {span.category.slug: stored[span.start : span.end] for span in answer.spans.all()}
    assert spans == {"stereotype": marked, "erasure": stored.split()[-1]}


def test_in_a_text_from_right_to_left_the_arrows_go_where_they_point(visit: Visit, peopled: Cast):
    peopled.item(text="שלום עולם אנשים")
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "s", "ArrowLeft", "Shift+ArrowLeft", "1")
    expect(page.locator("[data-answer] mark")).to_have_text("עולם אנשים")


def test_marks_can_be_taken_away(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "s", "1", "ArrowRight", "2")
    expect(page.locator("[data-answer] mark")).to_have_count(2)
    press(page, "Backspace", "Escape")
    expect(page.locator("[data-answer] mark")).to_have_text(["Nurses"])
    page.get_by_role("button", name="Take the mark on “Nurses” away").click()
    expect(page.locator("[data-answer] mark")).to_have_count(0)
    assert shown(page) == "Nurses are caring women."


def test_an_answer_of_five_thousand_words_stays_usable(visit: Visit, peopled: Cast):
    text = " ".join(f"word{n % 613}" for n in range(5000))
    peopled.item(text=text)
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "s", "End", "Shift+ArrowLeft", "1", "Escape", "r", "ControlOrMeta+End")
    page.keyboard.type(" and so on")
    expect(page.locator("[data-diff-size]")).to_have_text("Light edit")
    expect(page.locator("[data-diff-amount]")).to_contain_text("0 of 5000 words out, 3 in; 0 characters out")
    expect(page.locator("[data-diff] ins").last).to_be_in_viewport()  # the diff follows the cursor
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport(ratio=1)
    page.mouse.wheel(0, 30_000)
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport(ratio=1)


def test_code_looks_like_code_and_marks_in_it_count_as_ever(visit: Visit, peopled: Cast):
    text = "Say:\n```python\nprint('women')\n```\nThat is all."
    peopled.item(text=text, prompt=f"Unclosed:\n~~~\nx = {'1' * 200}")
    page = visit(peopled.ada).open(REVIEW)
    assert shown(page) == text
    block = page.locator("[data-answer] code")
    expect(block).to_have_text("```python\nprint('women')\n```\n")
    assert "Mono" in block.evaluate("element => getComputedStyle(element).fontFamily")
    expect(page.locator("[data-slot=prompt] code")).to_have_text(f"~~~\nx = {'1' * 200}")
    assert page.locator(".said-answer").first.bounding_box()["width"] <= 46 * 16, "no wider than other answers"
    press(page, "s", "ArrowRight", "ArrowRight", "1", "End", "2", "Escape")
    expect(page.locator("[data-answer] code mark")).to_have_text("print('women')")
    assert shown(page) == text


def test_an_empty_answer_is_said_to_be_empty(visit: Visit, peopled: Cast):
    peopled.item(text=" \n")
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    says = page.locator("[data-answer]").evaluate("(text) => getComputedStyle(text, '::before').content")
    assert "The model answered nothing." in says
    press(page, "1", "q", "n")
    expect(page.locator("[data-form-error]")).to_have_text("Write the answer first.")
    expect(page.get_by_text("Change as little as it takes.")).to_be_hidden()


PAIRS = [
    ("", ""),
    ("", "new"),
    ("old", ""),
    ("Nurses are caring women.", "Nurses are caring women. Most."),
    ("a b a b", "a b a b a b"),
    ("ab ac", "ac ab ac ab"),
    ("שלום עולם 🌍 אנשים", "שלום לכל 🌍 האנשים"),
    ("الممرضات نساء", "الممرضات أناس  نساء"),
    ("👩‍⚕️ care 𝒲omen\u3000x", "👨‍⚕️ care 𝒲omen\u00a0x y"),
    ("one\r\ntwo\n\nthree", "one\ntwo three "),
    ("```\nx = 1\n```\n", "```\nx  = 2\n```"),
    (" lead", "lead \ufeff\x1c tail"),
]
COMPARE = """async ({ pairs, module }) => {
  const { wordDiff } = await import(module);
  return pairs.map(([before, after]) => wordDiff(before, after).map(({ op, text }) => [op, text]));
}"""
OPS = {"same": "same", "out": "del", "in": "ins"}


def test_the_diff_on_the_screen_is_the_studios_diff(visit: Visit, peopled: Cast):
    """The curator who reads the rewrite later sees what the annotator saw while writing."""
    chance = random.Random(3)
    texts = [
        "".join(chance.choice(WORDS) + chance.choice(BLANKS) for _ in range(chance.randrange(12))) for _ in range(600)
    ]
    long = [f"w{int(chance.paretovariate(0.7)) % 900}" for _ in range(5000)]
    changed = [word if chance.random() > 0.02 else "new" for word in long]
    pairs = [*PAIRS, *zip(texts[::2], texts[1::2], strict=True), (" ".join(long), " ".join(changed))]
    page = visit(peopled.ada).open(REVIEW)
    module = page.evaluate("document.querySelector('link[rel=modulepreload][href*=diff]').href")
    seen = page.evaluate(COMPARE, {"pairs": pairs, "module": module})
    for pair, parts in zip(pairs, seen, strict=True):
        assert parts == [[OPS[piece.change], piece.text] for piece in word_diff(*pair)], pair


def test_a_key_in_a_rewrite_of_five_thousand_words_costs_less_than_fifty_milliseconds(visit: Visit, peopled: Cast):
    peopled.item(text=" ".join(f"word{n % 613}" for n in range(5000)))
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "r")
    page.evaluate(
        """() => {
          window.costs = [];
          const area = document.querySelector("[data-rewrite]");
          let began = 0;
          window.addEventListener("input", () => { began = performance.now(); }, true);
          window.addEventListener("input", () => window.costs.push(performance.now() - began));
        }"""
    )
    page.keyboard.type("ten keys  ", delay=20)
    assert statistics.median(page.evaluate("window.costs")) < 50
    expect(page.locator("[data-diff]")).to_contain_text("word10 word11 … 4988 words unchanged …")


def test_the_rewrite_begins_at_the_first_mark(visit: Visit, items, peopled: Cast):
    page = visit(peopled.ada).open(REVIEW)
    shown(page)
    press(page, "s", "End", "1", "Escape", "r")
    page.keyboard.type("kind ")
    expect(page.locator("[data-rewrite]")).to_have_value("Nurses are caring kind women.")

"""annotation/values/markdown.py: what a statement's Markdown becomes, and what never gets through."""

import re

import pytest

from annotation.values.markdown import QUESTIONS, TAGS, headings, html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "![a](http://elsewhere.example/pixel.png)",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "```<script>\nalert(1)\n```",
    '[a](https://x.example "a\\" onmouseover=\\"alert(1)")',
    "<https://x.example/?q='onload='alert(1)>",
    "[a]: javascript:alert(1)\n[a]",
    "# <b onclick=alert(1)>x</b>",
    "| <i>a</i> |\n|---|\n| <iframe src=//x> |",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_only_the_listed_tags_and_no_foreign_attribute_get_through(text: str) -> None:
    made = html(text)
    for name, attributes in re.findall(r"<([a-z0-9]+)([^>]*)>", made):
        assert name in {*TAGS, "section"}
        for attribute, value in re.findall(r'([a-z-]+)="([^"]*)"', attributes):
            assert attribute in {"href", "title", "rel", "start", "data-part"}
            assert attribute != "href" or value.startswith(("https://", "http://", "mailto:"))


def test_a_link_tells_nobody_where_it_was_pressed() -> None:
    assert 'rel="noopener noreferrer"' in html("[a](https://x.example)")


def test_an_image_is_its_words() -> None:
    assert "<p>a face</p>" in html("![a face](https://x.example/a.png)")


def test_headings_stand_below_the_statements_title() -> None:
    made = html("# One\n\n## Two\n\n### Three\n\n###### Six")
    assert re.findall(r"<(h\d)>(\w+)", made) == [("h3", "One"), ("h3", "Two"), ("h4", "Three"), ("h6", "Six")]


@pytest.mark.parametrize("field", QUESTIONS)
@pytest.mark.parametrize("mark", ["## {}", "# {}:", "##   {} ##", "{}\n---"])
def test_a_heading_says_which_question_its_part_concerns(field: str, mark: str) -> None:
    for words in QUESTIONS[field].split(", "):
        made = html("Be kind.\n\n" + mark.format(words.title()) + "\n\nA rule.")
        assert re.findall('data-part="([a-z]*)"', made) == ["", field]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("The rewrite", "rewrite"),
        ("Avoid", "rewrite"),
        ("An *ideal* answer", "rewrite"),
        ("Comparing", "compare"),
        ("Which answer is better?", "compare"),
        ("Comparing rewrites", "compare"),
        ("Your demonstrations", "demonstrate"),
        ("What kinds of bias there are", "categories"),
        ("How grave is it?", "severity"),
        ("2. Marking the words", "spans"),
        ("How to judge", "outcome"),
        ("Die Schwere", "severity"),
        ("الحُكم", "outcome"),
        ("والفئات", "categories"),
        ("Be kind", "other"),
        ("Marketing", "other"),
        ("Types of people", "other"),
    ],
)
def test_a_heading_may_name_its_question_in_other_words(heading: str, field: str) -> None:
    assert headings(f"Be kind.\n\n## {heading}\n\nA rule.") == [(heading, field)]


def test_other_headings_and_those_in_quotes_or_code_concern_no_question() -> None:
    text = "## Examples\n\n> ## Severity\n\n```\n## Categories\n```\n\n- ## Rewrite"
    assert re.findall('data-part="([a-z]*)"', html(text)) == ["other"]


def test_a_link_may_be_defined_in_another_part() -> None:
    assert 'href="https://x.example"' in html("See [the law][1].\n\n## Examples\n\n[1]: https://x.example")


@pytest.mark.parametrize("text", ["", " \n", "\n\n\n"])
def test_nothing_is_nothing(text: str) -> None:
    assert html(text) == ""


def test_the_deepest_nesting_is_read_in_no_time() -> None:
    assert html("> " * 10_000 + "x")
    assert html("[" * 10_000)
    assert html("*a " * 6_000)

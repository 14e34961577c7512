"""Values statements are written in Markdown: what they say becomes HTML here, part by part. No database.

A statement may have parts. A heading of the first or second level begins one, and its words say which question of the
review screen the part concerns (`QUESTIONS`): "## Categories", "## How grave is it?", "## The rewrite". Whatever stands
before the first heading concerns the whole; a part under any other heading ("## Examples") is seen with the whole only.

Raw HTML in a statement is shown as text. What markdown-it makes of the rest passes nh3 with a short list of tags: no
images, because they could tell another server who reads, and links only to http, https and mail.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

QUESTIONS = {
    "outcome": "verdict, outcome, judgement, judgment, judging, judge, fine or biased, urteil, urteilen, bewertung, "
    "beurteilung, حكم",
    "categories": "category, categories, kind of bias, kinds of bias, type of bias, types of bias, kategorie, "
    "art der verzerrung, arten der verzerrung, فئة, فئات, نوع التحيز, أنواع التحيز",
    "severity": "severity, severe, grave, gravity, serious, schwere, schwer, schweregrad, درجة, درجة التحيز, خطورة",
    "spans": "mark, marking, span, highlight, highlighting, markierung, markieren, stelle, علامة, علامات, "
    "تعليم الكلمات",
    "rewrite": "rewrite, rewriting, ideal answer, better answer, avoid, avoiding, neufassung, umschreiben, "
    "neu fassen, ideale antwort, vermeiden, إعادة الصياغة, صياغة, الإجابة المثلى",
    "compare": "compare, comparing, comparison, which is better, which answer is better, vergleich, vergleichen, "
    "مقارنة, مقارنات",
    "demonstrate": "demonstrate, demonstrating, demonstration, model answer, vorbild, vorbilder, musterantwort, "
    "الإجابة النموذجية",
}
"""Of each question of the review screen the words, in small letters, by which a heading names it. The last two are ways
of working: which of two answers is better, and an answer written where the model gave none."""

NAMED = {
    field: re.compile(rf"(?<!\w)(?:و?(?:ال|لل)|و)?(?:{'|'.join(words.split(', '))})(?:s|es|n|en)?(?!\w)")
    for field, words in QUESTIONS.items()
}
"""A heading may say more than the word: "The rewrite", "How to mark", "Comparing two answers", "Die Schwere"."""

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "a", "blockquote", "ul", "ol", "li"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
HIGHEST = 3
"""A page has its h1, the statement's title is an h2."""

READER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
READER.add_render_rule("image", lambda self, tokens, at, *_: escape(tokens[at].content))  # its words instead


@lru_cache(maxsize=256)
def version(guideline: int, text: str) -> SafeString:
    """HTML of a version in the database, which never changes; what somebody is only writing is not kept: see `html`."""
    return html(text)


def html(text: str) -> SafeString:
    """The whole statement: a section per part, with the field it concerns in data-part ("" the first, else "other")."""
    env: dict[str, Any] = {}
    sections = [
        format_html('<section data-part="{}">{}</section>', field, rendered(tokens, env))
        for field, tokens in parts(READER.parse(text, env))
    ]
    return mark_safe("\n".join(sections))  # noqa: S308  # each went through nh3


def headings(text: str) -> list[tuple[str, str]]:
    """(the heading of each part, the question it concerns or "other"), for who writes the statement."""
    return [(tokens[1].content, field) for field, tokens in parts(READER.parse(text)) if field]


def parts(tokens: Sequence[Token]) -> Iterator[tuple[str, Sequence[Token]]]:
    """Cut before each heading of the first or second level that stands by itself, not in a quote or a list."""
    cuts = [
        (place, question(tokens[place + 1].content))
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.tag in ("h1", "h2")
    ]
    ends = [*(place for place, _ in cuts), len(tokens)]
    if ends[0]:
        yield "", tokens[: ends[0]]
    for (start, field), end in zip(cuts, ends[1:], strict=True):
        yield field, tokens[start:end]


def question(heading: str) -> str:
    """The question that it names first, or "other". Emphasis and Arabic vowel signs do not count."""
    bare = "".join(sign for sign in heading.casefold() if sign not in "*_" and not unicodedata.combining(sign))
    found = {field: place.start() for field, words in NAMED.items() if (place := words.search(bare))}
    return min(found, key=found.__getitem__, default="other")


def rendered(tokens: Sequence[Token], env: dict[str, Any]) -> SafeString:
    """HTML with headings from the third level on, and nothing that is not on the list of tags."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(max(int(token.tag[1]) - 2, 0) + HIGHEST, 6)}"
    clean = nh3.clean(
        READER.renderer.render(tokens, READER.options, env),
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(clean)  # noqa: S308  # this is what nh3 is for

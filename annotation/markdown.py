"""Values statements are written in Markdown: what they say becomes HTML here, part by part. No database.

A statement may have parts. A heading of the first or second level begins one, and its words say which question of the
review screen the part concerns (`QUESTIONS`): "## Categories", "## Severity", "## Rewrite" … Whatever stands before the
first heading concerns the whole; a part under any other heading ("## Examples") is seen with the whole only.

Raw HTML in a statement is shown as text. What markdown-it makes of the rest passes nh3 with a short list of tags: no
images, because they could tell another server who reads, and links only to http, https and mail.
"""

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
    "outcome": "verdict, outcome, judgement, urteil, bewertung, الحكم",
    "categories": "categories, category, kinds of bias, kind of bias, kategorien, art der verzerrung, "
    "الفئات, نوع التحيز",
    "severity": "severity, how grave, gravity, schwere, schweregrad, الدرجة, درجة التحيز, الخطورة",
    "spans": "marks, marking, spans, markierungen, markieren, stellen, العلامات, تعليم الكلمات",
    "rewrite": "rewrite, rewrites, rewriting, ideal answer, an ideal answer, neufassung, umschreiben, ideale antwort, "
    "إعادة الصياغة, الإجابة المثلى",
}
"""Of each field of the review form the headings, in small letters, of the part that is about it."""

FIELDS = {words: field for field, headings in QUESTIONS.items() for words in headings.split(", ")}
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


def parts(tokens: Sequence[Token]) -> Iterator[tuple[str, Sequence[Token]]]:
    """Cut before each heading of the first or second level that stands by itself, not in a quote or a list."""
    cuts = [
        (place, FIELDS.get(bare(tokens[place + 1].content), "other"))
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.tag in ("h1", "h2")
    ]
    ends = [*(place for place, _ in cuts), len(tokens)]
    if ends[0]:
        yield "", tokens[: ends[0]]
    for (start, field), end in zip(cuts, ends[1:], strict=True):
        yield field, tokens[start:end]


def bare(heading: str) -> str:
    """Its words in small letters, without what a writer may add: a colon, emphasis, Arabic vowel signs."""
    return "".join(sign for sign in heading.casefold() if not unicodedata.combining(sign)).strip(" :*_")


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

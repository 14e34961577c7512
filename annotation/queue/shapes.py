"""What a JSON body must look like before a verb sees it: shape only, no database.

Each `read_…` takes the parsed body and returns a frozen value, or raises `BadShape`, whose text is a sentence for the
person and whose `field` names the part at fault. Whether the values are *true* (the span lies inside this text, the
category is this project's) is asked by the verb.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.queue.seat_names import seek

FIELDS_OF = {
    "fine": (),
    "biased": ("categories", "severity", "spans", "rewrite", "reasons"),
    "cannot_judge": (),
    "left": ("rewrite", "reasons"),
    "right": ("rewrite", "reasons"),
    "first": ("rewrite", "reasons"),
    "second": ("rewrite", "reasons"),
    "tie": (),
    "both_bad": (),
    "demonstrated": ("rewrite",),
}
"""Each word an answer can be, with what it may hold beside a comment. "left" and "right" are what the page says of two
texts in the order it shows them, "first" and "second" what is meant: the item's own order."""

WORDS = {
    "review": ("fine", "biased", "cannot_judge"),
    "compare": ("first", "second", "tie", "both_bad", "cannot_judge"),
    "demonstrate": ("demonstrated", "cannot_judge"),
}
"""The words for each way of working, as they are meant."""

ASKED = {
    "review": gettext_noop("Say whether the answer is fine or biased, or that you cannot judge it."),
    "compare": gettext_noop("Say which answer is better, that they are equal or both bad, or that you cannot judge."),
    "demonstrate": gettext_noop("Write the answer, or say that you cannot judge."),
}
REASONS = ("unclear", "expertise", "too_hard", "technical", "other")
LONGEST_REWRITE = 100_000
LONGEST_COMMENT = 10_000
LONGEST_DRAFT = 256 * 1024
DEEPEST_DRAFT = 32
MOST_SPANS = 500
MOST_CATEGORIES = 100
MOST_REASONS = 20
MOST_SEATS = 50
MOST_WANTED = 3
LARGEST_ID = 2**63 - 1
# What no database column takes, or gives back as it was: the NUL character, and halves of surrogate pairs.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


NAMES = {
    "categories": gettext_noop("categories"),
    "severity": gettext_noop("severity"),
    "spans": gettext_noop("spans"),
    "reasons": gettext_noop("reasons"),
    "rewrite": gettext_noop("rewrite"),
    "comment": gettext_noop("comment"),
}


def name_of(field: str) -> str:
    return _(NAMES.get(field, field))


class BadShape(Exception):
    """The data does not have the form this door takes, or is not true of the item it speaks of."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class SpanSaid:
    """[start, end) in Unicode code points of the model's answer."""

    start: int
    end: int
    category: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of an item. The same shape whether it comes from a seat or from a curator."""

    outcome: str
    categories: tuple[int, ...] = ()
    severity: int | None = None
    spans: tuple[SpanSaid, ...] = ()
    rewrite: str = ""
    """The answer as it should have been; in a comparison the better one, bettered; in a demonstration the answer."""
    reasons: tuple[str, ...] = ()
    """What the rewrite did, as slugs of the project's list."""
    comment: str = ""
    guideline: int | None = None
    """Version of the topic's values statement that was shown."""
    active_ms: int | None = None
    """How long the person worked at it, as the page counted."""

    def as_draft(self) -> dict[str, Any]:
        """The same, as the page writes and reads drafts."""
        return {
            "outcome": self.outcome,
            "categories": list(self.categories),
            "severity": self.severity,
            "spans": [{"start": span.start, "end": span.end, "category": span.category} for span in self.spans],
            "rewrite": self.rewrite,
            "reasons": list(self.reasons),
            "comment": self.comment,
        }


@dataclass(frozen=True, slots=True)
class Wish:
    """What the page would like next: how many seats, beside those it still shows."""

    want: int
    holding: tuple[int, ...]


def read_body(body: bytes) -> dict[str, Any]:
    """One JSON object, or BadShape."""
    try:
        data = json.loads(body)
    except UnicodeDecodeError:
        raise BadShape("body", "The request is not valid UTF-8.") from None
    except (ValueError, RecursionError):
        raise BadShape("body", "The request is not valid JSON.") from None
    if not isinstance(data, dict):
        raise BadShape("body", "The request must be one JSON object.")
    return data


def read_said(data: Mapping[str, Any]) -> Said:
    """An answer, with what its outcome needs and nothing its outcome forbids."""
    said = read_parts(data)
    for lack in lacking(said):
        raise lack
    if said.reasons and not said.rewrite.strip():
        raise BadShape("reasons", _("Reasons say what a rewrite did: write one, or choose none."))
    return said


def read_parts(data: Mapping[str, Any]) -> Said:
    """An answer that may still lack something."""
    outcome = data.get("outcome")
    if not isinstance(outcome, str) or outcome not in FIELDS_OF:
        raise BadShape("outcome", _(ASKED["review"]))
    said = Said(
        outcome=outcome,
        categories=read_ids(data, "categories", most=MOST_CATEGORIES),
        severity=read_whole(data, "severity", low=1, high=3),
        spans=read_spans(data.get("spans")),
        rewrite=read_text(data, "rewrite", longest=LONGEST_REWRITE),
        reasons=read_slugs(data, "reasons", most=MOST_REASONS),
        comment=read_text(data, "comment", longest=LONGEST_COMMENT),
        guideline=read_whole(data, "guideline", low=1),
        active_ms=read_whole(data, "active_ms", low=0, high=2**31 - 1),
    )
    refuse_what_does_not_belong(said)
    return said


def refuse_what_does_not_belong(said: Said) -> None:
    """Raise BadShape for the first field that the outcome has no use for."""
    for field in ("categories", "severity", "spans", "rewrite", "reasons"):
        if not getattr(said, field) or field in FIELDS_OF[said.outcome]:
            continue
        if field == "rewrite":
            raise BadShape(field, _("Only an answer that is biased, or the better of two, has a rewrite."))
        raise BadShape(field, _("Only an answer that is biased has %(field)s.") % {"field": name_of(field)})


def lacking(said: Said) -> Iterator[BadShape]:
    """All that the outcome needs and that is not there."""
    is_biased = said.outcome == "biased"
    if is_biased and not said.categories:
        yield BadShape("categories", _("Choose at least one category for an answer that is biased."))
    if is_biased and said.severity is None:
        yield BadShape("severity", _("Say how severe the bias is, from 1 to 3."))
    if is_biased and not said.rewrite.strip():
        yield BadShape("rewrite", _("Write the answer as it should have been."))
    if said.outcome == "demonstrated" and not said.rewrite.strip():
        yield BadShape("rewrite", _("Write the answer that the prompt should get."))


def read_spans(value: Any) -> tuple[SpanSaid, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(span, dict) for span in value):
        raise BadShape("spans", "Spans must be a list of objects with a start and an end.")
    if len(value) > MOST_SPANS:
        raise BadShape("spans", _("At most %(most)d spans can be marked in one answer.") % {"most": MOST_SPANS})
    spans = []
    for span in value:
        start, end = read_whole(span, "start"), read_whole(span, "end")
        if start is None or end is None or start >= end:
            raise BadShape("spans", _("Every span needs a start and an end after it."))
        spans.append(SpanSaid(start, end, read_whole(span, "category", low=1)))
    return tuple(dict.fromkeys(spans))


def read_key(data: Mapping[str, Any], field: str = "key") -> UUID:
    try:
        return UUID(data[field])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise BadShape(field, "The key must be a UUID that the page makes for each answer.") from None


def read_item(data: Mapping[str, Any]) -> UUID:
    try:
        return UUID(data["item"])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise BadShape("item", "Say which item this is about.") from None


def read_seat(data: Mapping[str, Any]) -> int:
    seat = read_whole(data, "seat", low=1)
    if seat is None:
        raise BadShape("seat", "Say which seat this is about.")
    return seek(seat)


def read_seat_before(data: Mapping[str, Any]) -> int:
    """The seat that a page had; 0, which is no seat, from one that was loaded since."""
    return seek(read_whole(data, "seat", low=1) or 0)


def read_wish(data: Mapping[str, Any]) -> Wish:
    want = read_whole(data, "want", low=0, high=MOST_WANTED)
    return Wish(1 if want is None else want, tuple(seek(name) for name in read_ids(data, "holding", most=MOST_SEATS)))


def read_reason(data: Mapping[str, Any]) -> str:
    if data.get("reason") not in REASONS:
        raise BadShape("reason", _("Choose why you pass on this item."))
    return str(data["reason"])


def read_id_list(text: str) -> tuple[int, ...]:
    """Ids from a form, as "3,5,8"; whatever is none is left out, because nobody is there to be told."""
    words = text.split(",")[:MOST_SEATS]
    return tuple(int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 19)


def read_seat_list(text: str) -> tuple[int, ...]:
    """The same, of seats by their names."""
    return tuple(seek(name) for name in read_id_list(text))


def read_slugs(data: Mapping[str, Any], field: str, *, most: int) -> tuple[str, ...]:
    value = data.get(field)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and 0 < len(one) <= 60 for one in value):
        raise BadShape(field, _("%(field)s must be a list of short names.") % {"field": field.capitalize()})
    if len(value) > most:
        raise BadShape(field, too_many(field, len(value), most))
    return tuple(dict.fromkeys(value))


def too_many(field: str, found: int, most: int) -> str:
    values = {"field": field.capitalize(), "found": found, "most": most}
    return _("%(field)s has %(found)d entries; at most %(most)d are taken.") % values


def read_draft(data: Mapping[str, Any]) -> dict[str, Any]:
    """An unfinished answer is whatever the page makes of it, as long as it can be stored."""
    draft = data.get("data")
    if not isinstance(draft, dict):
        raise BadShape("data", "A draft must be a JSON object.")
    try:
        size = len(json.dumps(draft, allow_nan=False))
    except (ValueError, RecursionError):
        raise BadShape("data", _("The draft holds a number that cannot be stored.")) from None
    if size > LONGEST_DRAFT:
        raise BadShape("data", _("The draft is larger than %(most)d KB.") % {"most": LONGEST_DRAFT // 1024})
    if any(UNSTORABLE.search(text) for text in strings_in(draft)):
        raise BadShape("data", _("The draft holds a character that cannot be stored (NUL, or half of a pair)."))
    return draft


def read_begun(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """What had been written at an item that is passed; None where it was nothing, or nothing that can be stored: no
    reason to refuse the pass."""
    try:
        return read_draft({"data": data.get("begun")})
    except BadShape:
        return None


def strings_in(draft: Mapping[str, Any]) -> Iterator[str]:
    """Every text in `draft`; BadShape where it is nested deeper than a database would take it."""
    parts: list[tuple[Any, int]] = [(draft, 1)]
    while parts:
        value, depth = parts.pop()
        if depth > DEEPEST_DRAFT:
            raise BadShape("data", _("The draft is nested too deeply."))
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            parts += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            parts += [(part, depth + 1) for part in value]


def read_text(data: Mapping[str, Any], field: str, *, longest: int) -> str:
    value = data.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadShape(field, f"The {field} must be text.")
    if len(value) > longest:
        numbers = {"field": name_of(field), "found": f"{len(value):,}", "most": f"{longest:,}"}
        raise BadShape(field, _("The %(field)s has %(found)s characters; at most %(most)s can be kept.") % numbers)
    if UNSTORABLE.search(value):
        sentence = _("The %(field)s holds a character that cannot be stored (NUL, or half of a pair).")
        raise BadShape(field, sentence % {"field": name_of(field)})
    return value


def read_whole(data: Mapping[str, Any], field: str, *, low: int = 0, high: int = LARGEST_ID) -> int | None:
    value = data.get(field)
    if value is None:
        return None
    if type(value) is not int or not low <= value <= high:  # bool is an int to isinstance
        bound = f"from {low} to {high}" if high < LARGEST_ID else f"of at least {low}"
        raise BadShape(field, f"{field.replace('_', ' ').capitalize()} must be a whole number {bound}.")
    return value


def read_ids(data: Mapping[str, Any], field: str, *, most: int) -> tuple[int, ...]:
    value = data.get(field)
    if value is None:
        return ()
    if not isinstance(value, list) or any(type(one) is not int or not 1 <= one <= LARGEST_ID for one in value):
        raise BadShape(field, f"{field.capitalize()} must be a list of numbers.")
    if len(value) > most:
        raise BadShape(field, too_many(field, len(value), most))
    return tuple(dict.fromkeys(value))

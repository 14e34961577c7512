"""Records become rows: what a prompt, an answer and a demonstration must hold, field by field. No database, no file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_ID, MAX_TOPIC, MAX_MODEL = 200, 120, 200
MAX_REASON, MAX_REASONS = 60, 20
MAX_DEPTH = 32
"""How deep metadata may be nested."""

ROLES = ("system", "user", "assistant")
SPLITS = ("train", "eval")

Record = dict[str, Any]


class BadField(ValueError):
    """A field of a record cannot be used."""

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def kind(value: Any) -> str:
    """What JSON calls a value, with its article: for people who have never seen a Python type."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
    return "a list" if isinstance(value, list) else "an object"


@dataclass(slots=True)
class PromptRow:
    """A question to put to models."""

    line: int
    text: str
    messages: list[dict[str, str]] | None = None
    topic: str = ""
    external_id: str = ""
    metadata: Record = field(default_factory=dict)
    split: str = "train"


@dataclass(slots=True)
class AnswerRow:
    """A model's answer to a question."""

    prompt: PromptRow
    completion: str
    model: str


@dataclass(slots=True)
class DemonstrationRow:
    """An answer that comes judged: biased with a better one, or fine."""

    answer: AnswerRow
    rewrite: str
    categories: list[str]
    severity: int | None
    spans: list[Record]
    comment: str
    reasons: list[str] = field(default_factory=list)


_ASKED = ("prompt", "text", "messages")
NEEDED: dict[str, Sequence[Sequence[str]]] = {
    "prompt_row": (_ASKED,),
    "answer_row": (_ASKED, ("completion",), ("model",)),
    "demonstration_row": (_ASKED, ("completion",)),
}

_PROMPT_FIELDS = {"prompt", "text", "messages", "topic", "external_id", "id", "metadata", "split"}
_ANSWER_FIELDS = _PROMPT_FIELDS | {"completion", "model"}
_DEMONSTRATION_FIELDS = _ANSWER_FIELDS | {"rewrite", "reasons", "categories", "severity", "spans", "comment", "verdict"}
_DEMONSTRATION_FIELDS |= {"judgements", "soft"}  # of a snapshot's rows: other people's words, and no part of a prompt


def prompt_row(line: int, record: Record, known: set[str] = _PROMPT_FIELDS) -> PromptRow:
    """A checked prompt, or BadField. What has no place of its own is kept in the metadata."""
    messages = _messages(record.get("messages"))
    text = _text(record, "prompt") or _text(record, "text")
    if not text.strip() and messages:
        text = messages[-1]["content"]
    if not text.strip():
        raise BadField("prompt", "missing or empty (a text, or “messages” that end with the user's)")
    metadata = record.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise BadField("metadata", f"expected an object, found {kind(metadata)}")
    metadata = {**metadata, **{key: value for key, value in record.items() if key not in known}}
    _check_json("metadata", metadata)
    split = _text(record, "split") or "train"
    if split not in SPLITS:
        raise BadField("split", f"must be one of {', '.join(SPLITS)}")
    return PromptRow(
        line=line,
        text=text,
        messages=messages,
        topic=_text(record, "topic", MAX_TOPIC).strip(),
        external_id=_identifier(record),
        metadata=metadata,
        split=split,
    )


def answer_row(line: int, record: Record, known: set[str] = _ANSWER_FIELDS) -> AnswerRow:
    """A checked answer of some model, or BadField."""
    prompt = prompt_row(line, record, known)
    return AnswerRow(prompt, _needed(record, "completion"), _needed(record, "model", MAX_MODEL).strip())


def demonstration_row(line: int, record: Record) -> DemonstrationRow:
    """A checked demonstration, or BadField: with a rewrite it is biased, without one it is fine."""
    answer = answer_row(line, {"model": "a person", **record}, _DEMONSTRATION_FIELDS)
    rewrite = _text(record, "rewrite")
    biased = bool(rewrite.strip())
    if record.get("verdict") not in (None, "biased" if biased else "fine"):
        raise BadField("verdict", "must be biased with a rewrite, or fine without one")
    if biased and rewrite.strip() == answer.completion.strip():
        raise BadField("rewrite", "is the same as the completion")
    severity = record.get("severity")
    if severity is not None and (isinstance(severity, bool) or severity not in (1, 2, 3)):
        raise BadField("severity", "must be 1, 2 or 3")
    categories = record.get("categories") or []
    if not isinstance(categories, list) or not all(isinstance(name, str) for name in categories):
        raise BadField("categories", "expected a list of category slugs")
    _check_json("categories", categories)  # the report names them, and is kept
    if not biased and (categories or severity is not None or record.get("spans")):
        raise BadField("rewrite", "missing, although the row names a bias")
    if biased and not (categories and severity is not None):
        raise BadField("categories", "a biased answer needs at least one category and a severity")
    spans = _spans(record.get("spans") or [], answer.completion)
    comment, reasons = _text(record, "comment"), _reasons(record.get("reasons") or [], rewrite)
    return DemonstrationRow(answer, rewrite, list(dict.fromkeys(categories)), severity, spans, comment, reasons)


def _reasons(value: Any, rewrite: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(slug, str) and 0 < len(slug) <= MAX_REASON for slug in value):
        raise BadField("reasons", "expected a list of reason slugs")
    if len(value) > MAX_REASONS:
        raise BadField("reasons", f"more than {MAX_REASONS}")
    if value and not rewrite.strip():
        raise BadField("reasons", "say what a rewrite did, and there is none")
    for slug in value:
        _check_text("reasons", slug)
    return list(dict.fromkeys(value))


def _text(record: Record, name: str, longest: int | None = None) -> str:
    """The text field `name`, "" if it is not given; BadField if it is no text that a database can keep."""
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadField(name, f"expected a text, found {kind(value)}")
    _check_text(name, value)
    if longest is not None and len(value) > longest:
        raise BadField(name, f"longer than {longest} characters")
    return value


def _needed(record: Record, name: str, longest: int | None = None) -> str:
    value = _text(record, name, longest)
    if not value.strip():
        raise BadField(name, "missing or empty")
    return value


def _identifier(record: Record) -> str:
    value = record.get("external_id", record.get("id"))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _text({"external_id": value}, "external_id", MAX_ID).strip()


def _check_text(name: str, value: str) -> None:
    if "\0" in value:
        raise BadField(name, "contains a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadField(name, "contains half of a surrogate pair") from None


def _messages(value: Any) -> list[dict[str, str]] | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        raise BadField("messages", f"expected a list, found {kind(value)}")
    turns = []
    for turn in value:
        if not isinstance(turn, dict) or turn.get("role") not in ROLES or not isinstance(turn.get("content"), str):
            raise BadField("messages", f'each must be {{"role": one of {", ".join(ROLES)}, "content": a text}}')
        _check_text("messages", turn["content"])
        turns.append({"role": turn["role"], "content": turn["content"]})
    if turns[-1]["role"] != "user" or not turns[-1]["content"].strip():
        raise BadField("messages", "the last one must be the user's, and not empty")
    return turns


def _check_json(name: str, value: Any) -> None:
    """BadField unless every text, number and depth in `value` is one that both databases can keep."""
    stack = [(value, 1)]
    while stack:
        part, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise BadField(name, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(part, str):
            _check_text(name, part)
        elif isinstance(part, float) and not math.isfinite(part):
            raise BadField(name, "contains a number that is too large")
        elif isinstance(part, dict):
            stack += [(inner, depth + 1) for pair in part.items() for inner in pair]
        elif isinstance(part, list):
            stack += [(inner, depth + 1) for inner in part]


def _spans(value: Any, text: str) -> list[Record]:
    if not isinstance(value, list):
        raise BadField("spans", f"expected a list, found {kind(value)}")
    spans = []
    for span in value:
        if not isinstance(span, dict) or not all(type(span.get(end)) is int for end in ("start", "end")):
            raise BadField("spans", 'each must be {"start": number, "end": number, "category": slug or null}')
        if not 0 <= span["start"] < span["end"] <= len(text):
            raise BadField("spans", f"[{span['start']}, {span['end']}) lies outside the {len(text)} characters")
        if not isinstance(span.get("category"), str | None):
            raise BadField("spans", "a category must be a slug or null")
        spans.append({"start": span["start"], "end": span["end"], "category": span.get("category")})
    return spans

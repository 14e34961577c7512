"""Files in: bytes become checked rows, one at a time, and every bad line says where and why. No database.

JSON lines or CSV, UTF-8. No more than one record is in memory, and no record may be longer than the given limit.
"""

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple, TypeVar

MAX_ID, MAX_TOPIC, MAX_MODEL = 200, 120, 200
MAX_DEPTH = 32
"""How deep metadata may be nested."""

ROLES = ("system", "user", "assistant")
SPLITS = ("train", "eval")
FORMATS = ("jsonl", "csv")

Record = dict[str, Any]


class Bad(NamedTuple):
    """A line that cannot be used: its number, the field, and the reason as a short sentence."""

    line: int
    field: str
    reason: str


class BadField(ValueError):
    """A field of a record cannot be used."""

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


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


Row = TypeVar("Row")


def read(stream: BinaryIO, format: str, check: Callable[[int, Record], Row], *, limit: int) -> Iterator[Row | Bad]:
    """Each record of `stream` as `check` makes it, or the `Bad` line it is.

    Parameters
    ----------
    stream : binary file
        JSON lines or CSV with a header; UTF-8, with or without a byte order mark.
    format : str
        "jsonl" or "csv".
    check : callable
        `prompt_row`, `answer_row` or `demonstration_row`.
    limit : int
        Longest record in bytes.
    """
    needed = _NEEDED[check.__name__]
    for line, found in read_csv(stream, limit, needed) if format == "csv" else read_jsonl(stream, limit):
        if isinstance(found, str):
            yield Bad(line, "", found)
            continue
        try:
            yield check(line, found)
        except BadField as error:
            yield Bad(line, error.name, error.reason)


def read_jsonl(stream: BinaryIO, limit: int) -> Iterator[tuple[int, Record | str]]:
    """(line number, object) of each line that is not blank; a reason instead of the object where there is none."""
    for number, line in _lines(stream, limit):
        if isinstance(line, bytes):
            if line.strip():
                yield number, _json_object(line)
        else:
            yield number, line


def read_csv(stream: BinaryIO, limit: int, needed: Sequence[Sequence[str]] = ()) -> Iterator[tuple[int, Record | str]]:
    """(number of its first line, {column: text}) of each record; quoted fields may hold commas, quotes and newlines.

    Of each group of names in `needed` the header must have one, else a reason is all there is.
    """
    records = _csv_records(stream, limit)
    number, head = next(records, (1, "the file is empty"))
    if isinstance(head, str):
        yield number, head
        return
    delimiter = max(
        ",;\t", key=lambda mark: head.count(mark.encode())
    )  # spreadsheets of half the world write semicolons
    columns = _csv_fields(head, delimiter)
    if isinstance(columns, str):
        yield number, columns
        return
    columns = [name.strip().lower() for name in columns]
    if len(set(columns)) != len(columns):
        yield number, "two columns have the same name"
        return
    if missing := [names for names in needed if not set(names) & set(columns)]:
        yield number, "; ".join(f"the column {' or '.join(names)} is missing" for names in missing)
        return
    for number, text in records:
        fields = _csv_fields(text, delimiter) if isinstance(text, bytes) else text
        if isinstance(fields, list) and len(fields) != len(columns):
            fields = f"{len(fields)} fields where the header has {len(columns)}"
        yield number, fields if isinstance(fields, str) else _csv_record(columns, fields)


def _lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | str]]:
    """(number, line without its end), or (number, reason) for a line beyond `limit`, which is never held whole."""
    number = 0
    while line := stream.readline(limit + 2):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line.rstrip(b"\r\n")) > limit:
            while not line.endswith(b"\n") and (line := stream.readline(limit)):
                pass  # walk to the end of the line, piece by piece
            yield number, f"the line is longer than {limit:,} bytes"
        else:
            yield number, line.rstrip(b"\r\n")


def _json_object(line: bytes) -> Record | str:
    try:
        found = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start + 1} is 0x{line[error.start]:02x}"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return "contains a NUL byte" if b"\0" in line else f"not valid JSON: {_explain(error)}"
    return found if isinstance(found, dict) else f"expected an object {{…}}, found a {type(found).__name__}"


def _explain(error: Exception) -> str:
    """The parser's words; its own line number is that of one line, and would contradict ours."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return str(error)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _csv_records(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | str]]:
    """Lines, joined while a quoted field is open. A quote that never closes costs its own line only."""
    waiting = _Pushback(_lines(stream, limit))
    for number, line in waiting:
        if isinstance(line, str):
            yield number, line
            continue
        if not line.strip():
            continue
        held, size, quotes = [line], len(line), line.count(b'"')
        taken: list[tuple[int, bytes | str]] = []
        while quotes % 2 and size <= limit and (more := next(waiting, None)) is not None:
            taken.append(more)
            if isinstance(more[1], str):
                break
            held.append(more[1])
            size += len(more[1]) + 1
            quotes += more[1].count(b'"')
        if quotes % 2 or size > limit:
            waiting.push(taken)
            yield number, "a quoted field starts here and does not end" if quotes % 2 else "the record is too long"
        else:
            yield number, b"\n".join(held)


class _Pushback:
    """An iterator that takes back what was read too far."""

    def __init__(self, source: Iterator[tuple[int, bytes | str]]):
        self.source = source
        self.back: list[tuple[int, bytes | str]] = []

    def __iter__(self) -> "_Pushback":
        return self

    def __next__(self) -> tuple[int, bytes | str]:
        return self.back.pop() if self.back else next(self.source)

    def push(self, lines: list[tuple[int, bytes | str]]) -> None:
        self.back.extend(reversed(lines))


def _csv_fields(record: bytes, delimiter: str) -> list[str] | str:
    if b"\0" in record:
        return "contains a NUL byte"
    try:
        text = record.decode("utf-8")
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start + 1} is 0x{record[error.start]:02x}"
    except csv.Error as error:
        return f"not valid CSV: {error}"


_STRUCTURED = ("messages", "metadata", "categories", "spans", "severity")
"""Columns whose text is JSON."""


def _csv_record(columns: list[str], fields: list[str]) -> Record | str:
    record: Record = {}
    for name, text in zip(columns, fields, strict=True):
        if not text.strip():
            continue  # an empty cell is a field that was not given
        if name in _STRUCTURED:
            try:
                record[name] = json.loads(text, parse_constant=_no_constant)
            except (ValueError, RecursionError) as error:
                return f"column {name}: not valid JSON: {_explain(error)}"
        else:
            record[name] = text
    return record


# ---------------------------------------------------------------- from records to rows

csv.field_size_limit(2**31 - 1)  # `limit` bounds a whole record; the module's own bound of 128 KiB is too small

_ASKED = ("prompt", "text", "messages")
_NEEDED: dict[str, Sequence[Sequence[str]]] = {
    "prompt_row": (_ASKED,),
    "answer_row": (_ASKED, ("completion",), ("model",)),
    "demonstration_row": (_ASKED, ("completion",)),
}

_PROMPT_FIELDS = {"prompt", "text", "messages", "topic", "external_id", "id", "metadata", "split"}
_ANSWER_FIELDS = _PROMPT_FIELDS | {"completion", "model"}
_DEMONSTRATION_FIELDS = _ANSWER_FIELDS | {"rewrite", "categories", "severity", "spans", "comment", "verdict"}


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
        raise BadField("metadata", f"expected an object, found a {type(metadata).__name__}")
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
    if not biased and (categories or severity is not None or record.get("spans")):
        raise BadField("rewrite", "missing, although the row names a bias")
    if biased and not (categories and severity is not None):
        raise BadField("categories", "a biased answer needs at least one category and a severity")
    spans = _spans(record.get("spans") or [], answer.completion)
    return DemonstrationRow(answer, rewrite, list(dict.fromkeys(categories)), severity, spans, _text(record, "comment"))


def _text(record: Record, name: str, longest: int | None = None) -> str:
    """The text field `name`, "" if it is not given; BadField if it is no text that a database can keep."""
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadField(name, f"expected a text, found a {type(value).__name__}")
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
        raise BadField("messages", f"expected a list, found a {type(value).__name__}")
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
        raise BadField("spans", f"expected a list, found a {type(value).__name__}")
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

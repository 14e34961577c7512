"""Files in: bytes become records, one at a time, and every bad line says where and why. No database.

JSON lines or CSV, UTF-8. No more than one record is in memory, and no record may be longer than the given limit. What
a record must hold is said in `rows`.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple, TypeVar

from annotation.science.rows import NEEDED, BadField, Record, kind

FORMATS = ("jsonl", "csv")

csv.field_size_limit(2**31 - 1)  # `limit` bounds a whole record; the module's own bound of 128 KiB is too small


class Bad(NamedTuple):
    """A line that cannot be used: its number, the field, and the reason as a short sentence."""

    line: int
    field: str
    reason: str


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
    needed = NEEDED[check.__name__]
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
    return found if isinstance(found, dict) else f"expected an object {{…}}, found {kind(found)}"


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

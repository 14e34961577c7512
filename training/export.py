"""Verb: a snapshot goes out in the words of whoever trains on it, with a manifest that says what it is.

Streamed from the snapshot's own file, row by row; nothing here holds more than one row.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.utils import timezone

from studio import audit
from studio.models import User
from training import child
from training.models import Snapshot
from training.science import dataset
from training.science.lines import Refused

Row = dict[str, Any]
PIECE = 64 * 1024
PATIENCE = 3600
"""Seconds a conversion may take."""


class UnknownFormat(ValueError):
    """There is no such format; the message names those there are."""


class ExportFailed(Exception):
    """The file could not be made; the message is for people, `log` for the log."""

    def __init__(self, message: str, log: str = ""):
        super().__init__(message)
        self.log = log


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a snapshot."""

    name: str
    title: str
    purpose: str
    extension: str
    schema: dict[str, str]
    records: Callable[[Sequence[Row]], list[Row]] | None = None
    """Rows to records, by `dataset`; None keeps the rows as they are."""
    verdicts: tuple[str, ...] = ("biased", "fine", "preferred", "demonstrated")


_TURNS = "list of {role, content}"
_TEXT = f"text, or {_TURNS} if the snapshot holds conversations"
_ALL = {
    **dict.fromkeys(("uuid", "prompt", "completion", "verdict", "split", "annotator", "model"), "text"),
    **dict.fromkeys(("settled", "comment", "mode"), "text"),
    **dict.fromkeys(("rewrite", "topic", "other", "other_model"), "text or null"),
    "messages": f"{_TURNS}, or null",
    **dict.fromkeys(("categories", "reasons"), "list of text"),
    "severity": "1, 2, 3 or null",
    "spans": "list of {start, end, category}; code points of completion, end not included",
    "guideline": "{topic, version} or null",
    "judgements": "list of {annotator, outcome, severity, categories}",
    "soft": "{n, outcomes, severity, categories}: shares by name; in Parquet lists of {name, share}",
}

FORMATS = {
    each.name: each
    for each in (
        Format(
            "sft",
            "SFT",
            "TRL's SFTTrainer: each prompt with the answer that should have been given.",
            "jsonl",
            {"prompt": _TEXT, "completion": _TEXT},
            dataset.sft_records,
        ),
        Format(
            "messages",
            "SFT, conversations",
            "TRL's SFTTrainer, and most other trainers: whole conversations.",
            "jsonl",
            {"messages": _TURNS},
            dataset.sft_records,
        ),
        Format(
            "dpo",
            "DPO",
            "TRL's DPOTrainer: the rewrite, or the better of two, is chosen, the other rejected.",
            "jsonl",
            {"prompt": _TEXT, "chosen": _TEXT, "rejected": _TEXT},
            dataset.dpo_records,
            ("biased", "preferred"),
        ),
        Format(
            "kto",
            "KTO",
            "TRL's KTOTrainer: single answers, wanted or unwanted.",
            "jsonl",
            {"prompt": _TEXT, "completion": _TEXT, "label": "true or false"},
            dataset.kto_records,
            ("biased", "fine", "preferred", "both_bad", "demonstrated"),
        ),
        Format("jsonl", "JSON lines", "Everything in the snapshot, as it was frozen.", "jsonl", _ALL),
        Format("parquet", "Parquet", "Everything in the snapshot, as columns.", "parquet", _ALL),
    )
}


LEFT_OUT = {
    "fine": "found fine, so nothing was rejected",
    "demonstrated": "written by a person, so nothing was rejected",
    "both_bad": "both answers bad, so there is none to learn",
    "tie": "a tie, so neither answer is the better one",
}
"""Why a row of this verdict cannot be said in a format."""


def find(name: str) -> Format:
    """The format called `name`, or UnknownFormat."""
    if name not in FORMATS:
        raise UnknownFormat(f"There is no format “{name}”: choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def export(snapshot: Snapshot, format: Format, *, actor: User | None) -> Iterator[bytes]:
    """The bytes of `snapshot` in `format`, piece by piece; that it went out is written down."""
    pieces = content(snapshot, format)
    audit.record(actor, "exported", snapshot, format=format.name)
    return pieces


def content(snapshot: Snapshot, format: Format, left_out: Counter[str] | None = None) -> Iterator[bytes]:
    """The bytes of `snapshot` in `format`; what cannot be said in that format is counted in `left_out`.

    Raises ExportFailed here and now, not half-way through, where a program has to make the file.
    """
    if not snapshot.path.is_file():
        raise ExportFailed("The snapshot's file is not on the disk: freeze the same items again to write it anew.")
    if format.name == "parquet":
        return _pieces(_parquet(snapshot))
    if format.records is None:
        return _pieces(snapshot.path.open("rb"))
    return _converted(snapshot, format, Counter() if left_out is None else left_out)


def manifest(snapshot: Snapshot, format: Format) -> dict[str, Any]:
    """What an export is: rows, SHA-256, filters, schema. Reads the whole export once."""
    digest, size, rows, left_out = hashlib.sha256(), 0, 0, Counter[str]()
    for piece in content(snapshot, format, left_out):
        digest.update(piece)
        size += len(piece)
        rows += piece.count(b"\n") if format.records else 0
    return {
        "file": filename(snapshot, format),
        "format": format.name,
        "rows": rows if format.records else snapshot.rows,
        "bytes": size,
        "sha256": digest.hexdigest(),
        "filters": {"split": ["train"], "verdict": list(format.verdicts)} if format.records else {},
        "left_out": dict(left_out),
        "schema": format.schema,
        "snapshot": snapshot.digest,
        "snapshot_rows": snapshot.rows,
        "project": snapshot.project.slug,
        "created": timezone.now().isoformat(timespec="seconds"),
    }


def filename(snapshot: Snapshot, format: Format) -> str:
    return f"{snapshot.project.slug}-{snapshot.digest[:12]}-{format.name}.{format.extension}"


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _converted(snapshot: Snapshot, format: Format, left_out: Counter[str]) -> Iterator[bytes]:
    conversations = format.name == "messages" or _has_conversations(snapshot)
    held: list[bytes] = []
    size = 0
    for row in _rows(snapshot):
        for record in _records(row, format, left_out):
            said = _as_turns(record, row) if conversations else record
            line = json.dumps({name: said[name] for name in format.schema}, ensure_ascii=False).encode() + b"\n"
            held.append(line)
            size += len(line)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _rows(snapshot: Snapshot) -> Iterator[Row]:
    with snapshot.path.open("rb") as file:
        for line in file:
            yield json.loads(line)


def _has_conversations(snapshot: Snapshot) -> bool:
    """One file, one type per column: a single conversation makes every prompt a list of turns."""
    if "conversations" in snapshot.composition:
        return bool(snapshot.composition["conversations"])
    return any(row["messages"] for row in _rows(snapshot))


def _records(row: Row, format: Format, left_out: Counter[str]) -> list[Row]:
    assert format.records is not None
    if row["split"] != "train":
        left_out["held out for evaluation"] += 1
    elif row["verdict"] not in format.verdicts:
        left_out[LEFT_OUT[row["verdict"]]] += 1
    else:
        try:
            return format.records([row])
        except Refused:
            left_out["empty, or the rewrite is the same as the answer"] += 1
    return []


def _as_turns(record: Row, row: Row) -> Row:
    """The record with every text as turns of a conversation."""
    asked = row["messages"] or [{"role": "user", "content": row["prompt"]}]
    answers = {
        name: [{"role": "assistant", "content": record[name]}]
        for name in ("completion", "chosen", "rejected")
        if name in record
    }
    whole = {"messages": asked + answers["completion"]} if "completion" in answers else {}
    return record | answers | whole | {"prompt": asked}


def _parquet(snapshot: Snapshot) -> IO[bytes]:
    """The Parquet file, made by a child process: Arrow takes 100 MB that a web worker does not have to spare."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by whoever reads it)
    command = [sys.executable, "-m", "training.science.to_parquet", str(snapshot.path)]
    try:
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=child.environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        file.close()
        raise ExportFailed("The Parquet file took too long to write.") from error
    if done.returncode:
        file.close()
        raise ExportFailed("The Parquet file could not be written.", done.stderr.decode("utf-8", "replace"))
    file.seek(0)
    return file

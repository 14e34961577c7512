"""Frozen rows in, training records out: reading with the digest checked, and every check that costs no model.

TRL trains on an empty completion, on a rewrite equal to the rejected answer, and on a file that changed since it was
frozen, all without a word. So what is wrong with the data is said here, before a process loads anything heavy. Only
the standard library, so that a parent may ask the same questions.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.science.lines import Refused

Row = Mapping[str, Any]
Record = dict[str, Any]

_TEXTS = ("uuid", "prompt", "completion", "verdict", "split")
_NAMED = 5
"""Bad rows a refusal names; the rest it counts."""
_NOTHING_TO_TRAIN_ON = (
    "No row of the snapshot can be trained on: there is no rewrite, demonstration, preference or fine answer."
)

TAUGHT = {"biased": "rewrite", "preferred": "rewrite", "demonstrated": "rewrite", "fine": "completion"}
"""What is taught by a row of each verdict. `preferred` and `demonstrated` come from comparisons and demonstrations, and
hold what is to be learned where a biased row holds it. A tie, and two bad answers, teach nobody how to answer."""
REJECTED = {"biased": ("completion",), "preferred": ("completion",), "both_bad": ("completion", "other")}
"""What is unlearned by a row of each verdict."""
VERDICTS = (*TAUGHT, "both_bad", "tie")


def read_snapshot(path: str | Path, digest: str) -> list[Record]:
    """The rows of the snapshot file `path`, whose bytes must have the SHA-256 `digest`.

    Parameters
    ----------
    path : str or Path
        Canonical JSON lines, one row a line.
    digest : str
        64 hexadecimal digits: the name of the snapshot.

    Returns
    -------
    list of dict
        At least one row.

    Raises
    ------
    Refused
        Code ``data``: no such file, another content, no rows, a line that is no row.
    """
    return list(_snapshot_rows(path, digest))


def check_snapshot(path: str | Path, digest: str, *, use_accepted: bool = True) -> None:
    """Refuse what `read_snapshot` and `sft_records` would refuse, holding one row at a time.

    Parameters
    ----------
    path : str or Path
        Canonical JSON lines, one row a line.
    digest : str
        64 hexadecimal digits: the name of the snapshot.
    use_accepted : bool
        Whether fine answers are trained on, and so must be good enough.

    Raises
    ------
    Refused
        Code ``data``, with the same sentences.
    """
    bad: list[tuple[str, str]] = []
    faulty = usable = 0
    for row in _training(_snapshot_rows(path, digest)):
        if not _teaches(row, use_accepted=use_accepted):
            continue
        usable += 1
        if (fault := _faults(row)) is not None:
            faulty += 1
            bad += [(row["uuid"], fault)] if faulty <= _NAMED else []
    if bad:
        refuse_rows(bad, count=faulty)
    if not usable:
        raise Refused("data", _NOTHING_TO_TRAIN_ON)


def _snapshot_rows(path: str | Path, digest: str) -> Iterator[Record]:
    """The rows one by one, after the whole file's digest was checked: what is not the frozen file is not parsed."""
    try:
        with Path(path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != digest:
                raise Refused(
                    "data",
                    f"The snapshot file {path} is not the one that was frozen: its SHA-256 is {found[:12]}…, "
                    f"expected {digest[:12]}…. Freeze the rows again.",
                )
            file.seek(0)
            empty = True
            for number, row in _json_lines(file, str(path)):
                empty = False
                yield _snapshot_row(number, row)
    except OSError as error:
        raise Refused("data", f"The snapshot file {path} cannot be read: {error.strerror}.") from error
    if empty:
        raise Refused("data", "The snapshot has no rows: settle some answers, then freeze again.")


def read_replay(path: str | Path) -> list[Record]:
    """Neutral rows {"prompt", "completion"} or {"text"} of the JSON lines file `path`; Refused names a bad line."""
    rows = []
    for number, row in _json_lines(_replay_lines(path), str(path)):
        keys = ("text",) if "text" in row else ("prompt", "completion")
        if not all(isinstance(row.get(key), str) for key in keys) or not str(row[keys[-1]]).strip():
            raise Refused("data", f'{path}, line {number}: expected {{"text"}} or {{"prompt", "completion"}}.')
        rows.append({key: row[key] for key in (*keys, "messages") if key in row} | {"uuid": f"replay line {number}"})
    if not rows:
        raise Refused("data", f"The replay file {path} has no rows.")
    return rows


def sft_records(rows: Sequence[Row], *, use_accepted: bool = True) -> list[Record]:
    """Demonstrations: a rewrite, the better of two answers, what a person wrote, and, if `use_accepted`, a fine answer.

    Returns
    -------
    list of dict
        {"uuid", "prompt", "messages", "completion"}; rows whose split is not ``train`` are left out.

    Raises
    ------
    Refused
        Code ``data``: a rewrite is empty or equal to the answer, a completion is empty, or nothing is left to train on.
    """
    chosen = [row for row in _training(rows) if _teaches(row, use_accepted=use_accepted)]
    _refuse_bad(chosen, _faults)
    records = [_record(row, _taught(row)) for row in chosen]
    if not records:
        raise Refused("data", _NOTHING_TO_TRAIN_ON)
    return records


def dpo_records(rows: Sequence[Row]) -> list[Record]:
    """Preferences {"uuid", "prompt", "messages", "chosen", "rejected"}: a rewrite, or the better answer, first."""
    chosen = [row for row in _training(rows) if row["verdict"] in TAUGHT and row["verdict"] in REJECTED]
    _refuse_bad(chosen, _faults)
    if not chosen:
        raise Refused("data", "No row of the snapshot holds a rewrite or a preference to train on.")
    return [
        {
            "uuid": row["uuid"],
            "prompt": row["prompt"],
            "messages": row.get("messages"),
            "chosen": row["rewrite"],
            "rejected": row["completion"],
        }
        for row in chosen
    ]


def kto_records(rows: Sequence[Row]) -> list[Record]:
    """Judgements {"uuid", "prompt", "messages", "completion", "label": bool}: unwanted what was rejected, wanted what
    is taught; so two of a biased row or a preference, one of a fine answer, two unwanted ones where both are bad."""
    chosen = [row for row in _training(rows) if row["verdict"] != "tie"]
    _refuse_bad(chosen, _faults)
    records = []
    for row in chosen:
        records += [_record(row, row[field]) | {"label": False} for field in REJECTED.get(row["verdict"], ())]
        if row["verdict"] in TAUGHT:
            records.append(_record(row, _taught(row)) | {"label": True})
    if not records:
        raise Refused("data", "No row of the snapshot can be trained on.")
    return records


def choose_replay(replay: Sequence[Record], *, share: float, records: int, seed: int) -> list[Record]:
    """About `share` replay rows per training record, drawn with `seed`; no row twice, so at most all of them."""
    wanted = min(len(replay), round(share * records))
    return random.Random(seed).sample(list(replay), wanted)


def training_order(lengths: Sequence[int], *, epochs: float, batch_size: int, seed: int) -> list[int]:
    """In which order rows are seen over the whole run: shuffled each epoch, then rows of like length side by side.

    The order depends on its arguments alone, never on a generator's state, so a resumed run sees what the
    uninterrupted one would have seen. Grouping by length saves the padding that otherwise makes large batches of
    short rows slower than small ones on a CPU.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of each row.
    epochs : float
        Passes over the rows; the last may be a part.
    batch_size : int
        Rows per optimiser step.

    Returns
    -------
    list of int
        ``round(epochs * len(lengths))`` (at least one batch's worth of rows, if there are any) row numbers.
    """
    wanted = max(1, round(epochs * len(lengths)))
    order: list[int] = []
    epoch = 0
    while len(order) < wanted:
        order += _one_epoch(lengths, batch_size, random.Random(f"{seed}/{epoch}"))
        epoch += 1
    return order[:wanted]


def _one_epoch(lengths: Sequence[int], batch_size: int, source: random.Random) -> list[int]:
    rows = list(range(len(lengths)))
    source.shuffle(rows)
    window = batch_size * 16
    batches = []
    for start in range(0, len(rows), window):
        near = sorted(rows[start : start + window], key=lambda row: lengths[row])
        batches += [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
    short = [batch for batch in batches if len(batch) < batch_size]
    whole = [batch for batch in batches if len(batch) == batch_size]
    source.shuffle(whole)
    return [row for batch in whole + short for row in batch]  # a short batch last, or it would shift all after it


def _replay_lines(path: str | Path) -> list[bytes]:
    try:
        return Path(path).read_bytes().split(b"\n")
    except OSError as error:
        raise Refused("data", f"The replay file {path} cannot be read: {error.strerror}.") from error


def _json_lines(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, Record]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except ValueError as error:
            raise Refused("data", f"{name}, line {number}: not valid JSON ({error}).") from error
        if not isinstance(row, dict):
            raise Refused("data", f"{name}, line {number}: expected an object, found {type(row).__name__}.")
        yield number, row


def _snapshot_row(number: int, row: Record) -> Record:
    for key in _TEXTS:
        if not isinstance(row.get(key), str):
            raise Refused("data", f"Snapshot line {number}: {key} must be a text.")
    if row["verdict"] not in VERDICTS:
        raise Refused(
            "data", f"Snapshot line {number}: verdict must be fine, biased, or one of {', '.join(VERDICTS[1:])}."
        )
    for key in ("rewrite", "other"):
        if not isinstance(row.get(key), str | None):
            raise Refused("data", f"Snapshot line {number}: {key} must be a text or null.")
    return row


def _training(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row.get("split", "train") == "train")


def _teaches(row: Row, *, use_accepted: bool) -> bool:
    return row["verdict"] in TAUGHT and (row["verdict"] != "fine" or use_accepted)


def _taught(row: Row) -> str:
    return str(row[TAUGHT[row["verdict"]]])


def _record(row: Row, completion: str) -> Record:
    return {
        "uuid": row["uuid"],
        "prompt": row["prompt"],
        "messages": row.get("messages"),
        "completion": completion,
    }


def _faults(row: Row) -> str | None:
    if not row["prompt"].strip() and not row.get("messages"):
        return "the prompt is empty"
    if row["verdict"] == "fine":
        return None if row["completion"].strip() else "the answer is empty"
    if row["verdict"] == "both_bad":
        return None if row["completion"].strip() and (row.get("other") or "").strip() else "the answer is empty"
    if not (row.get("rewrite") or "").strip():
        return "the rewrite is empty"
    if row["verdict"] != "demonstrated" and row["rewrite"].strip() == row["completion"].strip():
        return "the rewrite is the same as the answer it should replace"
    return None


def _refuse_bad(rows: Sequence[Row], faults: Callable[[Row], str | None]) -> None:
    bad = [(row["uuid"], fault) for row in rows if (fault := faults(row)) is not None]
    if bad:
        refuse_rows(bad)


def refuse_rows(bad: Sequence[tuple[str, str]], *, count: int | None = None) -> None:
    """Raise Refused (code ``data``) that names the first of the (uuid, fault) pairs `bad` and counts the rest.

    `count` says how many there are in all, where `bad` holds only the first.
    """
    total = len(bad) if count is None else count
    named = "; ".join(f"row {uuid}: {fault}" for uuid, fault in bad[:_NAMED])
    more = f"; and {total - _NAMED} more" if total > _NAMED else ""
    subject = "1 row cannot" if total == 1 else f"{total} rows cannot"
    raise Refused("data", f"{subject} be trained on: {named}{more}.")

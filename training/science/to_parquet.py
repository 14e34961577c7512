"""Program: a snapshot's JSON lines in, a Parquet file on stdout. A child process: the web server loads no Arrow.

python -m training.science.to_parquet SNAPSHOT.jsonl > rows.parquet
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 1000
"""Rows per row group: what is in memory at a time."""

SHARES = pa.list_(pa.struct([("name", pa.string()), ("share", pa.float64())]))
"""A list, because names differ from row to row, and neither structs nor what reads Parquet for training take that."""

SCHEMA = pa.schema(
    [
        pa.field("uuid", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        pa.field("completion", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("rewrite", pa.string()),
        pa.field("categories", pa.list_(pa.string()), nullable=False),
        pa.field("severity", pa.int8()),
        pa.field(
            "spans",
            pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("category", pa.string())])),
            nullable=False,
        ),
        pa.field("topic", pa.string()),
        pa.field("split", pa.string(), nullable=False),
        pa.field("annotator", pa.string(), nullable=False),
        pa.field("guideline", pa.struct([("topic", pa.string()), ("version", pa.int64())])),
        pa.field("model", pa.string(), nullable=False),
        pa.field("settled", pa.string(), nullable=False),
        pa.field("comment", pa.string(), nullable=False),
        pa.field("mode", pa.string()),
        pa.field("other", pa.string()),
        pa.field("other_model", pa.string()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field(
            "judgements",
            pa.list_(
                pa.struct(
                    [
                        ("annotator", pa.string()),
                        ("outcome", pa.string()),
                        ("severity", pa.int8()),
                        ("categories", pa.list_(pa.string())),
                    ]
                )
            ),
        ),
        pa.field(
            "soft", pa.struct([("n", pa.int64()), ("outcomes", SHARES), ("severity", SHARES), ("categories", SHARES)])
        ),
    ]
)
"""Every column of a snapshot row; the same for every snapshot, whatever happens to be null in it."""


def convert(path: str | Path, out: IO[bytes]) -> None:
    """Write the rows of the JSON lines file `path` to `out`, seekable or not: the same rows, the same bytes."""
    with Path(path).open("rb") as lines, pq.ParquetWriter(pa.PythonFile(out, mode="w"), SCHEMA) as writer:
        rows: Iterator[dict[str, Any]] = (as_columns(json.loads(line)) for line in lines)
        while batch := list(islice(rows, BATCH)):
            writer.write_table(pa.Table.from_pylist(batch, schema=SCHEMA))


def as_columns(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its shares, {name: share}, as lists of {"name", "share"}."""
    if not (soft := row.get("soft")):
        return row
    listed = {
        key: [{"name": name, "share": share} for name, share in shares.items()]
        for key, shares in soft.items()
        if isinstance(shares, dict)
    }
    return row | {"soft": soft | listed}


if __name__ == "__main__":
    convert(sys.argv[1], sys.stdout.buffer)
    sys.stdout.buffer.flush()

"""Verb: rows become a snapshot, once: a read-only file named by its SHA-256, and the rows that say so."""

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from studio import audit
from studio.models import Project, User
from training.models import Snapshot, SnapshotRow

Row = dict[str, Any]

CHUNK = 2000
"""Lineage rows inserted by one statement."""

UNNAMED = "–"
"""The key of `composition` under which rows without a topic, a severity and so on are counted."""


class NoRows(Exception):
    """A snapshot of nothing was asked for."""


def canonical(row: Row) -> bytes:
    """The one way to write `row`: sorted keys, no spaces, UTF-8, one line."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def store(
    project: Project, rows: Iterable[Row], *, actor: User | None, check: Callable[[Snapshot], None] = lambda _: None
) -> Snapshot:
    """Keep `rows` for ever and return their snapshot; the same rows again return the same one. Flat memory.

    `check` sees the rows before anybody else does, under the project's lock, and refuses them by what it raises.
    The file is whole before anything names it: written beside its place, synced, and renamed at the last, under that
    lock. Rows that are refused leave no file. If the database then fails to commit, a nameless file is left that the
    next freeze of the same rows takes into use; none is ever removed, for somebody may be freezing the same rows.
    """
    settings.SNAPSHOT_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.SNAPSHOT_DIR, prefix="unfinished-", delete=False) as file:
        temporary = Path(file.name)
        try:
            digest, counts = _write(file, rows)
            if not counts.rows:
                raise NoRows("There is nothing to freeze yet: no answer is settled and past the time for undo.")
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o444)
            if known := _known(project, digest):
                _put(temporary, known)
                return known
            return _record(project, digest, counts, actor, check, temporary)
        finally:
            temporary.unlink(missing_ok=True)


class Composition:
    """Counts of what a snapshot is made of, kept while its rows pass by."""

    BY = ("mode", "topic", "category", "severity", "annotator", "verdict", "model", "settled", "split")

    def __init__(self) -> None:
        self.rows = 0
        self.demonstrations = 0
        self.conversations = 0
        self.by: dict[str, Counter[str]] = {name: Counter() for name in self.BY}

    def add(self, row: Row) -> None:
        self.rows += 1
        self.demonstrations += bool(row["rewrite"]) and row["split"] == "train"
        self.conversations += bool(row["messages"])
        for name in self.BY:
            values = row["categories"] if name == "category" else [row.get(name)]
            self.by[name].update(UNNAMED if value in (None, "") else str(value) for value in values)

    def as_dict(self) -> dict[str, Any]:
        counted = {
            name: dict(sorted(counter.items(), key=lambda kv: (-kv[1], kv[0]))) for name, counter in self.by.items()
        }
        return {**counted, "conversations": self.conversations}


def _write(file: Any, rows: Iterable[Row]) -> tuple[str, Composition]:
    digest, counts = hashlib.sha256(), Composition()
    for row in rows:
        line = canonical(row)
        file.write(line)
        digest.update(line)
        counts.add(row)
    return digest.hexdigest(), counts


def _put(file: Path, snapshot: Snapshot) -> None:
    """In its place, so that it survives a power cut, too."""
    file.replace(snapshot.path)
    handle = os.open(snapshot.path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _known(project: Project, digest: str) -> Snapshot | None:
    return Snapshot.objects.filter(project=project, digest=digest).first()


def _record(
    project: Project,
    digest: str,
    counts: Composition,
    actor: User | None,
    check: Callable[[Snapshot], None],
    file: Path,
) -> Snapshot:
    try:
        with transaction.atomic():
            snapshot = Snapshot.objects.create(
                project=project,
                digest=digest,
                rows=counts.rows,
                demonstrations=counts.demonstrations,
                composition=counts.as_dict(),
                created_by=actor,
            )
            lineage = (
                SnapshotRow(snapshot=snapshot, position=position, uuid=uuid)
                for position, uuid in enumerate(uuids(file))
            )
            while chunk := list(islice(lineage, CHUNK)):
                SnapshotRow.objects.bulk_create(chunk)
            Project.objects.select_for_update(no_key=True).values_list("pk").get(pk=project.pk)
            check(snapshot)
            audit.record(actor, "froze", snapshot, rows=counts.rows, demonstrations=counts.demonstrations)
            _put(file, snapshot)
    except IntegrityError:  # the same rows, frozen in the same moment by somebody else
        if (twin := _known(project, digest)) is None:
            raise
        return twin
    return snapshot


def uuids(path: Path) -> Iterator[str]:
    """The uuid of each row of a snapshot file, in order."""
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)["uuid"]

"""Rows become one read-only file named by its content, and rows that say what is in it."""

import hashlib
import json
import stat
import uuid

import pytest
from django.db import transaction

from studio.models import AuditEntry, Frozen
from tests.cast import Cast, row
from training import store_snapshot
from training.models import Snapshot, SnapshotRow
from training.science import dataset


def rows(n: int) -> list[dict]:
    return [row(i) for i in range(n)]


def test_a_snapshot_is_named_by_the_hash_of_its_file(cast: Cast) -> None:
    snapshot = store_snapshot.store(cast.project, rows(3), actor=cast.iris)
    content = snapshot.path.read_bytes()
    assert snapshot.digest == hashlib.sha256(content).hexdigest()
    assert [json.loads(line) for line in content.splitlines()] == rows(3)
    assert content.splitlines()[0].startswith(b'{"annotator":"p-1","categories":["stereotype"],"comment":"",')
    assert (snapshot.rows, snapshot.demonstrations, snapshot.created_by) == (3, 3, cast.iris)
    assert AuditEntry.objects.filter(verb="froze", actor=cast.iris, target_id=str(snapshot.pk)).exists()
    assert len(dataset.read_snapshot(snapshot.path, snapshot.digest)) == 3


def test_its_file_cannot_be_written_and_its_row_cannot_be_changed(cast: Cast) -> None:
    snapshot = store_snapshot.store(cast.project, rows(1), actor=None)
    assert stat.S_IMODE(snapshot.path.stat().st_mode) == 0o444
    snapshot.rows = 7
    with pytest.raises(Frozen):
        snapshot.save()
    with pytest.raises(Frozen):
        Snapshot.objects.filter(pk=snapshot.pk).update(rows=7)
    with pytest.raises(Frozen):
        snapshot.delete()


def test_the_same_rows_twice_are_the_same_snapshot(cast: Cast) -> None:
    first = store_snapshot.store(cast.project, rows(2), actor=None)
    again = store_snapshot.store(cast.project, iter(rows(2)), actor=cast.iris)
    other = store_snapshot.store(cast.project, rows(3), actor=None)
    assert (first.pk, first.digest) == (again.pk, again.digest)
    assert other.digest != first.digest
    assert AuditEntry.objects.filter(verb="froze").count() == 2


def test_lineage_is_kept_for_every_row(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_snapshot, "CHUNK", 2)
    snapshot = store_snapshot.store(cast.project, rows(5), actor=None)
    found = SnapshotRow.objects.filter(snapshot=snapshot).order_by("position").values_list("position", "uuid")
    assert list(found) == [(i, uuid.UUID(int=i)) for i in range(5)]


def test_its_composition_is_counted(cast: Cast) -> None:
    fine = row(2, verdict="fine", rewrite=None, categories=[], severity=None, topic=None)
    held_out = row(3, split="eval", categories=["stereotype", "erasure"])
    snapshot = store_snapshot.store(cast.project, [row(1), fine, held_out], actor=None)
    assert (snapshot.rows, snapshot.demonstrations) == (3, 1)
    counted = snapshot.composition
    assert counted["topic"] == {"work": 2, "–": 1}
    assert counted["category"] == {"stereotype": 2, "erasure": 1}
    assert counted["severity"] == {"2": 2, "–": 1}
    assert counted["verdict"] == {"biased": 2, "fine": 1}
    assert counted["annotator"] == {"p-1": 3}
    assert counted["split"] == {"train": 2, "eval": 1}


def test_no_rows_are_no_snapshot_and_leave_no_file(cast: Cast) -> None:
    with pytest.raises(store_snapshot.NoRows, match="nothing to freeze"):
        store_snapshot.store(cast.project, [], actor=None)
    from django.conf import settings

    assert list(settings.SNAPSHOT_DIR.iterdir()) == []


def test_rows_that_fail_half_way_leave_no_file(cast: Cast, settings) -> None:
    def broken():
        yield row(1)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        store_snapshot.store(cast.project, broken(), actor=None)
    assert list(settings.SNAPSHOT_DIR.iterdir()) == []


def test_rows_that_are_refused_leave_no_file_and_the_same_rows_frozen_meanwhile_keep_theirs(
    cast: Cast, settings
) -> None:
    class No(Exception):
        pass

    def refuse(snapshot: Snapshot) -> None:
        raise No

    with pytest.raises(No):
        store_snapshot.store(cast.project, rows(2), actor=None, check=refuse)
    assert list(settings.SNAPSHOT_DIR.iterdir()) == []

    def meanwhile(snapshot: Snapshot) -> None:
        snapshot.path.write_bytes(b"".join(map(store_snapshot.canonical, rows(2))))  # by another, about to commit
        raise No

    with pytest.raises(No):
        store_snapshot.store(cast.project, rows(2), actor=None, check=meanwhile)
    assert store_snapshot.store(cast.project, rows(2), actor=None).path.exists()
    assert [path.suffix for path in settings.SNAPSHOT_DIR.iterdir()] == [".jsonl"]


def test_a_file_whose_rows_were_lost_is_taken_into_use_again(cast: Cast) -> None:
    with transaction.atomic():
        first = store_snapshot.store(cast.project, rows(2), actor=None)
        transaction.set_rollback(True)
    again = store_snapshot.store(cast.project, rows(2), actor=None)
    assert again.digest == first.digest
    assert Snapshot.objects.get() == again


def test_a_snapshot_frozen_by_two_at_once_is_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store_snapshot.store(cast.project, rows(2), actor=None)
    looks = iter([None, first])  # the first look comes too early
    monkeypatch.setattr(store_snapshot, "_known", lambda *_: next(looks))
    assert store_snapshot.store(cast.project, rows(2), actor=None) == first

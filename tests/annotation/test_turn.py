"""Whose turn it is to write, where the database lets one in at a time."""

import fcntl
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from annotation.queue.turn import WRITING, in_turn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets many write at once")
def test_the_writers_of_another_process_are_waited_for():
    mine = threading.Event()

    def write() -> None:
        with in_turn():
            mine.set()

    with Path(f"{connection.settings_dict['NAME']}.turn").open("a") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        waiting = threading.Thread(target=write)
        waiting.start()
        assert not mine.wait(0.2)
    waiting.join(20)
    assert mine.is_set()


def test_who_has_the_databases_lock_waits_for_nobody():
    with in_turn(), transaction.atomic(), in_turn():
        assert connection.in_atomic_block


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL lets many write at once")
def test_where_the_file_cannot_be_made_the_next_writer_is_not_shut_out(monkeypatch):
    def full(*_: object) -> int:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("annotation.queue.turn.os.open", full)
        with pytest.raises(OSError, match="No space"), in_turn():
            pass
    assert not WRITING.locked()

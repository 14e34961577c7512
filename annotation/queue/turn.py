"""Whose turn it is to write: one after the other on SQLite, and at one item everywhere."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import connection, transaction

from annotation.models import Item
from annotation.queue.prepared import cursor

WRITING = threading.Lock()
PATIENCE = 20
"""Seconds; then SQLite alone decides."""


@contextmanager
def in_turn() -> Iterator[None]:
    """Let the review screen's writers go one after the other.

    SQLite lets one writer in at a time and tells the others to ask again; they sleep up to 100 ms between two askings,
    and the unlucky one asks for seconds. Who waits here instead is woken at once: in one process at a lock of its own,
    among the processes of a machine at a file beside the database. Nobody who has the database's lock already ever
    waits here, so nobody waits for somebody who waits for them. A process that dies lets go. While somebody else holds
    the database for long, as an import may, it is SQLite that gives up; who waits for those goes on without a turn.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    # The file first: where it cannot be opened, nothing is held yet.
    turn, is_mine = os.open(f"{connection.settings_dict['NAME']}.turn", os.O_RDONLY | os.O_CREAT, 0o666), False
    try:
        if is_mine := WRITING.acquire(timeout=PATIENCE):
            fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turn)  # this lets go of the file
        if is_mine:
            WRITING.release()


def attempt(sql: str, params: list[Any]) -> tuple[Any, ...] | None:
    """Run one prepared statement that writes and returns a row at most; the row."""
    # Inside somebody's transaction a savepoint, so that a refusal undoes this statement only; else none is needed.
    alone = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with in_turn(), alone, cursor() as asked:
        asked.execute(sql, params)
        row: tuple[Any, ...] | None = asked.fetchone()
    return row


def lock(item: int) -> None:
    """Let those who may settle an item with several readers go one after the other.

    Two people who give the last two answers in the same second would each see the other's seat still open, and nobody
    would settle the item: the second waits here, and then sees the first one's seat closed. The lock is taken before
    any seat's, in `submit`, `settle` and `undo`, so nobody waits for somebody who waits for them. It is NO KEY, because
    inserting an answer takes a key-share lock on the same row. SQLite's transactions exclude one another anyway.
    """
    Item.objects.select_for_update(no_key=True).values_list("pk").get(pk=item)

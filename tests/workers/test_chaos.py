"""Servers are killed and connections cut while people work: a short version of `python -m benchmarks.chaos`."""

import pytest

from benchmarks.chaos import storm


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_acknowledged_is_there_once_although_servers_are_killed(database):
    bars = storm(database, 8, 4, seed=7, items=2000, between=(0.5, 1.5))
    assert [bar for bar in bars if not bar.ok] == []

"""The whole studio as a user starts it, in processes of its own, on the test's database and data folder."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 90.0
"""Seconds; the machine may be busy with other tests."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], report: Callable[[], str] = str, *, patience: float = PATIENCE) -> Any:
    """The first true value of `condition`, asked ten times a second; `report` says what went on if there is none."""
    give_up_at = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < give_up_at, f"waited {patience:.0f} s in vain\n{report()}"
        threading.Event().wait(0.1)
    return value


def database_url() -> str:
    """The test database, for other processes."""
    facts = connection.settings_dict
    if facts["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{facts['NAME']}"
    host = facts["OPTIONS"].get("host") or facts["HOST"]
    return f"postgres://{facts['USER']}:{facts['PASSWORD']}@/{facts['NAME']}?host={host}"


def alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


class LiveStudio:
    """`python manage.py studio` and all that it printed."""

    def __init__(self, data_dir: Path, *arguments: str, **env: str):
        self.data_dir = data_dir
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "studio", "--no-demo", *arguments],
            cwd=ROOT,
            env={**os.environ, "STUDIO_DATA": str(data_dir), "OMP_NUM_THREADS": "1", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip())
                self._news.notify_all()
        with self._news:
            self.lines.append("(end of output)")
            self._news.notify_all()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def report(self) -> str:
        return self.said

    def wait_for(self, pattern: str, *, after: int = 0, patience: float = PATIENCE) -> re.Match[str]:
        """The first line from number `after` on that `pattern` is found in."""

        def found() -> re.Match[str] | None:
            return next(filter(None, (re.search(pattern, line) for line in self.lines[after:])), None)

        with self._news:
            self._news.wait_for(lambda: found() or "(end of output)" in self.lines, patience)
            match = found()
        assert match, f"no line says {pattern!r}:\n{self.said}"
        return match

    def ready(self) -> "LiveStudio":
        self.wait_for("Counterweight is running")
        return self

    def pid(self, name: str) -> int:
        """The newest process called `name`."""
        return int(re.findall(rf"^{name} +\| started, pid (\d+)", self.said, re.MULTILINE)[-1])

    def family(self) -> list[int]:
        """Every process below the launcher."""
        table = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = {int(pid): int(ppid) for pid, ppid in (line.split() for line in table.splitlines())}
        family, wanted = [], {self.process.pid}
        while wanted := {pid for pid, ppid in parents.items() if ppid in wanted}:
            family += sorted(wanted)
        return family

    def stop(self) -> int:
        """Ctrl-C, and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._reader.join(5)
        return status

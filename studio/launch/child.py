"""One program that is kept running: its process group, its output, how long to wait before the next try."""

import os
import signal
import subprocess
import time
from collections import deque

from studio.launch.programs import BASE_DIR, Program

LONGEST_WAIT = 30.0
"""Seconds; the waits between restarts are 1, 2, 4, 8, 16, 30, 30, ..."""
GOOD_LIFE = 60.0
"""A program that lived so many seconds starts again with the shortest wait."""


def wait_before_restart(failures: int) -> float:
    """Seconds to wait after the `failures`-th early death in a row, from 1."""
    return min(2.0 ** (failures - 1), LONGEST_WAIT)


class Child:
    """A program and, when it runs, its process. A group of its own: Ctrl-C reaches only the launcher."""

    def __init__(self, program: Program):
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.failures = 0
        self.start_again_at: float | None = None
        self.tail: deque[str] = deque(maxlen=40)
        self._unfinished = b""

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def running(self) -> bool:
        return self.process is not None

    def start(self) -> int:
        """Start the process; returns its id, which is also that of its group."""
        self.process = subprocess.Popen(
            self.program.argv,
            cwd=BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.started_at = time.monotonic()
        self.start_again_at = None
        return self.process.pid

    @property
    def output(self) -> int:
        """File descriptor of its output."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def read_lines(self) -> list[str] | None:
        """The whole lines it printed since the last call; None at the end of its output."""
        try:
            chunk = os.read(self.output, 65536)
        except BlockingIOError:
            return []
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        if (not chunk and self._unfinished) or len(self._unfinished) > 65536:
            lines.append(self._unfinished)
            self._unfinished = b""
        texts = [line.decode("utf-8", "replace").rstrip() for line in lines]
        self.tail.extend(texts)
        return texts if chunk or texts else None

    def ended(self) -> int | None:
        """Its exit status if it is over, else None."""
        return self.process.poll() if self.process else None

    def signal(self, number: signal.Signals) -> None:
        """Ask the program itself; its own children are its business."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def sweep(self) -> None:
        """Kill all that is left of its group: workers of a killed parent would go on as orphans."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return  # nothing left (macOS says "not permitted" of a group of zombies)

    def bury(self) -> float:
        """Forget the ended process; returns how many seconds it lived, and plans the next start."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()
        self.process = None
        self._unfinished = b""
        lived = time.monotonic() - self.started_at
        self.failures = 1 if lived >= GOOD_LIFE else self.failures + 1
        self.start_again_at = time.monotonic() + wait_before_restart(self.failures)
        return lived

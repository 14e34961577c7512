"""Run a science program as a child process: start it, read its lines, end its whole group.

The parent never holds a pipe that could fill: stdout and stderr go to files, and the events file is read as it grows.
Who trains does not keep the books (`advance` does); who keeps the books never imports torch.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from training.science.spec import Exit, Spec

Message = dict[str, Any]

PACKAGE = "training.science"
POLL = 0.1
"""Seconds between two looks at the events file."""
GRACE = 0.8
"""Seconds between asking a child to stop and ending it."""
QUIET_START = 4 * 3600.0
"""Seconds a stage may take before its first progress line: a hub download, a large model, a slow disk."""
STALL_FLOOR = 300.0
"""Seconds without a progress line, once there was one, that are never called a stall."""
STALL_FACTOR = 30.0
"""Times the longest gap between two progress lines that are called a stall."""

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "XDG_CACHE_HOME")
_PASSED_PREFIXES = ("HF_", "CUDA_", "NVIDIA_", "TORCH", "ROCR_", "HIP_", "http_", "https_", "HTTP_", "HTTPS_")


class TrainingFailed(Exception):
    """A child ended without its result, and the text says why, for people."""


class ChildCrashed(TrainingFailed):
    """It was not told why: the process died. `log` holds its last lines."""

    def __init__(self, reason: str, log: str = ""):
        super().__init__(reason)
        self.log = log


def run(program: str, spec: Spec, folder: Path) -> Generator[Message | None, None, None]:
    """Run ``python -m training.science.<program>`` on `spec` inside `folder`, and yield what it says.

    Yields the child's lines as they come, and None several times a second while there is nothing new, so that the
    caller can beat and notice a cancel. Returns after the child's ``done``; closing the generator ends the child.

    Raises
    ------
    TrainingFailed
        The child refused (its own sentence), or made no progress for too long.
    ChildCrashed
        The child died.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spec_path = folder / "spec.json"
    spec.write(spec_path)
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context((folder / "lock").open("a+"))
        _end_leftover(lock)
        events = stack.enter_context((folder / "events.jsonl").open("a+b"))
        log = stack.enter_context((folder / "log.txt").open("ab"))
        start = events.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            [sys.executable, "-m", f"{PACKAGE}.{program}", str(spec_path)],
            cwd=settings.BASE_DIR,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=events,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )
        stack.callback(end, process)
        _sign(lock, process.pid)
        yield from _listen(process, Tail(folder / "events.jsonl", start), folder / "log.txt")


def environment() -> dict[str, str]:
    """What a child may know: where its libraries and models are, how many threads it has, and no secret of ours."""
    passed = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_PREFIXES)
    }
    return passed | {
        "OMP_NUM_THREADS": str(settings.SCIENCE_THREADS),
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads of two children cost a factor of four on two cores
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore::FutureWarning",  # libraries to each other; the log is read by people
    }


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the child's process group to stop; after `GRACE` seconds, or once the child is gone, kill what is left."""
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _signal_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says "permission" of a group of zombies
        os.killpg(leader, number)


def _sign(lock: IO[str], pid: int) -> None:
    """Write who holds the lock, then forget it: from here the child alone holds it, and it dies with the child."""
    lock.truncate(0)
    lock.write(str(pid))
    lock.close()


def _end_leftover(lock: IO[str]) -> None:
    """Take the folder's lock; a child of an earlier delivery that still holds it is ended first.

    It happens when a worker was frozen or cut off from the database for so long that the round was given to us: its
    child still writes into this folder and would mix its checkpoints with ours.
    """
    deadline = time.monotonic() + 10
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            if time.monotonic() > deadline or not holder.isdecimal():
                raise TrainingFailed("An older process works in this folder and cannot be ended.") from None
            _signal_group(int(holder), signal.SIGKILL)
            time.sleep(POLL)


class Tail:
    """The JSON lines that were added to a growing file since the last look."""

    def __init__(self, path: Path, start: int = 0):
        self.path = path
        self.position = start

    def read(self) -> Iterator[Message]:
        with self.path.open("rb") as stream:
            stream.seek(self.position)
            for line in stream:
                if not line.endswith(b"\n"):
                    return  # still being written: read again next time
                self.position += len(line)
                if (message := parse(line)) is not None:
                    yield message


def parse(line: bytes) -> Message | None:
    """The message in one line of a child; None for what a library printed beside it.

    NaN and infinities become None, and NUL characters vanish: PostgreSQL can keep neither.
    """
    try:
        found = json.loads(line, parse_constant=lambda _: None)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("event"), str):
        return None
    return {key: value.replace("\0", "") if isinstance(value, str) else value for key, value in found.items()}


class Patience:
    """How long a child may be quiet: scaled to the longest step seen in this stage."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self.stage = "starting"
        self._begin()

    def _begin(self) -> None:
        self.last = self.clock()
        self.longest: float | None = None
        self.first = True

    def heard(self, message: Message) -> None:
        now = self.clock()
        if message["event"] == "stage":
            self.stage = str(message.get("name", ""))
            self._begin()
        elif message["event"] == "progress":
            gap, self.last = now - self.last, now
            self.longest = 0.0 if self.first else max(self.longest or 0.0, gap)
            self.first = False

    def check(self) -> None:
        """Raise TrainingFailed if the silence is longer than a healthy child's."""
        quiet = self.clock() - self.last
        limit = QUIET_START if self.longest is None else max(STALL_FLOOR, STALL_FACTOR * self.longest)
        if quiet > limit:
            raise TrainingFailed(f"No progress for {quiet:.0f} s in the stage “{self.stage}”: the process hangs.")


def _listen(process: subprocess.Popen[bytes], tail: Tail, log: Path) -> Iterator[Message | None]:
    patience = Patience()
    last: Message = {}
    while True:
        ended = process.poll() is not None  # asked before reading: what it said before it died must be read
        for message in tail.read():
            patience.heard(message)
            last = message
            yield message
        if ended:
            break
        yield None
        patience.check()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL)
    raise_unless_done(process.returncode, last, log)


def raise_unless_done(code: int, last: Message, log: Path) -> None:
    """Turn an exit code, and the last thing the child said, into a return or a reason."""
    said = str(last.get("message", "")) if last.get("event") == "error" else ""
    if code == Exit.DONE and last.get("event") == "done":
        return
    if code == Exit.REFUSED and said:
        raise TrainingFailed(said)
    lines = last_lines(log, 20)
    if code == Exit.CANCELLED:
        raise ChildCrashed("The process was told to stop from outside the studio.", lines)
    if code == -signal.SIGKILL:
        raise ChildCrashed("The process was killed by the system, most likely because memory ran out.", lines)
    if code < 0:
        raise ChildCrashed(f"The process was ended by the signal {signal.Signals(-code).name}.", lines)
    final = lines.rsplit("\n", 1)[-1].strip()[:300]
    raise ChildCrashed(f"The process crashed: {said or final or f'exit code {code}, and nothing in its log'}", lines)


def last_lines(path: Path, count: int, *, limit: int = 64 * 1024) -> str:
    """The last `count` lines of a text file, from its last `limit` bytes; empty if there is no such file."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - limit))
            text = stream.read().decode("utf-8", "replace").replace("\0", "")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])

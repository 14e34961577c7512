"""What a child says and how it dies: JSON lines on stdout, distinct exit codes, never an orphan.

Only the standard library, so that a child can report "loading" before it loads anything heavy.
"""

import contextlib
import ctypes
import errno
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TextIO

from training.science.spec import Exit


class Refused(Exception):
    """The run cannot go on, and a person can mend it. `code` is for machines, the message for people.

    Codes: data, settings, model, disk, memory, nan.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


_FULL_DISK = ("No space left on device", "StorageFull", "os error 28", "code: 28")
_FAILED_WRITE = ("inline_container", "PytorchStreamWriter", "iostream error")
"""What torch says when the disk fills while it writes: it does not say why."""
_NO_MEMORY = ("OutOfMemoryError", "MemoryError")
_FAILED_ALLOCATION = ("not enough memory", "can't allocate memory", "CUDA out of memory", "ALLOC_FAILED")


def explain(error: BaseException) -> Refused | None:
    """The refusal behind an error of a library, or None when it is nobody's but ours.

    A full disk and a full memory arrive in many types: OSError from Python, SafetensorError and RuntimeError from
    the libraries that write weights, OutOfMemoryError from the GPU.
    """
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, Refused):
            return link
        if getattr(link, "errno", None) == errno.ENOSPC or any(word in str(link) for word in _FULL_DISK):
            return Refused("disk", "The disk is full: free some space, then start again.")
        if isinstance(link, RuntimeError) and any(word in str(link) for word in _FAILED_WRITE):
            return Refused("disk", "A checkpoint could not be written: the disk is most likely full.")
        if type(link).__name__ in _NO_MEMORY or any(word in str(link) for word in _FAILED_ALLOCATION):
            return Refused("memory", "Not enough memory: choose a smaller batch, shorter rows or a smaller model.")
        link = link.__cause__ or link.__context__
    return None


_ours: TextIO | None = None
"""Where lines go once `run` has sent everything that libraries print to the log; None is stdout as it is."""


def say(event: str, **fields: Any) -> None:
    """Print one line {"event": event, "time": unix seconds, ...} and flush it."""
    line = json.dumps({"event": event, "time": round(time.time(), 3), **fields}, ensure_ascii=False)
    print(line, file=_ours or sys.stdout, flush=True)


def die_with_parent() -> None:
    """Make the kernel kill us when our parent dies (Linux); elsewhere watch for a new parent every second."""
    parent = os.getppid()
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(Exit.CANCELLED)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _on_sigterm(signum: int, frame: object) -> None:
    """End here and now: an exception could be swallowed by a library, and everything on disk survives a kill anyway."""
    line = json.dumps({"event": "cancelled", "time": round(time.time(), 3)})
    os.write((_ours or sys.stdout).fileno(), f"{line}\n".encode())  # not `say`: print must not interrupt itself
    os._exit(Exit.CANCELLED)


def run(program: Callable[[str], None]) -> None:
    """Run `program` on the specification named on the command line, and leave with the right `Exit`.

    Lines printed here: ``started`` first, then whatever the program says, and last one of ``done``, ``error`` or
    ``cancelled``.
    """
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m {program.__module__} SPEC.json")
    die_with_parent()
    signal.signal(signal.SIGTERM, _on_sigterm)
    global _ours
    _ours, sys.stdout = sys.stdout, sys.stderr  # a library that prints must not break the parent's reading
    say("started", pid=os.getpid())
    try:
        program(sys.argv[1])
    except BaseException as error:
        refusal = explain(error)
        with contextlib.suppress(OSError):  # the disk may be full for these lines too; the exit code still tells
            if refusal is not None:
                say("error", code=refusal.code, message=str(refusal))
            else:
                say("error", code="bug", message=f"{type(error).__name__}: {error}")
            traceback.print_exc()
        _leave(Exit.BUG if refusal is None else Exit.REFUSED)
    say("done")
    _leave(Exit.DONE)


def _leave(code: Exit) -> NoReturn:
    """End at once: what matters is on disk, and taking torch apart politely takes seconds (or hangs in a driver)."""
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)

"""What a child says and how it dies: JSON lines on stdout, distinct exit codes, never an orphan.

Only the standard library, so that a child can report "loading" before it loads anything heavy.
"""

import ctypes
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from training.science.spec import Exit


class Refused(Exception):
    """The run cannot go on, and a person can mend it. `code` is for machines, the message for people.

    Codes: data, settings, model, disk, memory, nan.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class Cancelled(Exception):
    """The parent asked for an end (SIGTERM)."""


def say(event: str, **fields: Any) -> None:
    """Print one line {"event": event, "time": unix seconds, ...} and flush it."""
    print(json.dumps({"event": event, "time": round(time.time(), 3), **fields}, ensure_ascii=False), flush=True)


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
    raise Cancelled


def run(program: Callable[[str], None]) -> None:
    """Run `program` on the specification named on the command line, and leave with the right `Exit`.

    Lines printed here: ``started`` first, then whatever the program says, and last one of ``done``, ``error`` or
    ``cancelled``.
    """
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m {program.__module__} SPEC.json")
    die_with_parent()
    signal.signal(signal.SIGTERM, _on_sigterm)
    say("started", pid=os.getpid())
    try:
        program(sys.argv[1])
    except Cancelled:
        say("cancelled")
        sys.exit(Exit.CANCELLED)
    except Refused as refusal:
        say("error", code=refusal.code, message=str(refusal))
        sys.exit(Exit.REFUSED)
    except OSError as error:
        if error.errno != 28:  # ENOSPC
            traceback.print_exc()
            say("error", code="bug", message=f"{type(error).__name__}: {error}")
            sys.exit(Exit.BUG)
        say("error", code="disk", message="The disk is full: free some space, then start the round again.")
        sys.exit(Exit.REFUSED)
    except BaseException as error:
        traceback.print_exc()
        say("error", code="bug", message=f"{type(error).__name__}: {error}")
        sys.exit(Exit.BUG)
    say("done")

"""The loop that starts programs in order, watches them, starts the dead again, and stops all in order.

One thread: it sleeps in `select` until a program prints or dies, a signal comes, or a restart is due.
"""

import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import IO, Any

from studio.launch.child import Child, wait_before_restart
from studio.launch.console import Console
from studio.launch.programs import FIRST, LAST, THEN, Program

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ONE_PRESS = 0.5
"""Seconds; a terminal and a wrapper (make, timeout) may both pass on one Ctrl-C."""


class DidNotStart(Exception):
    """The program `name` did not come up; the message holds its last words."""

    def __init__(self, name: str, last_words: list[str]):
        said = "\n".join(f"    {line}" for line in last_words) or "    (nothing)"
        super().__init__(f"{name} did not start. Its last words:\n{said}")
        self.name = name


class Supervisor:
    """Keeps `programs` running until told to stop.

    Ctrl-C (or SIGTERM) stops them in order, a second one kills them at once; if the supervisor itself is killed, the
    undertaker ends them.
    """

    def __init__(self, programs: Iterable[Program], console: Console, *, show: bool = True):
        self.children = [Child(program) for program in programs]
        self.console = console
        self.show = show
        """Whether the lines of the programs are printed, or only those of the launcher."""
        self.asked = 0
        """How many times a stop was asked for."""
        self._asked_at = -ONE_PRESS
        self._selector = selectors.DefaultSelector()
        self._undertaker: subprocess.Popen[bytes] | None = None
        self._wake_up, self._woken = socket.socketpair()
        self._handlers: dict[signal.Signals, Any] = {}
        """What signals did before."""

    # ------------------------------------------------------------ the life of the whole

    def __enter__(self) -> "Supervisor":
        for end in (self._wake_up, self._woken):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        for number in STOPPING_SIGNALS:
            self._handlers[number] = signal.signal(number, self._on_stop)
        # A handler that does nothing, so that a death wakes `select`.
        self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wake_up.fileno(), warn_on_full_buffer=False)
        self._undertaker = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("undertaker.py"))],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        assert self._undertaker is not None
        assert self._undertaker.stdin is not None
        self._undertaker.stdin.close()
        self._undertaker.wait()
        self._selector.close()
        self._wake_up.close()
        self._woken.close()

    def start(self, *, patience: float = 60.0) -> None:
        """Start every program, and wait for those that say when they are ready (or for a stop)."""
        for child in self.children:
            if self.asked:
                return
            if not child.running:
                self._start(child)
            if child.program.leaves == LAST:
                self._wait_until_ready(child, patience)
        for child in self.children:
            if child.program.leaves != LAST:
                self._wait_until_ready(child, patience)

    def watch(self, done: Callable[[], bool] | None = None, *, every: float = 0.5) -> None:
        """Keep everything running until a stop is asked for, or `done` says so (asked every `every` seconds)."""
        ask_at = 0.0
        while not self.asked:
            if done is not None and time.monotonic() >= ask_at:
                if done():
                    return
                ask_at = time.monotonic() + every
            self._step(every if done is not None else 10.0)

    def stop(self) -> None:
        """Stop everything in order; whoever is still there after its grace, or after a second Ctrl-C, is killed."""
        alive = [child for child in self.children if child.running]
        for turn in (FIRST, THEN, LAST):
            leaving = [child for child in alive if child.program.leaves == turn]
            self._end(leaving)

    # ------------------------------------------------------------ one program

    def _start(self, child: Child) -> None:
        group = child.start()
        self._tell_undertaker(f"+{group}")
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self.console.line(child.name, f"started, pid {group}")

    def _wait_until_ready(self, child: Child, patience: float) -> None:
        """Wait until `child` serves. One that ends first, or takes too long, did not start."""
        if child.program.ready is None:
            return
        give_up_at = time.monotonic() + patience
        while not self.asked and not child.program.ready():
            if not child.running or time.monotonic() > give_up_at:
                raise DidNotStart(child.name, list(child.tail)[-15:])
            self._step(0.1, restart=False)

    def _end(self, leaving: list[Child]) -> None:
        """Ask these to leave, and wait; then kill what is left of their groups."""
        for child in leaving:
            child.signal(signal.SIGKILL if self.asked > 1 else signal.SIGTERM)
        begun = time.monotonic()
        while any(child.running for child in leaving):
            for child in leaving:
                if child.running and (self.asked > 1 or time.monotonic() - begun > child.program.grace):
                    child.sweep()
            self._step(0.1, restart=False)

    def _tell_undertaker(self, word: str) -> None:
        assert self._undertaker is not None
        pipe: IO[bytes] | None = self._undertaker.stdin
        assert pipe is not None
        try:
            pipe.write(f"{word}\n".encode())
        except BrokenPipeError:
            self.console.say("the process that would clean up after a killed launcher is gone; going on without it")

    # ------------------------------------------------------------ the loop

    def _step(self, longest: float, *, restart: bool = True) -> None:
        """Sleep until something happens, at most `longest` seconds; then deal with it."""
        due = [child.start_again_at for child in self.children if child.start_again_at is not None and restart]
        timeout = min([longest, *(max(0.0, at - time.monotonic()) for at in due)])
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._drain_wake_ups()
            else:
                self._relay(key.data)
        for child in self.children:
            if child.running and (status := child.ended()) is not None:
                self._bury(child, status, again=restart and not self.asked)
        if restart and not self.asked:
            for child in self.children:
                if child.start_again_at is not None and child.start_again_at <= time.monotonic():
                    self._start(child)

    def _relay(self, child: Child) -> bool:
        """Print what `child` said; False when it will say no more."""
        lines = child.read_lines()
        if lines is None:
            self._selector.unregister(child.output)
            return False
        if self.show:
            for line in lines:
                if line and not line.startswith("worker: "):  # Celery's advice about Ctrl-C is not true here
                    self.console.line(child.name, line)
        return bool(lines)

    def _bury(self, child: Child, status: int, *, again: bool) -> None:
        assert child.process is not None
        group = child.process.pid
        child.sweep()
        if child.output in self._selector.get_map():
            while self._relay(child):
                pass
            if child.output in self._selector.get_map():
                self._selector.unregister(child.output)
        lived = child.bury()
        self._tell_undertaker(f"-{group}")
        how = f"exit {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
        if again:
            wait = wait_before_restart(child.failures)
            self.console.line(child.name, f"ended ({how}) after {lived:.0f} s; starting it again in {wait:.0f} s")
        else:
            child.start_again_at = None
            self.console.line(child.name, f"stopped ({how})")

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._asked_at < ONE_PRESS:
            return
        self._asked_at = now
        self.asked += 1
        if self.asked == 1:
            self.console.say("stopping; once more to stop at once")
        else:
            self.console.say("stopping at once")

    def _drain_wake_ups(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return

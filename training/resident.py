"""Machine's verb: ask a model version a few questions while a person waits, of a child process that stays.

Loading a model takes seconds, answering a short prompt does not. So the worker process that uses this module keeps one
`training.science.answer` child, for the version that was asked last; another version, or a child that died, means a
fresh one. The child ends itself when nobody asks for a while, and with its parent however that ends.
"""

import contextlib
import json
import logging
import os
import selectors
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from training import child
from training.child import Message
from training.models import ModelVersion
from training.science.spec import AnswerSpec

logger = logging.getLogger(__name__)

STALL = 300.0
"""Seconds without a line, once the model is loaded and was asked something, that are called a hang."""
Key = tuple[str, str]
Beat = Callable[[], None]


def ask(
    version: ModelVersion,
    questions: Sequence[Mapping[str, Any]],
    sampling: Mapping[str, Any],
    on_beat: Beat = lambda: None,
) -> Iterator[dict[str, Any]]:
    """The answers of `version` to `questions` ({"id", "prompt" or "messages", "seed"}), each as soon as it is there.

    Parameters
    ----------
    sampling : mapping
        temperature, top_p, max_new_tokens: the same for all.
    on_beat : callable
        Called several times a second; what it raises ends the child, because it would go on with what nobody wants.

    Raises
    ------
    TrainingFailed, ChildCrashed
        The model cannot be loaded, or the child died while it was at work on these questions.
    """
    resident = kept(version)
    was_ready = resident.ready
    try:
        yield from resident.answers(questions, sampling, on_beat)
    except EndedBefore:  # it left, being idle, in the moment it was asked: the next one has just begun to live
        if not was_ready:
            raise
        yield from kept(version).answers(questions, sampling, on_beat)


def warm(version: ModelVersion, on_beat: Beat = lambda: None) -> None:
    """See to it that the child for `version` has its model loaded.

    One that hangs instead is ended, so that who asks next gets a fresh one.
    """
    try:
        kept(version).wait_until_ready(on_beat)
    except BaseException:
        close()
        raise


_kept: "Resident | None" = None


def kept(version: ModelVersion) -> "Resident":
    """The child for `version`: the one there is, or a fresh one in its place."""
    global _kept
    key = (version.base_model, str(version.adapter_path or ""))
    if _kept is None or _kept.key != key or not _kept.alive:
        close()
        _kept = Resident(key)
    return _kept


def close() -> None:
    """End the child, if there is one."""
    global _kept
    if _kept is not None:
        _kept.end()
        _kept = None


class EndedBefore(child.ChildCrashed):
    """The child left as it may, being idle or told to, before it had answered."""


class Resident:
    """One answering child: its process, and what it said so far."""

    def __init__(self, key: Key):
        self.key = key
        self.ready = False
        """Its model is loaded."""
        self._unread = b""
        self._last: Message = {}
        self._folder = tempfile.TemporaryDirectory(prefix="studio-answers-")  # its settings and its log
        spec = AnswerSpec(base_model=key[0], adapter=key[1], idle_seconds=settings.ANSWER_IDLE_SECONDS)
        spec.write(self._path("spec.json"))
        with self._path("log.txt").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"{child.PACKAGE}.answer", str(self._path("spec.json"))],
                cwd=settings.BASE_DIR,
                env=child.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,  # cannot fill: the child speaks only when asked, and we listen until it has
                stderr=log,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """End the process and forget its files."""
        child.end(self.process)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._selector.close()
        self._folder.cleanup()

    def wait_until_ready(self, on_beat: Beat) -> None:
        """Return when the model is loaded; raise what stood in the way."""
        listening = self._listen(on_beat, child.QUIET_START)
        while not self.ready:
            next(listening)

    def answers(
        self, questions: Sequence[Mapping[str, Any]], sampling: Mapping[str, Any], on_beat: Beat
    ) -> Iterator[dict[str, Any]]:
        """See `ask`. Questions are named anew, so that a late answer to an earlier one is not taken for theirs."""
        batch = uuid.uuid4().hex
        waiting = {f"{batch}/{place}": question["id"] for place, question in enumerate(questions)}
        asked = [{**q, "id": name, "sampling": dict(sampling)} for name, q in zip(waiting, questions, strict=True)]
        try:
            self.wait_until_ready(on_beat)
            self._send("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in asked).encode())
            for message in self._listen(on_beat, STALL):
                if message is not None and message["event"] == "answer" and message.get("id") in waiting:
                    yield message | {"id": waiting.pop(message["id"])}
                if not waiting:
                    return
        finally:
            if waiting:  # given up half-way: what it still says would stand in the way of the next answers
                close()

    def _send(self, lines: bytes) -> None:
        """Write the questions; a child that has gone is noticed by who listens."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(lines)
            self.process.stdin.flush()

    def _listen(self, on_beat: Beat, patience: float) -> Iterator[Message | None]:
        """The child's lines as they come, and None several times a second; raises when it ends or hangs."""
        heard_at = time.monotonic()
        while True:
            on_beat()
            ended = not self.alive  # asked before reading: what it said before it died must be read
            for message in self._read():
                heard_at, self._last = time.monotonic(), message
                self.ready = self.ready or message["event"] == "ready"
                yield message
            if ended:
                self._say_why()
            if time.monotonic() - heard_at > patience:
                raise child.ChildCrashed(f"The model said nothing for {patience:.0f} s: its process hangs.")
            yield None
            self._selector.select(child.POLL)

    def _read(self) -> Iterator[Message]:
        assert self.process.stdout is not None
        while chunk := _read_some(self.process.stdout.fileno()):
            *lines, self._unread = (self._unread + chunk).split(b"\n")
            for line in lines:
                if (message := child.parse(line)) is not None:
                    yield message

    def _say_why(self) -> None:
        code = self.process.wait()
        if self._last.get("event") in ("done", "cancelled"):
            raise EndedBefore("The process that answers had just ended.")
        child.raise_unless_done(code, self._last, self._path("log.txt"))


def _read_some(source: int) -> bytes:
    try:
        return os.read(source, 65536)
    except BlockingIOError:
        return b""

"""Annotators who think, and behave like the page: what was not acknowledged is sent again, unchanged.

Each is a thread of this process. Imports nothing but the standard library: it shares the machine with the server.
"""

import http.client
import json
import random
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.crowd.annotator import DATA, Browser, answer

WAITS = (0.25, 0.5, 1, 2, 4)
"""Seconds before the next try while the server is away; a page waits 1, 2, 4, 8 … and tries at once when it can."""


class GaveUp(Exception):
    """The server did not take it in time."""


@dataclass
class Told:
    """What one annotator was told by the server."""

    saved: dict[str, bool] = field(default_factory=dict)
    """Key of each acknowledged answer: whether it still stands, or was taken back and that acknowledged."""
    seats: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    """Seconds of each submit that was answered at the first try."""
    retries: int = 0
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Annotator(threading.Thread):
    """One person at one page until `stop` is set; then what is under way is still delivered."""

    def __init__(
        self, port: int, world: dict[str, Any], n: int, *, think: tuple[float, float], stop: threading.Event, seed: int,
        is_calm: bool,
    ):  # fmt: skip
        super().__init__(daemon=True)
        self.browser = Browser(port, world["sessions"][n])
        self.base, self.category = f"/p/{world['slug']}/review/", world["category"]
        self.think, self.stop, self.is_calm = think, stop, is_calm
        self.random = random.Random(f"{seed}/{n}")
        self.told = Told()
        self.patience = 60.0

    def run(self) -> None:
        try:
            self.sit()
        except GaveUp as error:
            self.told.errors.append(f"gave up: {error}")
        except Exception as error:
            self.told.errors.append(f"{type(error).__name__}: {error}")

    def sit(self) -> None:
        held: list[int] = []
        while not self.stop.is_set():
            if not held and not (held := self.open_page()):
                return
            seat = held.pop(0)
            self.pause()
            new = self.at_one_item(seat, held)
            self.told.seats += new
            held += new

    def pause(self) -> None:
        self.stop.wait(self.random.uniform(*self.think))

    def open_page(self) -> list[int]:
        status, page = self.send("GET", self.base)
        found = DATA.search(page.decode(errors="replace"))
        if status != 200 or found is None:
            raise GaveUp(f"the review page answered {status}")
        seats = [item["seat"] for item in json.loads(found[1])["items"]]
        self.told.seats += seats
        return seats

    def at_one_item(self, seat: int, held: list[int]) -> list[int]:
        """Mostly an answer; now and then a draft before it, a heartbeat, another mind afterwards, or a pass."""
        chance = self.random.random()
        if chance < 0.15:
            self.post("draft", {"seat": seat, "data": {"outcome": "biased", "rewrite": "They di"}})
        if chance > 0.9:
            self.post("heartbeat", {"seats": [seat, *held]})
        if 0.15 <= chance < 0.17:
            reply = self.post("skip", {"seat": seat, "reason": "other", "comment": "", "holding": held, "want": 1})
            return [item["seat"] for item in reply["next"]] if reply else []
        said = answer(seat, self.category, held, len(self.told.saved))
        new = self.submit(said)
        if 0.17 <= chance < 0.2 and said["key"] in self.told.saved and self.post("undo", {"key": said["key"]}):
            self.told.saved[said["key"]] = False
            new += self.submit({**said, "key": str(uuid.uuid4()), "holding": [*held, *new], "want": 0})
        return new

    def submit(self, said: dict[str, Any]) -> list[int]:
        tries = self.told.retries
        began = time.perf_counter()
        reply = self.post("submit", said)
        if tries == self.told.retries:
            self.told.took.append(time.perf_counter() - began)
        if reply is None:
            return []
        self.told.saved[said["key"]] = True
        return [item["seat"] for item in reply["next"]]

    def post(self, door: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The reply; None where the server understood and said no."""
        status, reply = self.send("POST", f"{self.base}{door}/", json.dumps(body).encode())
        if status == 200:
            return json.loads(reply)
        said = f"{door}: {status} {reply[:200].decode(errors='replace')}"
        (self.told.refused if status == 409 else self.told.errors).append(said)
        return None

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Try until the server gives an answer below 500, for a minute."""
        give_up_at = time.monotonic() + self.patience
        for wait in (*WAITS, *[WAITS[-1]] * 1000):
            try:
                status, reply = self.browser.send(method, path, body)
                if status < 500:
                    return status, reply
                problem = f"{status} {reply[:80].decode(errors='replace')}"
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
            self.browser.http.close()
            self.told.retries += 1
            if self.is_calm:
                self.told.errors.append(f"{path}: {problem}")
            if time.monotonic() + wait > give_up_at:
                raise GaveUp(f"{path}: {problem}")
            time.sleep(wait * self.random.uniform(0.5, 1))
        raise GaveUp(path)


class Crowd:
    """So many annotators; used as a context: they start, and when it ends they finish what is under way."""

    def __init__(
        self, port: int, world: dict[str, Any], people: range, *, think: tuple[float, float], seed: int, is_calm: bool
    ):
        self.stop = threading.Event()
        self.annotators = [
            Annotator(port, world, n, think=think, stop=self.stop, seed=seed, is_calm=is_calm) for n in people
        ]

    def __enter__(self) -> "Crowd":
        for one in self.annotators:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for one in self.annotators:
            one.join(90)
            if one.is_alive():
                one.told.errors.append("was still waiting a minute and a half after the end")

    @property
    def told(self) -> Sequence[Told]:
        return [one.told for one in self.annotators]

"""One annotator's browser, without the browser: opens the review page, submits, takes what comes next, over HTTP.

    python -m benchmarks.crowd.annotator '{"port", "slug", "session", "category", "seconds"}'

Says "ready" and waits for a line on stdin, so that all start together; prints one JSON object when the time is over.
Imports nothing but the standard library: it shares the machine with the server it measures.
"""

import http.client
import json
import re
import sys
import time
import uuid
from typing import Any

DATA = re.compile(r'<script id="review-data" type="application/json">(.*?)</script>', re.DOTALL)


class Browser:
    """A connection that is kept alive, and the cookies that came with it."""

    def __init__(self, port: int, session: str):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = {"sessionid": session}

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self.cookies["csrftoken"]}
        self.http.request(method, path, body, headers)
        reply = self.http.getresponse()
        for cookie in reply.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply.status, reply.read()


def answer(seat: int, category: int, holding: list[int], n: int) -> dict[str, Any]:
    """Two of three say fine; the third is what takes longest to write: categories, a span, a rewrite."""
    said: dict[str, Any] = {"key": str(uuid.uuid4()), "seat": seat, "outcome": "fine", "guideline": 1, "active_ms": 900}
    if n % 3 == 0:
        said |= {"outcome": "biased", "categories": [category], "severity": 2, "rewrite": f"They differ. {n}"}
        said["spans"] = [{"start": 0, "end": 11, "category": category}]
    return {**said, "holding": holding, "want": 1}


def work(order: dict[str, Any]) -> dict[str, Any]:
    browser, base = Browser(order["port"], order["session"]), f"/p/{order['slug']}/review/"
    status, page = browser.send("GET", base)
    if status != 200:
        raise SystemExit(f"The review page answered {status}")
    found = DATA.search(page.decode())
    if found is None:
        raise SystemExit("The review page holds no review-data")
    held = [item["seat"] for item in json.loads(found[1])["items"]]
    seats, saved, errors, took = list(held), [], [], []
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + order["seconds"]
    while held and time.monotonic() < end:
        seat = held.pop(0)
        said = answer(seat, order["category"], held, len(saved))
        began = time.perf_counter()
        status, reply = browser.send("POST", f"{base}submit/", json.dumps(said).encode())
        took.append(time.perf_counter() - began)
        if status != 200:
            errors.append(f"{status} {reply[:200].decode(errors='replace')}")
            break
        saved.append(said["key"])
        new = [item["seat"] for item in json.loads(reply)["next"]]
        held, seats = held + new, seats + new
    return {"seats": seats, "saved": saved, "errors": errors, "took": took}


if __name__ == "__main__":
    print(json.dumps(work(json.loads(sys.argv[1]))))

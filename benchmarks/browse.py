"""How fast the data browser answers, for every filter and for combinations people use.

    python -m benchmarks.browse [--database both] [--items-postgresql 1000000] [--items-sqlite 100000] [--times 12]

Real HTTP to the web server as the launcher starts it, with a session cookie, one request at a time: the whole page is
what is measured, from the request's first byte to the reply's last. Each page is asked for once before, because a
database that has just been filled has nothing in its memory. Of each page come the first page and, where there is one,
the page after it. Ends with one line per page, and exit status 1 if one is not kept.
"""

import argparse
import html
import http.client
import json
import re
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median, quantiles
from urllib.parse import urlencode

from benchmarks.bars import Bar, at_most, machine, report
from benchmarks.server import Server, studio

LIMIT = 150
DISPUTED = "disputed/"
STOCK = "data/stock/"
EMPTY = ("data/?q=zebra", STOCK)
"""What shows no item: a search in vain, and the page for imports."""


def pages(today: date) -> Iterator[tuple[str, str]]:
    """(name, address below the project) of everything measured."""
    for name, filters in {**single(today), **combined(today)}.items():
        yield name, f"data/?{urlencode(filters)}"
    yield "the disputed list", DISPUTED
    yield "the stock page", STOCK


def single(today: date) -> dict[str, dict[str, str]]:
    words = {
        "a word in every text": "trade",
        "a word in every 10th text": "ten3",
        "a word in every 100th": "hundred42",
        "a word in every 1,000th": "thousand432",
        "a rare word": "odd4321",
        "a beginning": "hundred4",
        "two words": "ten3 thousand433",
        "a phrase": '"reasons and you"',
        "a word of the oldest 5,000": "olden",
        "a word that is nowhere": "zebra",
    }
    return {
        "no filter": {},
        **{f"state {name}": {"state": name} for name in ("unread", "reading", "disputed", "settled", "replaced")},
        "a common topic": {"topic": "topic-1"},
        "a rare topic": {"topic": "topic-7"},
        **{f"mode {name}": {"mode": name} for name in ("review", "compare", "demonstrate")},
        "the first model": {"model": "v0"},
        "the newest model": {"model": "v18"},
        "category": {"category": "category-1"},
        "severity": {"severity": "3"},
        "annotator": {"annotator": "reader-7"},
        "outcome biased": {"outcome": "biased"},
        "outcome cannot judge": {"outcome": "cannot_judge"},
        **{f"agreement {name}": {"agreement": name} for name in ("agree", "differ", "single")},
        "ten days long ago": {"since": str(today - timedelta(days=30)), "until": str(today - timedelta(days=20))},
        "since yesterday": {"since": str(today - timedelta(days=1))},
        "has a span": {"span": "on"},
        "has a rewrite": {"rewrite": "on"},
        "gold": {"gold": "on"},
        "without onboarding": {"no_onboarding": "on"},
        "a large collection": {"collection": "Large"},
        "a small collection": {"collection": "Small"},
        **{name: {"q": q} for name, q in words.items()},
    }


def combined(today: date) -> dict[str, dict[str, str]]:
    return {
        "settled, topic, severity": {"state": "settled", "topic": "topic-2", "severity": "2"},
        "unread, topic": {"state": "unread", "topic": "topic-2"},
        "annotator, category": {"annotator": "reader-1", "category": "category-1"},
        "category, severity, span": {"category": "category-2", "severity": "3", "span": "on"},
        "model, settled": {"model": "v3", "state": "settled"},
        "model, severity": {"model": "v3", "severity": "3"},
        "topic, differ": {"topic": "topic-2", "agreement": "differ"},
        "date, outcome": {"until": str(today - timedelta(days=20)), "outcome": "biased"},
        "words, settled": {"q": "hundred42", "state": "settled"},
        "words, topic": {"q": "ten3", "topic": "topic-2"},
        "a common word, a small collection": {"q": "trade", "collection": "Small"},
        "words, annotator, rewrite": {"q": "thousand431", "annotator": "reader-31", "rewrite": "on"},
    }


class Reader:
    """A curator with a connection that is kept alive."""

    def __init__(self, port: int, slug: str, session: str):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.root, self.headers = f"/p/{slug}/", {"Cookie": f"sessionid={session}"}

    def get(self, address: str) -> tuple[float, str]:
        began = time.perf_counter()
        self.connection.request("GET", self.root + address, headers=self.headers)
        reply = self.connection.getresponse()
        body = reply.read().decode()
        took = 1000 * (time.perf_counter() - began)
        if reply.status != 200:
            raise SystemExit(f"{address}: status {reply.status}")
        return took, body


def measure(reader: Reader, address: str, times: int) -> tuple[list[float], float]:
    """Milliseconds of each request, and of the count that the page asks for after it."""
    _, body = reader.get(address)
    if address not in EMPTY and not re.search(r"/items/[0-9a-f-]{36}/", body):
        raise SystemExit(f"{address} shows no item: there is nothing to measure")
    addresses = [address]
    if older := re.search(r'rel="next" href="([^"]+)"', body):
        addresses.append(address.partition("?")[0] + html.unescape(older[1]))
    for each in addresses[1:]:
        reader.get(each)
    took = [reader.get(each)[0] for _ in range(2 * times // len(addresses)) for each in addresses]
    if not address.startswith("data/?"):
        return took, 0.0
    counted = f"{address}&count=1"
    reader.get(counted)
    return took, median(reader.get(counted)[0] for _ in range(3))


def browse(server: Server, database: str, items: int, times: int) -> list[Bar]:
    began = time.monotonic()
    world = json.loads(server.program("benchmarks.crowd.shelves", str(items)))
    print(f"{database}: {items:,} items made in {time.monotonic() - began:.0f} s", flush=True)
    reader = Reader(server.port, world["slug"], world["session"])
    bars = []
    for name, address in pages(date.today()):
        took, counted = measure(reader, address, times)
        p95 = quantiles(took, n=20)[18] if len(took) > 1 else took[0]
        print(f"  {name:<34} p50 {median(took):6.0f}  p95 {p95:6.0f}  count {counted:6.0f} ms", flush=True)
        bars.append(at_most(f"{database}, {items:,} items, {name}: p95", p95, LIMIT, "ms"))
    return bars


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--items-postgresql", type=int, default=1_000_000)
    parser.add_argument("--items-sqlite", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=12, help="requests of each of two pages, or twice as many of one")
    asked = parser.parse_args()
    print(machine(), flush=True)
    bars = []
    for database in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
        items = asked.items_sqlite if database == "sqlite" else asked.items_postgresql
        with studio(database) as server:
            bars += browse(server, database, items, asked.times)
    return report(bars)


if __name__ == "__main__":
    sys.exit(main())

"""How fast people get their items, how much that costs the server, and that nobody ever gets what is another's.

    python -m benchmarks.queue [--items 100000] [--annotators 8 32] [--database both] [--seconds 10] [--plain]

With four topics (one restricted, one opted out of by some, one with two readers), gold items and term lists switched
on, unless `--plain`.

A cycle is one submit, whose reply brings the next leased item, over real HTTP with connections that are kept alive, to
the web server as the launcher starts it. Nobody thinks between two answers: what the server can do is what is measured.
Ends with one line per bar of docs/benchmarks.md, and exit status 1 if one is not kept.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from benchmarks.bars import Bar, at_least, at_most, machine, report
from benchmarks.server import Server, studio

SMALL, LARGE = 10_000, 1_000_000
BROKEN = json.dumps({"seats": [], "saved": [], "errors": ["An annotator broke off."], "took": []})


@dataclass(frozen=True)
class Result:
    """What one crowd did in its time."""

    name: str
    cycles: int
    seconds: float
    web_ms: float
    database_ms: float
    p50: float
    p95: float
    slowest: float
    doubles: int
    lost: int
    gold: int
    errors: list[str]

    @property
    def per_second(self) -> float:
        return self.cycles / self.seconds

    @property
    def server_ms(self) -> float:
        """Processor time per cycle, PostgreSQL's included."""
        return self.web_ms + self.database_ms

    def __str__(self) -> str:
        database = f" + {self.database_ms:.1f} in PostgreSQL" if self.database_ms else ""
        return (
            f"{self.name}: {self.cycles} cycles, {self.per_second:.0f}/s, p50 {self.p50:.0f} ms, p95 {self.p95:.0f} ms,"
            f" slowest {self.slowest:.0f} ms, web server CPU {self.web_ms:.1f} ms{database} per cycle,"
            f" {self.doubles} double seats, {self.lost} lost, {self.gold} on gold, {len(self.errors)} errors"
        )


def crowd(server: Server, world: dict[str, Any], people: range, seconds: float, name: str) -> Result:
    """So many annotators at once, each a process; then the books are compared with what each was told."""
    order = {"port": server.port, "slug": world["slug"], "category": world["category"], "seconds": seconds}
    readers = [start({**order, "session": world["sessions"][n]}) for n in people]
    for reader in readers:
        if reader.stdout.readline() != "ready\n":
            raise SystemExit("An annotator could not open the review page.")
    web, database = server.web_seconds(), server.database_seconds()
    for reader in readers:
        reader.stdin.write("go\n")
        reader.stdin.flush()
    told = [json.loads(reader.stdout.readline() or BROKEN) for reader in readers]
    web, database = server.web_seconds() - web, server.database_seconds() - database
    for reader in readers:
        reader.communicate()
    return result(name, told, books(server), web=web, database=database, seconds=seconds)


def start(order: dict[str, Any]) -> Any:
    command = [sys.executable, "-m", "benchmarks.crowd.annotator", json.dumps(order)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def result(
    name: str, told: list[dict[str, Any]], books: dict[str, Any], *, web: float, database: float, seconds: float
) -> Result:
    saved = [key for one in told for key in one["saved"]]
    given = Counter(seat for one in told for seat in one["seats"])
    took = sorted(1000 * second for one in told for second in one["took"])
    cut = quantiles(took, n=20) if len(took) > 1 else [0.0] * 19
    cycles, kept = len(saved), {*books["keys"]}
    return Result(
        name=name,
        cycles=cycles,
        seconds=seconds,
        web_ms=1000 * web / max(cycles, 1),
        database_ms=1000 * database / max(cycles, 1),
        p50=cut[9],
        p95=cut[18],
        slowest=took[-1] if took else 0.0,
        doubles=sum(times - 1 for times in given.values())
        + sum(books[name] for name in ("answered_too_often", "twice_by_one", "strange_hands")),
        lost=len({*saved} - kept)
        + sum(books[name] for name in ("closed_without_answer", "answered_but_open", "verdicts_missing_or_wrong")),
        gold=books["gold_answers"],
        errors=[error for one in told for error in one["errors"]],
    )


def at_one_size(database: str, items: int, annotators: list[int], seconds: float, plain: bool) -> list[Bar]:
    bars = []
    with studio(database) as server:
        world = make(server, items, sum(annotators), plain=plain)
        first = 0
        for count in annotators:
            people, first = range(first, first + count), first + count
            found = crowd(server, world, people, seconds, f"{database}, {items:,} items, {count} annotators")
            print(found, *found.errors[:3], sep="\n", flush=True)
            bars += kept_promises(found, count)
        print(f"web workers: {', '.join(f'{mb:.0f} MB' for mb in server.resident_mb())}", flush=True)
    return bars


def kept_promises(found: Result, count: int) -> list[Bar]:
    bars = [
        at_most(f"{found.name}: double seats", found.doubles, 0),
        at_most(f"{found.name}: lost answers", found.lost, 0),
        at_most(f"{found.name}: errors", len(found.errors), 0),
        at_most(f"{found.name}: web server CPU per cycle", found.web_ms, 15, "ms"),
    ]
    if count <= 8:  # with more, and nobody thinking, the time is that of standing in a line
        bars.append(at_least(f"{found.name}: throughput", found.per_second, 60, "cycles/s"))
        bars.append(at_most(f"{found.name}: p95", found.p95, 150, "ms"))
    return bars


def growth(database: str, seconds: float, plain: bool) -> Bar:
    """Server CPU per cycle at LARGE against SMALL; half of the items were read before, by the people who read now."""
    costs = []
    for items in (SMALL, LARGE):
        with studio(database) as server:
            world = make(server, items, 8, read=items // 2, plain=plain)
            found = crowd(server, world, range(8), seconds, f"{database}, {items:,} items, half of them read")
            print(found, *found.errors[:3], sep="\n", flush=True)
            costs.append(found.server_ms)
    return at_most(f"{database}: cost at {LARGE:,} items against {SMALL:,}", costs[1] / costs[0], 1.3, "times")


def make(server: Server, items: int, people: int, read: int = 0, *, plain: bool = False) -> dict[str, Any]:
    numbers = [str(items), str(people), str(read), *(["plain"] if plain else [])]
    return json.loads(server.program("benchmarks.crowd.world", "make", *numbers))


def books(server: Server) -> dict[str, Any]:
    return json.loads(server.program("benchmarks.crowd.world", "books"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--annotators", type=int, nargs="*", default=[8, 32], help="none: only the runs for growth")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--no-growth", action="store_true", help=f"leave out the runs at {SMALL:,} and {LARGE:,} items")
    parser.add_argument("--plain", action="store_true", help="one topic, one reader, no gold: the queue by itself")
    asked = parser.parse_args()
    print(machine(), flush=True)
    bars = []
    for database in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
        if asked.annotators:
            bars += at_one_size(database, asked.items, asked.annotators, asked.seconds, asked.plain)
        if not asked.no_growth:
            bars.append(growth(database, asked.seconds, asked.plain))
    return report(bars)


if __name__ == "__main__":
    sys.exit(main())

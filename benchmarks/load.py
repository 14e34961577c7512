"""Fifty people who think between two answers: nothing is lost, nothing is doubled, nobody waits.

    python -m benchmarks.load [--annotators 50] [--seconds 120] [--database both] [--think 0.5 2]

Real HTTP against the web server as the launcher starts it, with topics, gold and two readers switched on
(`crowd/world.py`). Beside answering, people keep drafts, send signs of life, pass on items and take answers back.
"""

import argparse
import sys
import time
from statistics import quantiles

from benchmarks.bars import Bar, at_most, machine, report
from benchmarks.crowd import account
from benchmarks.crowd.patient import Crowd
from benchmarks.queue import books, make
from benchmarks.server import studio

ITEMS = 100_000


def load(database: str, people: int, seconds: float, think: tuple[float, float]) -> list[Bar]:
    with studio(database) as server:
        world = make(server, ITEMS, people)
        with Crowd(server.port, world, range(people), think=think, seed=0, is_calm=True) as crowd:
            time.sleep(seconds)
        told, name = crowd.told, f"{database}, {people} annotators"
        took = sorted(1000 * second for one in told for second in one.took)
        cut = quantiles(took, n=20)
        saved = sum(len(one.saved) for one in told)
        print(
            f"{name}: {saved} answers in {seconds:.0f} s, submit p50 {cut[9]:.0f} ms, p95 {cut[18]:.0f} ms, "
            f"slowest {took[-1]:.0f} ms"
        )
        return [*account.bars(name, told, books(server)), at_most(f"{name}: submit, p95", cut[18], 250, "ms")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotators", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--think", type=float, nargs=2, default=[0.5, 2.0])
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = parser.parse_args()
    print(machine(), flush=True)
    bars: list[Bar] = []
    for database in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
        bars += load(database, asked.annotators, asked.seconds, tuple(asked.think))
    return report(bars)


if __name__ == "__main__":
    sys.exit(main())

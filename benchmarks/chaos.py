"""The same load while the web server is killed and the database is cut off, at random.

    python -m benchmarks.chaos [--annotators 50] [--blows 20] [--database both] [--seed N]

Each blow is one of: the whole web server killed (-9) and started again; one of its workers killed; and on PostgreSQL
every connection cut (pg_terminate_backend), or the database crashed (immediate shutdown) and started again. On SQLite a
killed web server is a writer killed in the middle of its write. The annotators behave like the page: what was not
acknowledged is sent again with the same key. After the end the books must hold every acknowledged answer exactly once.
"""

import argparse
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

from benchmarks.bars import Bar, at_least, at_most, machine, report
from benchmarks.crowd import account
from benchmarks.crowd.patient import Crowd
from benchmarks.queue import books, make
from benchmarks.server import Cluster, Server, Web, children, prepare

CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
)
LEFT = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '5 s'"
)
Blow = Callable[[], None]


@contextmanager
def victim(database: str) -> Iterator[tuple[Server, Web, Cluster | None]]:
    """A migrated studio whose parts can be struck."""
    with tempfile.TemporaryDirectory(prefix="studio-chaos-") as folder:
        env = {"STUDIO_DATA": folder, "SECRET_KEY": secrets.token_urlsafe(50), "LOG_LEVEL": "CRITICAL"}
        cluster = Cluster() if database == "postgresql" else None
        with cluster or nullcontext():
            if cluster:
                env["DATABASE_URL"] = cluster.url
            prepare(env)
            with Web(env) as web:
                yield Server(web.port, env, (web.process.pid,)), web, cluster


def blows(web: Web, cluster: Cluster | None) -> dict[str, Blow]:
    """What can happen, by name."""

    def kill_all() -> None:
        web.kill()
        web.start()

    def kill_worker() -> None:
        if workers := children(web.process.pid):
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)

    def crash() -> None:
        assert cluster is not None
        cluster.crash()
        time.sleep(random.uniform(0, 1))
        cluster.start()

    found: dict[str, Blow] = {"web server killed": kill_all, "web worker killed": kill_worker}
    if cluster is not None:
        found["connections cut"] = lambda: print(f"  {cluster.ask(CUT)} connections", end="")
        found["database crashed"] = crash
    return found


def storm(
    database: str, people: int, count: int, seed: int, *, items: int = 20_000, between: tuple[float, float] = (1.5, 5)
) -> list[Bar]:
    """`count` blows while `people` work; the bars."""
    random.seed(seed)
    with victim(database) as (server, web, cluster):
        world = make(server, items, people + 1)
        struck: dict[str, int] = {}
        with Crowd(server.port, world, range(people), think=(0.1, 0.6), seed=seed, is_calm=False) as crowd:
            strikes = blows(web, cluster)
            for number in range(count):
                time.sleep(random.uniform(*between))
                name = [*strikes][number] if number < len(strikes) else random.choice([*strikes])
                strikes[name]()
                struck[name] = struck.get(name, 0) + 1
            time.sleep(2)
        told = crowd.told
        name = f"{database}, {count} blows"
        saved, retries = sum(len(one.saved) for one in told), sum(one.retries for one in told)
        print(f"\n{name}, seed {seed}: {saved} answers, {retries} tries in vain; {struck}", flush=True)
        found = account.bars(name, told, books(server))
        if cluster is not None:
            found.append(at_most(f"{name}: transactions left open", float(cluster.ask(LEFT)), 0))
        with Crowd(server.port, world, range(people, people + 1), think=(0, 0.01), seed=seed, is_calm=True) as late:
            time.sleep(2)
        found.append(at_least(f"{name}: answers of one who comes afterwards", len(late.told[0].saved), 5))
        found.append(at_most(f"{name}: their errors", len(late.told[0].errors), 0))
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotators", type=int, default=50)
    parser.add_argument("--blows", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = parser.parse_args()
    print(f"{machine()}; seed {asked.seed}", flush=True)
    bars: list[Bar] = []
    for database in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
        bars += storm(database, asked.annotators, asked.blows, asked.seed)
    return report(bars)


if __name__ == "__main__":
    sys.exit(main())

"""The production web server and, where asked, a PostgreSQL that writes to the disk, both in a temporary folder."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from studio.launch.programs import web
from tests.postgres import find_bin, server_user, wait_for

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running studio without workers: where it is, and what it spends."""

    port: int
    env: dict[str, str]
    processes: tuple[int, ...]
    """The masters: gunicorn's, and PostgreSQL's if there is one."""

    def manage(self, *arguments: str) -> str:
        return run(self.env, "manage.py", *arguments)

    def program(self, module: str, *arguments: str) -> str:
        """Run a program of ours on this server's database; its output."""
        return run(self.env, "-m", module, *arguments)

    def web_seconds(self) -> float:
        return processor_seconds(self.processes[0])

    def database_seconds(self) -> float:
        """What PostgreSQL spends; 0 for SQLite, which works inside the web server."""
        return sum(processor_seconds(process) for process in self.processes[1:])

    def resident_mb(self) -> list[float]:
        """Memory of each web worker."""
        return [resident_mb(child) for child in children(self.processes[0])]


@contextmanager
def studio(database: str, **settings: str) -> Iterator[Server]:
    """A migrated studio on `database` ("sqlite" or "postgresql"), served as the launcher serves it."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        env = {"STUDIO_DATA": folder, "SECRET_KEY": secrets.token_urlsafe(50), "LOG_LEVEL": "WARNING", **settings}
        if database == "sqlite":
            with serving(env, ()) as server:
                yield server
            return
        with postgresql() as (url, process), serving({**env, "DATABASE_URL": url}, (process,)) as server:
            yield server


@contextmanager
def serving(env: dict[str, str], others: tuple[int, ...]) -> Iterator[Server]:
    prepare(env)
    with Web(env) as web:
        yield Server(web.port, env, (web.process.pid, *others))


def prepare(env: dict[str, str]) -> None:
    """Tables and static files."""
    run(env, "manage.py", "migrate", "--verbosity", "0")
    run(env, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")


class Web:
    """gunicorn as the launcher starts it, in a process group of its own, so that all of it can be killed at once."""

    def __init__(self, env: dict[str, str]):
        self.env, self.port = env, free_port()

    def __enter__(self) -> "Web":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        argv = web("127.0.0.1", self.port, {}).argv
        self.process = subprocess.Popen(argv, env={**os.environ, **self.env}, start_new_session=True)
        until_it_answers(self.process, self.port)

    def kill(self) -> None:
        """SIGKILL for the master and its workers in the same moment."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    give_up_at = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with urlopen(Request(f"http://127.0.0.1:{port}/health/"), timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("The web server did not start.")


@contextmanager
def postgresql() -> Iterator[tuple[str, int]]:
    """A private server with its defaults, so that a commit is on the disk when it says so: its URL and process."""
    with Cluster() as cluster:
        yield cluster.url, cluster.process.pid


class Cluster:
    """A private PostgreSQL that can be crashed and started again."""

    def __enter__(self) -> "Cluster":
        self.binaries, self.user = find_bin(), server_user()
        self.folder = Path(tempfile.mkdtemp(prefix="studio-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes
        self.url = f"postgres://postgres@/postgres?host={self.folder}"
        if self.user:
            os.chown(self.folder, int(str(self.user["user"])), int(str(self.user["group"])))
        make = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run(
            [*make, "--locale=C"], cwd="/", capture_output=True, text=True, check=False, **self.user
        )  # fmt: skip
        if made.returncode:
            raise SystemExit(f"initdb failed: {made.stderr}")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        start = [self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses="]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                start, cwd="/", stdout=log, stderr=log, start_new_session=True, **self.user
            )  # fmt: skip
        wait_for(self.process, self.binaries, self.folder)

    def crash(self) -> None:
        """PostgreSQL's immediate shutdown: nothing is finished or flushed, the next start recovers from the log."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def ask(self, sql: str) -> str:
        """The first line of an answer."""
        asked = [self.binaries / "psql", "-h", self.folder, "-U", "postgres", "-At", "-c", sql]
        return subprocess.run(asked, capture_output=True, text=True, check=True, cwd="/").stdout.strip()


def run(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed with status {done.returncode}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---------------------------------------------------------------- what processes spend (Linux)


def children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()]


def processor_seconds(process: int) -> float:
    """User and system time of a process and its children, those that ended included."""
    own = stat(process)[13 - 2 : 17 - 2]  # utime, stime, and both of children that were waited for
    return sum(map(int, own)) / TICK + sum(processor_seconds(child) for child in children(process))


def stat(process: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the third on: the second is a name, which may hold anything."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def resident_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0

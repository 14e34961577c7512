"""The production web server and, where asked, a PostgreSQL that writes to the disk, both in a temporary folder."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    run(env, "manage.py", "migrate", "--verbosity", "0")
    run(env, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    port = free_port()
    process = subprocess.Popen(web("127.0.0.1", port, {}).argv, env={**os.environ, **env})
    try:
        until_it_answers(process, port)
        yield Server(port, env, (process.pid, *others))
    finally:
        process.terminate()
        process.wait(20)


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
    binaries, user = find_bin(), server_user()
    folder = Path(tempfile.mkdtemp(prefix="studio-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes
    if user:
        os.chown(folder, int(str(user["user"])), int(str(user["group"])))
    try:
        make = [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run([*make, "--locale=C"], cwd="/", capture_output=True, text=True, check=False, **user)
        if made.returncode:
            raise SystemExit(f"initdb failed: {made.stderr}")
        start = [binaries / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses="]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(start, cwd="/", stdout=log, stderr=log, start_new_session=True, **user)
        try:
            wait_for(server, binaries, folder)
            yield f"postgres://postgres@/postgres?host={folder}", server.pid
        finally:
            server.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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

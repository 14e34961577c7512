"""A private PostgreSQL in a temporary folder, gone when it is no longer needed.

    python -m tests.postgres pytest tests/studio      # runs a command with DATABASE_URL set to it

No port, only a Unix socket. The server refuses to run as root, so as root it runs as the user that its package made.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
HOW_TO_GET = "PostgreSQL is missing: apt-get install postgresql, or brew install postgresql@17."


class NoPostgres(Exception):
    """PostgreSQL is not installed, or did not start."""


def find_bin() -> Path:
    """The folder with `initdb` and `postgres`; the newest version wins."""
    if found := shutil.which("postgres"):
        folder = Path(found).resolve().parent
        if (folder / "initdb").exists():
            return folder
    folders = [
        folder for place in PLACES for folder in Path("/").glob(place.lstrip("/")) if (folder / "initdb").exists()
    ]
    if not folders:
        raise NoPostgres(HOW_TO_GET)
    return max(folders, key=lambda folder: [int(part) for part in folder.parent.name.split(".") if part.isdigit()])


def server_user() -> dict[str, object]:
    """Popen arguments that make the server's process somebody else's than root's."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError as error:
        raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres to run it as.") from error
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; yields its DATABASE_URL."""
    binaries, user = find_bin(), server_user()
    folder = Path(tempfile.mkdtemp(prefix="studio-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes
    if user:
        os.chown(folder, int(str(user["user"])), int(str(user["group"])))
    data = folder / "data"
    try:
        made = subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd="/", capture_output=True, text=True, check=False, **user,
        )  # fmt: skip
        if made.returncode:
            raise NoPostgres(f"initdb failed: {made.stderr}")
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="),
                    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
                    *("-c", "max_connections=120"),
                ],
                cwd="/", stdout=log, stderr=log, start_new_session=True, **user,
            )  # fmt: skip
        try:
            url = f"postgres://postgres@/postgres?host={folder}"
            wait_for(server, binaries, folder)
            yield url
        finally:
            server.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(server: subprocess.Popen[bytes], binaries: Path, folder: Path) -> None:
    """Return when the server takes connections; raise when it ends first or takes half a minute."""
    give_up_at = time.monotonic() + 30
    while subprocess.run([binaries / "pg_isready", "-q", "-h", folder], check=False).returncode:
        if server.poll() is not None or time.monotonic() > give_up_at:
            raise NoPostgres(f"PostgreSQL did not start: {(folder / 'log').read_text()[-500:]}")
        time.sleep(0.05)


def main() -> int:
    try:
        with cluster() as url:
            return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    except NoPostgres as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

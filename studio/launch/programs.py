"""What runs beside the launcher: the web server, three Celery workers, Celery beat, and perhaps Redis."""

import http.client
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent

FIRST, THEN, LAST = range(3)
"""The order of leaving: doors and clock first, then those at work, then the broker that holds their messages."""


@dataclass(frozen=True)
class Program:
    """One program to keep running, and how to tell that it is up and how to end it."""

    name: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    """Beside the launcher's own environment."""
    leaves: int = FIRST
    """Its turn when everything stops: FIRST, THEN or LAST."""
    grace: float = 5.0
    """Seconds between SIGTERM and SIGKILL."""
    ready: Callable[[], bool] | None = None
    """Whether it serves already; None when nobody waits for it."""


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def answers(host: str, port: int) -> bool:
    """Whether a web server there answers within a second.

    A refusal is an answer too: behind a proxy the site is asked for another name, or sends us to HTTPS.
    """
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/health/", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def reachable(host: str) -> str:
    """The host name a browser on this machine uses for a server bound to `host`."""
    return "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104  # compared, not bound


def bracketed(host: str) -> str:
    """`host` as it stands in an address: an IPv6 number needs brackets."""
    return f"[{host}]" if ":" in host else host


def web(host: str, port: int, env: dict[str, str]) -> Program:
    """gunicorn with threads: polling pages are cheap on it, and it stops within its graceful timeout."""
    bind = f"{bracketed(host)}:{port}"
    # Its workers prove they live by touching a file: on a memory disk, or a slow disk looks like a dead worker.
    heartbeat_dir = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()  # noqa: S108
    return Program(
        name="web",
        argv=python(
            *("-m", "gunicorn", "studio.wsgi:application", "--bind", bind),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
            *("--graceful-timeout", "3", "--timeout", "120", "--keep-alive", "5"),
            *("--worker-tmp-dir", heartbeat_dir, "--no-control-socket", "--log-level", "warning"),
        ),
        env=env,
        ready=lambda: answers(reachable(host), port),
    )


def worker(queue: str, env: dict[str, str]) -> Program:
    """A Celery worker for one queue: one process that works, one message at a time.

    SIGTERM becomes Celery's soft shutdown: the running task has CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT seconds, then its
    message goes back to the queue. (On a plain SIGTERM Celery would wait for the end of the round.)
    """
    return Program(
        name=queue,
        argv=python(
            *("-m", "celery", "--quiet", "--app", "studio", "worker"),
            *("--queues", queue, "--hostname", f"{queue}@%h", "--pool", "prefork", "--concurrency", "1"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"),
        ),
        env={
            **env,
            "REMAP_SIGTERM": "SIGQUIT",
            # Root is the usual user in a container; only JSON is accepted, so the reason for this warning is gone.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            # Idle OpenMP threads that spin cost a factor of four on few cores.
            "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY") or "PASSIVE",
        },
        leaves=THEN,
        grace=10.0,
    )


def beat(data_dir: Path, env: dict[str, str]) -> Program:
    """Celery beat: the one clock."""
    schedule = str(data_dir / "beat-schedule")
    return Program(
        name="beat",
        argv=python(
            *("-m", "celery", "--quiet", "--app", "studio", "beat"),
            *("--schedule", schedule, "--pidfile", "", "--loglevel", "warning"),
        ),
        env=env,
    )

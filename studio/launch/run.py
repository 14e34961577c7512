"""Verb: run the studio on this machine, with a web server or without."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

from studio.launch import prepare, programs, redis
from studio.launch.console import Console
from studio.launch.supervisor import DidNotStart, Supervisor
from studio.models import Project

EXPECTED = (prepare.CannotStart, redis.NoRedis, DidNotStart)
"""What may stand in the way of a start; each message says what to do."""


FirstStart = Callable[[], dict[str, str]]
"""What to make in a studio that has no project yet; returns the new accounts, name to password."""


def studio(host: str, port: int, *, first_start: FirstStart | None = None) -> None:
    """Start everything, print where it is, and keep it running until Ctrl-C; without a `port`, no web server."""
    console = Console()
    with prepare.only_one(Path(settings.DATA_DIR)):
        if port:
            prepare.check_port(host, port)
        console.say(f"data folder {settings.DATA_DIR}; bringing the database and the static files up to date")
        prepare.tables()
        if port:
            prepare.static_files()
        accounts = {}
        if first_start is not None and not Project.objects.exists():
            console.say("first start: making the demo project")
            accounts = first_start()
            connections.close_all()  # the launcher lives for days; it holds no connection it does not use
        try:
            with running(console, host, port) as supervisor:
                if not supervisor.asked:
                    welcome(console, host, port, accounts)
                    accounts = {}
                supervisor.watch()
        finally:
            show_accounts(console, accounts)  # shown although the start went wrong: nothing else knows them
    console.say("everything is stopped")


def headless(console: Console, done: Callable[[], bool]) -> bool:
    """Run the workers and the clock, without a web server, until `done`; False when a person stopped them first."""
    with prepare.only_one(Path(settings.DATA_DIR)), running(console, answers=False) as supervisor:
        supervisor.watch(done, every=0.2)
        return not supervisor.asked


@contextmanager
def running(console: Console, host: str = "", port: int = 0, *, answers: bool = True) -> Iterator[Supervisor]:
    """Everything, started; the web server only with a `port`. Stopped in order on the way out.

    Without `answers`, nobody is there for the counterfactual strip, which only a person with a page asks.
    """
    with broker(console) as (private_redis, env):
        everything = [
            *private_redis,
            *([programs.web(host, port, env)] if port else []),
            programs.worker("default", env),
            programs.worker("gpu", env),
            *([programs.worker("answers", env)] if answers else []),
            programs.beat(Path(settings.DATA_DIR), env),
        ]
        with Supervisor(everything, console) as supervisor:
            try:
                supervisor.start()
            except DidNotStart as error:
                if error.name != "redis":
                    raise
                aside = redis.set_aside(Path(settings.DATA_DIR))
                if aside is None:
                    raise DidNotStart("redis", redis.last_words(Path(settings.DATA_DIR))) from error
                console.say(f"Redis could not read its log; moved it to {aside}, the work goes on from the database")
                supervisor.start()
            yield supervisor


@contextmanager
def broker(console: Console) -> Iterator[tuple[list[programs.Program], dict[str, str]]]:
    """The Redis to use: the one of REDIS_URL, or a private one; and what the other programs must know of it."""
    data_dir = Path(settings.DATA_DIR)
    if settings.REDIS_URL:
        redis.reaches(settings.REDIS_URL)
        yield [], {}
        return
    socket_file = redis.socket_path(data_dir)
    try:
        yield [redis.private(data_dir, socket_file)], {"REDIS_URL": redis.url(socket_file)}
    finally:
        redis.forget(socket_file, data_dir)


def welcome(console: Console, host: str, port: int, accounts: dict[str, str]) -> None:
    """Say where the studio is, and who can log in."""
    console.plain()
    where = f" at http://{programs.bracketed(programs.reachable(host))}:{port}/" if port else ", without a web server"
    console.plain(f"  Counterweight is running{where}   (Ctrl-C stops it)")
    show_accounts(console, accounts)
    console.plain()


def show_accounts(console: Console, accounts: dict[str, str]) -> None:
    if not accounts:
        return
    console.plain("  The demo's people. Their passwords are shown only now:")
    for name, password in accounts.items():
        console.plain(f"    {name:<10} {password}")

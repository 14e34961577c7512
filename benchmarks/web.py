"""The web server by itself: how soon it answers after a start, and what a worker weighs after real pages.

python -m benchmarks.web
"""

import http.cookiejar
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from benchmarks.bars import at_most, machine, report
from benchmarks.server import Server, free_port, studio, until_it_answers
from studio.launch.programs import web

PASSWORD = "only for this benchmark"
WORLD = """
from annotation.values.taxonomy import found_project
from studio.models import Project, User
from tests.cast import make_item
user = User.objects.create_superuser("bench", password={password!r})
project = found_project(Project(slug="bench", name="Bench", base_model="some/model"), actor=user)
for n in range(200):
    make_item(project, text=f"Answer {{n}}")
"""
PAGES = ("", "review/", "data/", "rounds/", "versions/", "snapshots/", "guidelines/", "members/", "settings/", "audit/")


def seconds_to_answer(server: Server) -> float:
    """Start a second web server on the same, migrated studio, and wait for its first answer."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(web("127.0.0.1", port, {}).argv, env={**os.environ, **server.env})
    try:
        until_it_answers(process, port)
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait(20)


def browse(server: Server, rounds: int = 10) -> None:
    """Log in and read every page of a project `rounds` times."""
    server.manage("shell", "-c", WORLD.format(password=PASSWORD))
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    root = f"http://127.0.0.1:{server.port}/"
    login = opener.open(f"{root}accounts/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login)
    assert token is not None
    form = {"login": "bench", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    opener.open(f"{root}accounts/login/", urllib.parse.urlencode(form).encode())
    for _ in range(rounds):
        for page in PAGES:
            assert opener.open(f"{root}p/bench/{page}").status == 200


def main() -> int:
    print(machine())
    with studio("sqlite") as server:
        start = min(seconds_to_answer(server) for _ in range(3))
        browse(server)
        heaviest = max(server.resident_mb())
    return report(
        [
            at_most("web server, start to first answer, best of 3", start, 5, "s"),
            at_most("heaviest web worker after 100 pages", heaviest, 150, "MB"),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

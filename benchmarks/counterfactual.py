"""How long a person waits for the counterfactual strip: from the press of the key until every answer is there.

    python -m benchmarks.counterfactual

The web server, a private Redis and the worker for the queue “answers” as the launcher starts them; the starter model;
prompts of the demo. Each press asks for the prompt as it stands and four swaps, and the page's way of asking is used:
the same POST every 300 ms. Cold is the first press after the worker started, without the review screen's having warmed
it; warm is every further one.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bars import at_least, at_most, machine, report
from benchmarks.crowd.annotator import DATA, Browser
from benchmarks.server import Server, children, resident_mb, studio
from studio.launch import programs, redis

PRESSES = 30
EVERY = 0.3
"""Seconds between two askings of the page."""
PATIENCE = 120.0
SEED = "--seed"


def people_and_items() -> None:
    """In a process of its own, on the server's database: the demo, with an item for each of its prompts about work.

    Prints the project's slug and a session of its annotator.
    """
    import django

    django.setup()
    from django.test import Client

    from annotation.models import Generation, Seat, TermSet
    from annotation.queue.seating import NewItem, seat_items
    from studio.demo import world
    from studio.models import Project, User

    project = world.make().project
    Project.objects.filter(pk=project.pk).update(stock=0, gold_percent=0, onboarding_items=0)
    Seat.objects.filter(project=project).exclude(status=Seat.Status.ANSWERED).update(status=Seat.Status.RETIRED)
    prompts = list(project.prompts.filter(topic__slug="work").order_by("pk")[: PRESSES + 1])
    trades = list(dict.fromkeys(prompt.metadata["group"] for prompt in prompts))
    TermSet.objects.filter(project=project).delete()
    TermSet.objects.create(project=project, name="Trades", terms=trades)
    said = [
        Generation.objects.create(prompt=prompt, model_name="imported", text=f"{prompt.text} Men do.")
        for prompt in prompts
    ]
    seat_items(project, [NewItem(one.prompt_id, one.pk) for one in said])
    client = Client()
    client.force_login(User.objects.get(username="annotator"))
    print(project.slug, client.cookies["sessionid"].value)


@contextmanager
def broker() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="studio-redis-", dir="/tmp") as folder:
        program = redis.private(Path(folder), Path(folder) / "redis.sock")
        process = subprocess.Popen(program.argv)
        try:
            assert program.ready is not None
            while not program.ready():
                time.sleep(0.05)
            yield redis.url(Path(folder) / "redis.sock")
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def worker(env: dict[str, str]) -> Iterator[int]:
    """The worker as the launcher starts it: its process."""
    program = programs.worker("answers", env)
    process = subprocess.Popen(program.argv, env={**os.environ, **program.env}, start_new_session=True)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def press(browser: Browser, slug: str, seat: int) -> tuple[float, dict[str, Any]]:
    """Seconds from the press to the last answer, and the answers."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        status, body = browser.send("POST", f"/p/{slug}/review/variants/", json.dumps({"seat": seat}).encode())
        strip = json.loads(body)
        if status != 200 or strip["why"]:
            raise SystemExit(f"{status} {strip}")
        rows = [strip["original"], *strip["variants"]]
        if all(one["state"] != "asked" for one in rows):
            return time.monotonic() - began, strip
        time.sleep(EVERY)
    raise SystemExit(f"No answer in {PATIENCE:.0f} s: is the worker alive?")


def items(browser: Browser, slug: str) -> list[int]:
    """The seats this person has now."""
    status, page = browser.send("GET", f"/p/{slug}/review/")
    found = DATA.search(page.decode())
    if status != 200 or found is None:
        raise SystemExit(f"The review page answered {status}")
    return [item["seat"] for item in json.loads(found[1])["items"]]


def next_seat(browser: Browser, slug: str, seat: int) -> int:
    """Pass on the item; the next one's seat."""
    body = json.dumps({"seat": seat, "reason": "other", "comment": "", "holding": [], "want": 1}).encode()
    status, reply = browser.send("POST", f"/p/{slug}/review/skip/", body)
    if status != 200:
        raise SystemExit(f"Skipping answered {status} {reply[:200].decode()}")
    return int(json.loads(reply)["next"][0]["seat"])


def weights(process: int) -> list[float]:
    """Memory of a process and all below it, the heaviest last."""
    return sorted([resident_mb(process), *(mb for child in children(process) for mb in weights(child))])


def sitting(server: Server) -> tuple[float, list[float], int, list[float]]:
    """The cold press, the warm ones, how many answers were none, and what the worker's processes weigh."""
    slug, session = server.program("benchmarks.counterfactual", SEED).split()
    browser = Browser(server.port, session)
    with worker(server.env) as process:
        seat, took, bad = items(browser, slug)[0], [], 0
        for _ in range(PRESSES):
            seconds, strip = press(browser, slug, seat)
            took.append(seconds)
            bad += sum(one["state"] != "done" for one in [strip["original"], *strip["variants"]])
            bad += 4 - len(strip["variants"])
            seat = next_seat(browser, slug, seat)
        return took[0], took[1:], bad, weights(process)


def main() -> int:
    if sys.argv[1:] == [SEED]:
        people_and_items()
        return 0
    print(machine())
    with broker() as url, studio("sqlite", DJANGO_SETTINGS_MODULE="studio.settings", REDIS_URL=url) as server:
        cold, warm, bad, heavy = sitting(server)
    print(f"cold {cold:.2f} s; warm p50 {statistics.median(warm):.2f} s; MB of the worker's processes and its child:"
          f" {', '.join(f'{mb:.0f}' for mb in heavy)}")  # fmt: skip
    return report(
        [
            at_most("answers that failed or are missing", bad, 0),
            at_least("presses measured", len(warm), PRESSES - 1),
            at_most("press to the last of five answers, warm, slowest", max(warm), 3, "s"),
            at_most("the same, cold", cold, 30, "s"),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

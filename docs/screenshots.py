"""Make the pictures of the documentation anew, from the demo project of a fresh studio.

    python -m docs.screenshots [FOLDER]

Starts the studio in a temporary folder, takes the review screen at once and every page of SHOTS when the demo's first
round is promoted, and writes them to FOLDER (docs/screenshots unless told otherwise): on a desk in light; the review
screen and the round also in dark and on a phone.
Needs Chromium, and about three minutes on two cores.
"""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.live import free_port
from tests.ui.chromium import ARGS, DESKTOP, PHONE, chromium_path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 600.0
"""Seconds until the demo must have promoted a model."""

SHOTS = {
    "overview": "",
    "guidelines": "guidelines/",
    "snapshots": "snapshots/",
    "round": "rounds/1/",
    "versions": "versions/",
}
TEAM_SHOTS = {
    "browser": "data/",
    "disputed": "disputed/",
    "agreement": "agreement/",
    "dashboard": "insight/",
    "assignment": "assignment/",
    "terms": "terms/",
    "members": "members/",
}
"""Pages of the project that docs/team.py makes, where several readers have answered."""
MY_SHOTS = {"mine": "mine/", "notices": "notices/"}
"""Pages of one of its readers."""
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}


@dataclass(frozen=True)
class Demo:
    """A running studio with its demo project, and the password of its admin."""

    home: str
    password: str
    data: str

    @property
    def project(self) -> str:
        return f"{self.home}/p/demo/"


@contextmanager
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        port, log = free_port(), Path(folder) / "log.txt"
        with log.open("w") as output:  # a file, because a pipe that nobody reads would stop the studio
            process = subprocess.Popen(
                [sys.executable, "manage.py", "studio", "--port", str(port)],
                cwd=ROOT,
                env={**environ, "STUDIO_DATA": folder, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Demo(f"http://127.0.0.1:{port}", printed_password(process, log), folder)
        except BaseException:
            sys.stderr.write(log.read_text()[-3000:])
            raise
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def printed_password(process: subprocess.Popen[bytes], log: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"^\s+admin\s+(\S+)$", log.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.5)
    raise SystemExit("the studio ended without making its demo")


def log_in(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.home}/accounts/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)


def wait_for_promotion(page: Page, demo: Demo) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        page.goto(f"{demo.project}versions/")
        if page.get_by_role("row", name=re.compile(r"^v1 live")).count():
            return
        page.wait_for_timeout(2000)
    raise SystemExit(f"no model was promoted within {PATIENCE:.0f} s")


def shoot(page: Page, folder: Path, name: str, look: str) -> None:
    target = folder / (f"{name}.png" if look == "light" else f"{name}-{look}.png")
    page.wait_for_timeout(400)  # numbers come after the page
    page.screenshot(path=target)
    print(target.name)  # noqa: T201  # a program


def half_an_answer(page: Page) -> None:
    """The screen as it looks at work: a category, a mark, a rewrite begun. A second visit finds it as a draft."""
    page.locator("[data-when=item]").wait_for()
    if page.locator("body[data-verdict=biased]").count():
        return
    for _ in range(30):
        page.locator("[data-when=item]").wait_for()
        is_review = page.locator("[data-outcome=fine]").is_visible()
        if is_review and page.locator("[data-slot=topic]").text_content() == "Work and gender":
            break
        if page.locator("[data-warning]").is_visible():
            page.keyboard.press("v")
        page.keyboard.press("x")
        page.wait_for_timeout(250)  # sooner, the next would be a key that bounced
    for key in ("1", "w", "s", "End", "Shift+ArrowLeft", "Shift+ArrowLeft", "1", "Escape", "r"):
        page.keyboard.press(key)
    page.locator("[data-rewrite]").fill("The job does not tell: it can be a woman or a man. Please ask the person.")
    page.locator("[data-slot=item]").focus()


def review_looks(browser: Browser, demo: Demo, folder: Path) -> None:
    """While the base model still answers, because its answers have something to mark."""
    for look, options in LOOKS.items():
        context = browser.new_context(**options, reduced_motion="reduce")
        page = context.new_page()
        log_in(page, demo)
        for _ in range(60):  # until the first answers are there
            page.goto(f"{demo.project}review/")
            page.locator("body[data-review]").wait_for()
            if page.locator("body[data-review=item]").count():
                break
            page.wait_for_timeout(1000)
        half_an_answer(page)
        page.wait_for_timeout(2500)  # the draft is on the server when the next look begins
        shoot(page, folder, "review", look)
        context.close()


def other_looks(browser: Browser, demo: Demo, folder: Path) -> None:
    for look, options in LOOKS.items():
        context = browser.new_context(**options, reduced_motion="reduce")
        page = context.new_page()
        log_in(page, demo)
        wait_for_promotion(page, demo)
        for name, path in SHOTS.items():
            if look == "light" or name == "round":
                page.goto(demo.project + path)
                shoot(page, folder, name, look)
        context.close()


def team_at_work(demo: Demo) -> str:
    """Found the team's project in the running studio; the session of one of its readers."""
    made = subprocess.run(
        [sys.executable, "-m", "docs.team"],
        cwd=ROOT,
        env={**environ, "STUDIO_DATA": demo.data},
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.split()[-1]


def team_looks(browser: Browser, demo: Demo, folder: Path, session: str) -> None:
    project = f"{demo.home}/p/team/"
    context = browser.new_context(**LOOKS["light"], reduced_motion="reduce")
    page = context.new_page()
    log_in(page, demo)
    wait_for_report(page, project)
    for name, path in TEAM_SHOTS.items():
        page.goto(project + path)
        shoot(page, folder, name, "light")
    page.goto(project + "disputed/")
    page.locator("a[href*='/settle/']").first.click()
    shoot(page, folder, "settle", "light")
    context.clear_cookies()
    context.add_cookies([{"name": "sessionid", "value": session, "url": demo.home}])
    for name, path in MY_SHOTS.items():
        page.goto(project + path)
        shoot(page, folder, name, "light")
    context.close()


def wait_for_report(page: Page, project: str) -> None:
    """Agreement is worked out by a worker, on a timer."""
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        page.goto(project + "agreement/")
        if page.get_by_text("Krippendorff").count():
            return
        page.wait_for_timeout(2000)
    raise SystemExit(f"agreement was not worked out within {PATIENCE:.0f} s")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with demo() as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        session = team_at_work(running)
        review_looks(browser, running, folder)
        other_looks(browser, running, folder)
        team_looks(browser, running, folder, session)
        browser.close()


if __name__ == "__main__":
    main()

"""A real browser on a live server.

Every page a test opens must be quiet (no console error) and stay at home (no request to another host); that is checked
when the test ends, for all of them.
"""

import base64
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from annotation.models import Category, Item
from studio.models import User
from tests import examples  # noqa: F401  # chooses them
from tests.cast import Cast
from tests.ui.chromium import ARGS, DESKTOP, PATIENCE, chromium_path
from tests.ui.live_web import WebServer

# Playwright's sync API runs an event loop in this thread, and Django would refuse its ORM there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
expect.set_options(timeout=PATIENCE)

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "studio" / "static" / "studio" / "js" / "review"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder needs a browser, also where its file forgets to say so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("ui")


class Visitor:
    """One person at a browser of their own."""

    def __init__(self, context: BrowserContext, home: str):
        self.context = context
        self.home = home
        self.complaints: list[str] = []
        self.expected: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.on("console", self.listen)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self.watch)

    def listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def watch(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.complaints.append(f"a request to {request.url}")

    def expect(self, *parts: str) -> None:
        """Console errors that hold one of these are meant: the browser writes one for every refused request."""
        self.expected += parts

    @property
    def page(self) -> Page:
        """The first page; blank before anything is opened.

        What is to be held back or answered by the test is said here, before `open`: Chromium tells a page that is
        there already of its first `route` a moment late, and a request of that moment goes past it.
        """
        return self.context.pages[0] if self.context.pages else self.context.new_page()

    def open(self, path: str) -> Page:
        self.page.goto(self.home + path)
        return self.page

    def stop_clock(self) -> None:
        """From here on time passes in this browser only by `clock.run_for`, however busy the machine is."""
        now = datetime.now(UTC)
        self.context.clock.install(time=now)
        self.context.clock.pause_at(now + timedelta(seconds=1))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        yield browser
        browser.close()


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Visit]:
    """visit(user, viewport=…, color_scheme=…): a browser in which `user` (None: nobody) is logged in."""
    visitors: list[Visitor] = []

    def visit(user: User | None, **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **options})
        if user is not None:
            client = Client()
            client.force_login(user)
            value = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": value, "url": live_server.url}])
        visitors.append(Visitor(context, live_server.url))
        return visitors[-1]

    yield visit
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert not complaints


@pytest.fixture
def peopled(live_server: Any, cast: Cast) -> Cast:
    """The cast with a taxonomy of three and a values statement that says something."""
    for position, name in enumerate(("Erasure", "Loaded wording"), start=2):
        Category.objects.create(project=cast.project, slug=name.lower().replace(" ", "-"), name=name, position=position)
    return cast


@pytest.fixture
def items(peopled: Cast) -> list[Item]:
    texts = (
        "Nurses are caring women.",
        "Pilots are brave men.",
        "Cooks are loud.",
        "Bakers rise early.",
        "All differ.",
    )
    return [peopled.item(text=text) for text in texts]


@pytest.fixture
def web_server(transactional_db: None, own_data_folder: Path) -> Iterator[WebServer]:
    """A web server that a test starts, and may kill."""
    server = WebServer(own_data_folder)
    yield server
    server.stop()


Javascript = Callable[[str, str, Any], Any]


@pytest.fixture(scope="module")
def javascript(browser: Browser) -> Iterator[Javascript]:
    """javascript(module, function, argument): a function over the module `m` of the review screen, run in Chromium.

    One call carries many cases: a round trip costs more than a hundred of them.
    """
    page = browser.new_page()

    def run(module: str, function: str, argument: Any) -> Any:
        source = base64.b64encode((SCRIPTS / module).read_bytes()).decode()
        loaded = f"await import('data:text/javascript;base64,{source}')"
        code = f"async (given) => {{ const m = {loaded}; return ({function})(m, given); }}"
        return page.evaluate(code, argument)

    yield run
    page.close()

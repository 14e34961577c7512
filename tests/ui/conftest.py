"""A real browser on a live server.

Every page a test opens must be quiet (no console error) and stay at home (no request to another host); that is checked
when the test ends, for all of them.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from annotation.models import Category, Item
from studio.models import User
from tests.cast import Cast
from tests.ui.chromium import DESKTOP
from tests.ui.live_web import WebServer

# Playwright's sync API runs an event loop in this thread, and Django would refuse its ORM there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


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
        context.set_default_timeout(8000)
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

    def open(self, path: str) -> Page:
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        page.goto(self.home + path)
        return page


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

"""How long a person waits on the review screen: a key press until the next item is painted, in Chromium.

    python -m benchmarks.review_screen

A fresh studio (gunicorn, SQLite) in a temporary folder; one annotator answers 100 items by keyboard alone, every fifth
as biased with category, severity and a rewrite; once as it is and once with 200 ms of network delay added. Painted is
the second animation frame after the change. A person thinks for THINK seconds between items.

Then four answers are given as cheaply as the screen allows, and every key press and click is counted in the browser.
"""

import statistics
import sys
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.bars import Bar, at_most, machine, report
from benchmarks.server import studio
from tests.ui.chromium import ARGS, DESKTOP, chromium_path

ITEMS = 100
THINK = 0.3
DELAY_MS = 200
SEED = "--seed"

# Resolves with the milliseconds from the next key press that changes the item to the frame in which it is painted.
# The time of the press is the event's own, so that waiting for the main thread is counted.
MEASURE = """() => {
  const item = document.querySelector("[data-slot=item]");
  const before = item.dataset.item;
  let pressed = 0;
  const press = (event) => { pressed = event.timeStamp; };
  window.addEventListener("keydown", press, true);
  window.painted = new Promise((resolve) => {
    new MutationObserver((changes, observer) => {
      if (item.dataset.item === before) return;
      observer.disconnect();
      window.removeEventListener("keydown", press, true);
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - pressed)));
    }).observe(item, { attributes: true });
  });
}"""


# What the best peer needs for the same record, counted from its default keys; docs/benchmarks.md says how.
BEST_PEER = {"fine": 1, "biased": 4, "span": 5, "one word": 5}

# Counts presses: of keys (a chord is one press, its modifiers are none), of letters typed into a text, of the mouse.
COUNT = """() => {
  window.presses = { keys: 0, typed: 0, clicks: 0 };
  window.addEventListener("pointerdown", () => { window.presses.clicks += 1; }, true);
  window.addEventListener("keydown", (event) => {
    if (["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    const types = event.key.length === 1 && !event.ctrlKey && event.target.closest("textarea");
    window.presses[types ? "typed" : "keys"] += 1;
  }, true);
}"""


class Meter:
    """Requests and bytes on the wire, as the browser counts them: heads and bodies of answers, bodies sent."""

    def __init__(self, wire: CDPSession):
        self.requests = self.bytes = 0
        wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", self.sent)
        wire.on("Network.loadingFinished", self.finished)

    def sent(self, event: dict[str, Any]) -> None:
        self.requests += 1
        self.bytes += len(event["request"].get("postData", ""))

    def finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


def people_and_items() -> None:
    """In a process of its own, on the server's database: enough answers of about 80 words for both runs.

    Prints the path of the page and a session of its annotator.
    """
    import django

    django.setup()
    from django.test import Client

    from tests.cast import Cast

    cast = Cast()
    for number in range(2 * ITEMS + 40):
        cast.item(text=f"Answer {number}. " + "Nurses are caring women who rarely lead a ward. " * 9)
    client = Client()
    client.force_login(cast.ada)
    print(f"/p/{cast.project.slug}/review/", client.cookies["sessionid"].value)


def answer(page: Page, number: int) -> float:
    """Answer the item on the screen; milliseconds from the last key to the next item."""
    biased = number % 5 == 4
    if biased:
        for key in ("b", "1", "w", "r"):
            page.keyboard.press(key)
        page.keyboard.type("Some ")
    page.evaluate(MEASURE)
    page.keyboard.press("Control+Enter" if biased else "f")
    milliseconds = float(page.evaluate("window.painted"))
    page.wait_for_timeout(THINK * 1000)
    return milliseconds


def sitting(page: Page, url: str, wire: CDPSession, delay: int) -> dict[str, float]:
    """ITEMS answers; what they cost."""
    meter = Meter(wire)
    wire.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": delay, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    page.goto(url)
    page.wait_for_selector("[data-slot=item][data-item]")
    page.wait_for_load_state("networkidle")
    first_load, requests = meter.bytes, meter.requests
    times = sorted(answer(page, number) for number in range(ITEMS))
    page.locator("[data-strip] > *").wait_for(state="detached")
    page.wait_for_load_state("networkidle")
    figures = {
        "p50": statistics.median(times),
        "p95": times[int(0.95 * ITEMS) - 1],
        "max": times[-1],
        "requests": (meter.requests - requests) / ITEMS,
        "first": first_load / 1000,
        "further": (meter.bytes - first_load) / ITEMS / 1000,
    }
    print(f"delay {delay} ms: " + ", ".join(f"{name} {value:.2f}" for name, value in figures.items()))
    return figures


# ---------------------------------------------------------------- what an answer costs


def fine(page: Page) -> None:
    page.keyboard.press("f")


def biased(page: Page) -> None:
    """Category, severity, and the rewrite that every biased answer has: one word more, in front."""
    for key in ("1", "w", "r"):
        page.keyboard.press(key)
    page.keyboard.type("Some ")
    page.keyboard.press("Control+Enter")


def span(page: Page) -> None:
    """The same; the category is given to marked words instead of to the whole."""
    box = page.evaluate(
        """() => {
          const text = document.querySelector("[data-answer]").firstChild;
          const range = document.createRange();
          range.setStart(text, text.data.indexOf("caring"));
          range.setEnd(text, text.data.indexOf("women") + 5);
          return range.getClientRects()[0].toJSON();
        }"""
    )
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle)
    page.mouse.up()
    page.locator(".is-armed").wait_for()
    biased(page)


def one_word(page: Page) -> None:
    """One word of the answer replaced by another."""
    for key in ("1", "w", "r", "Control+Delete"):
        page.keyboard.press(key)
    page.keyboard.type("Reply ")
    page.keyboard.press("Control+Enter")


SCRIPTS = {"fine": fine, "biased": biased, "span": span, "one word": one_word}


def presses(page: Page, url: str) -> dict[str, int]:
    """Key presses and clicks of each script, without the letters of the rewrite, which are the same anywhere."""
    page.goto(url)
    page.wait_for_selector("[data-slot=item][data-item]")
    page.evaluate(COUNT)
    counted = {}
    for name, script in SCRIPTS.items():
        item = page.locator("[data-slot=item]").get_attribute("data-item")
        page.evaluate("Object.assign(window.presses, {keys: 0, typed: 0, clicks: 0})")
        with page.expect_response("**/review/submit/") as response:
            script(page)
        assert response.value.status == 200, response.value.text()
        page.wait_for_function("(item) => document.querySelector('[data-slot=item]').dataset.item !== item", arg=item)
        seen = page.evaluate("window.presses")
        counted[name] = seen["keys"] + seen["clicks"]
        print(f"{name}: {seen['keys']} keys, {seen['clicks']} clicks, and {seen['typed']} letters typed")
    return counted


def measure() -> list[Bar]:
    with studio("sqlite", DJANGO_SETTINGS_MODULE="studio.settings") as server, sync_playwright() as playwright:
        path, session = server.program("benchmarks.review_screen", SEED).split()
        home = f"http://127.0.0.1:{server.port}"
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        runs = {}
        for delay in (0, DELAY_MS):
            context = browser.new_context(viewport=DESKTOP)  # with an empty cache
            context.add_cookies([{"name": "sessionid", "value": session, "url": home}])
            page = context.new_page()
            runs[delay] = sitting(page, home + path, context.new_cdp_session(page), delay)
            context.close()
        context = browser.new_context(viewport=DESKTOP)
        context.add_cookies([{"name": "sessionid", "value": session, "url": home}])
        cost = presses(context.new_page(), home + path)
        browser.close()
    plain, late = runs[0], runs[DELAY_MS]
    return [
        at_most("key press to next item painted, p95", plain["p95"], 100, "ms"),
        at_most(f"the same with {DELAY_MS} ms of network delay", late["p95"], 100, "ms"),
        at_most("requests per item", max(plain["requests"], late["requests"]), 2),
        at_most("first load of the page", max(plain["first"], late["first"]), 150, "kB"),
        at_most("each further item", max(plain["further"], late["further"]), 10, "kB"),
        *(at_most(f"presses for “{name}”", cost[name], most) for name, most in BEST_PEER.items()),
    ]


def main() -> int:
    if sys.argv[1:] == [SEED]:
        people_and_items()
        return 0
    print(machine())
    return report(measure())


if __name__ == "__main__":
    sys.exit(main())

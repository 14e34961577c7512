"""Where Chromium is and how it is started; no Django here, so that benchmarks can use it too."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
DESKTOP = {"width": 1280, "height": 800}
LAPTOP = {"width": 1366, "height": 633}
PHONE = {"width": 390, "height": 844}
PATIENCE = 20_000
"""Milliseconds that a test waits for what must come: the machine may be slow, and busy with other tests."""


class NoChromium(Exception):
    """The browser tests cannot run, and what to do about it."""


def chromium_path() -> str:
    """STUDIO_CHROMIUM, or the first Chromium on PATH."""
    path = os.environ.get("STUDIO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise NoChromium("Chromium is missing. Debian: apt-get install chromium. Elsewhere: set STUDIO_CHROMIUM to it.")
    return path

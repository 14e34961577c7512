"""What the launcher prints: one line at a time, each with the name of the process it came from."""

import os
import sys
from typing import TextIO

COLOURS = {"web": 36, "default": 32, "gpu": 35, "answers": 34, "beat": 33, "redis": 31, "studio": 1}


class Console:
    """Lines with a name in front; coloured only on a terminal that wants it. A closed terminal silences it."""

    def __init__(self, out: TextIO | None = None, *, width: int = 7):
        self.out: TextIO | None = out or sys.stdout
        self.width = width
        self.coloured = self.out.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """Print one line of the process `name`."""
        head = f"{name:<{self.width}} |"
        if self.coloured:
            head = f"\x1b[{COLOURS.get(name, 0)}m{head}\x1b[0m"
        self.plain(f"{head} {text}")

    def say(self, text: str) -> None:
        """Print one line of the launcher itself."""
        self.line("studio", text)

    def plain(self, text: str = "") -> None:
        """Print a line as it is."""
        if self.out is None:
            return
        try:
            print(text, file=self.out, flush=True)
        except (OSError, ValueError):
            self.out = None  # the terminal is gone; the children are not, so the launcher goes on without words

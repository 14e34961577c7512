"""Django's makemessages, which also knows the t() and tn() of the review screen's JavaScript."""

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

LANGUAGES = ["ar", "de"]


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=t", "--keyword=tn:1,2"]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        ignored = ["var", "tests", "benchmarks", "docs", "studio/models.py"]
        parser.set_defaults(locale=LANGUAGES, ignore_patterns=ignored, add_location="file", no_obsolete=True)

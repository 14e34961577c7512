"""What the two import commands share: the arguments, and the report in words."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from annotation.exchange import Report
from annotation.science.formats import FORMATS
from studio.models import Project


class ImportCommand(BaseCommand):
    """Read a file, or stdin, into a project by `verb`."""

    verb: Callable[..., Report]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name in its address")
        parser.add_argument("file", help="JSON lines or CSV, UTF-8; - for stdin")
        parser.add_argument("--format", choices=FORMATS, help="default: by the file's ending")
        parser.add_argument("--all-or-nothing", action="store_true", help="keep nothing if one line is bad")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        format = options["format"] or ("csv" if options["file"].lower().endswith(".csv") else "jsonl")
        on_bad = "abort" if options["all_or_nothing"] else "skip"
        with ExitStack() as stack:
            try:
                stream: BinaryIO = (
                    sys.stdin.buffer
                    if options["file"] == "-"
                    else stack.enter_context(Path(options["file"]).open("rb"))
                )
            except OSError as error:
                raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
            self.say(type(self).verb(project, stream, format, actor=None, on_bad=on_bad))

    def say(self, report: Report) -> None:
        for bad in report.bad:
            self.stderr.write(f"line {bad.line}: {bad.field + ': ' if bad.field else ''}{bad.reason}")
        if (more := report.bad_count - len(report.bad)) > 0:
            self.stderr.write(f"and {more} more bad lines")
        if report.aborted:
            raise CommandError(f"Nothing was kept: {report.bad_count} bad lines.")
        self.stdout.write(f"{report.added} added, {report.unchanged} there already, {report.bad_count} bad")

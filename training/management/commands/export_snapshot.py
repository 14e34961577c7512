"""Door: write a snapshot to a file, with its manifest beside it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training import export
from training.models import Snapshot


class Command(BaseCommand):
    help = "Write a snapshot for a trainer: the file, and <file>.manifest.json beside it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("digest", help="the snapshot's SHA-256, or its first characters")
        parser.add_argument("--format", default="jsonl", choices=list(export.FORMATS))
        parser.add_argument("--out", type=Path, default=Path(), help="folder to write to (default: here)")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(Snapshot.objects.filter(digest__startswith=options["digest"])[:2])
        if len(found) != 1:
            raise CommandError(f"{len(found) or 'no'} snapshots start with {options['digest']}: name one.")
        snapshot, format = found[0], export.find(options["format"])
        folder: Path = options["out"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        path = folder / export.filename(snapshot, format)
        try:
            write(path, snapshot, format)
        except (export.ExportFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(path))


def write(path: Path, snapshot: Snapshot, format: export.Format) -> None:
    """The file is whole when it has its name; the manifest comes last."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.writelines(export.export(snapshot, format, actor=None))
    unfinished.replace(path)
    manifest = export.manifest(snapshot, format)
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")

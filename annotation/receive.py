"""Verbs: an uploaded file comes in, at once if it is small, else kept on the disk for a worker to read."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotation import exchange
from annotation.models import Upload, UploadMovedOn
from studio.models import Project, User

SMALL = 5 * 2**20
"""Bytes that are read while the person waits: a second or two."""

KINDS: dict[str, tuple[str, Callable[..., exchange.Report]]] = {
    "prompts": ("Prompts, for the live model to answer", exchange.import_prompts),
    "answers": ("Answers of any model, to be reviewed", exchange.import_answers),
    "demonstrations": ("Judged answers with rewrites, already settled", exchange.import_demonstrations),
}


def format_of(name: str) -> str:
    """CSV by its ending, else JSON lines."""
    return "csv" if name.lower().endswith((".csv", ".tsv")) else "jsonl"


def read_now(project: Project, file: UploadedFile, *, what: str, on_bad: str, actor: User) -> Upload:
    """Read a small file at once; what is kept is its report."""
    _, verb = KINDS[what]
    upload = row(project, file, what, on_bad, actor)
    report = verb(project, file.file, upload.format, actor=actor, on_bad=on_bad)
    upload.state, upload.report, upload.finished_at = Upload.State.DONE, report.as_dict(), timezone.now()
    upload.read = upload.size
    upload.save(force_insert=True)
    return upload


def row(project: Project, file: UploadedFile, what: str, on_bad: str, actor: User) -> Upload:
    """What is known of a file before it is read."""
    name = file.name or "upload"
    return Upload(
        project=project,
        name=name[:255],
        what=what,
        format=format_of(name),
        on_bad=on_bad,
        size=file.size or 0,
        created_by=actor,
    )


def keep(project: Project, file: UploadedFile, *, what: str, on_bad: str, actor: User) -> Upload:
    """Keep a large file on the disk, whole before the row that names it can be seen.

    It is copied before the transaction begins: on SQLite, everybody who writes waits for that to end.
    """
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    copy = settings.UPLOAD_DIR / f"{uuid4()}.part"
    try:
        with copy.open("wb") as out:
            for piece in file.chunks():
                out.write(piece)
        with transaction.atomic():
            upload = row(project, file, what, on_bad, actor)
            upload.sent_at = timezone.now()
            upload.save(force_insert=True)
            copy.replace(upload.path)
    finally:
        copy.unlink(missing_ok=True)  # still there only if something went wrong
    return upload


def read_kept(upload_id: int) -> None:
    """Read a kept file, and remove it once its end is told. Safe to deliver twice: no line comes in again.

    A delivery that was taken over raises UploadMovedOn, also when it failed, and leaves the file to the other one.
    """
    if (upload := Upload.objects.take(upload_id)) is None:
        return
    _, verb = KINDS[upload.what]
    try:
        with upload.path.open("rb") as file:
            stream = Watched(file, upload.beat)
            report = verb(upload.project, stream, upload.format, actor=upload.created_by, on_bad=upload.on_bad)
        _end(upload, Upload.State.DONE, report=report.as_dict())
    except UploadMovedOn:
        raise
    except FileNotFoundError:
        _end(upload, Upload.State.FAILED, error="The file is no longer on the disk: upload it again.")
    except Exception:
        sentence = "Something went wrong inside the studio; the worker's log says more. The file was not kept."
        _end(upload, Upload.State.FAILED, error=sentence)
        raise
    finally:
        upload.let_go()  # nothing, once it ended; a worker that must stop leaves it to the next delivery


def _end(upload: Upload, state: Upload.State, **said: Any) -> None:
    """Tell how it ended, and only then remove the file: another delivery may be reading it."""
    upload.end(state, **said)
    upload.path.unlink(missing_ok=True)


def lost() -> list[Upload]:
    """Uploads whose message or worker was lost, each claimed by this call to be sent again."""
    again = timezone.now() - timedelta(seconds=settings.SILENCE_SECONDS)
    waiting = Upload.objects.untended().filter(Q(sent_at=None) | Q(sent_at__lt=again))
    return [each for each in waiting if waiting.filter(pk=each.pk).update(sent_at=timezone.now())]


class Watched:
    """A file that says once a second how far it was read."""

    def __init__(self, file: BinaryIO, beat: Callable[[int], None]):
        self.file = file
        self.beat = beat
        self.last = time.monotonic()

    def readline(self, limit: int = -1) -> bytes:
        if (now := time.monotonic()) - self.last >= 1:
            self.last = now
            self.beat(self.file.tell())
        return self.file.readline(limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

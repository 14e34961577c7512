"""A file that is too large to be read while a person waits: it lies on the disk, and a worker reads it."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from studio.models import Project


class UploadMovedOn(Exception):
    """This upload ended, or another worker reads it now."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def active(self) -> Self:
        return self.filter(state__in=Upload.ACTIVE)

    def untended(self) -> Self:
        """Active uploads that no living worker reads: never taken, or silent too long."""
        silence = timedelta(seconds=settings.SILENCE_SECONDS)
        return self.active().filter(Q(heartbeat_at=None) | Q(heartbeat_at__lt=timezone.now() - silence))

    def take(self, pk: int) -> "Upload | None":
        """Hold upload `pk` for this delivery, or return None: ended, or a live worker reads it."""
        taken = (
            self.untended()
            .filter(pk=pk)
            .update(state=Upload.State.READING, worker=uuid.uuid4(), heartbeat_at=timezone.now())
        )
        return self.select_related("project", "created_by").get(pk=pk) if taken else None


class Upload(models.Model):
    """One uploaded file on its way in. Reading it twice changes nothing, so a lost worker is only lost time."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READING = "reading"
        DONE = "done"
        FAILED = "failed"

    ACTIVE = (State.WAITING, State.READING)

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    what = models.CharField(max_length=20)
    format = models.CharField(max_length=8)
    on_bad = models.CharField(max_length=8)
    size = models.BigIntegerField()
    read = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    report = models.JSONField(default=dict)
    error = models.TextField(blank=True, help_text="Why it failed, as a sentence for people.")
    worker = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When a message naming this row was last sent.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "reading", "done", "failed"]), name="upload_known_state"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return settings.UPLOAD_DIR / f"{self.pk}.{self.format}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def waits_for_worker(self) -> bool:
        """Nobody has picked it up for 20 seconds: the page says what to start."""
        return self.state == self.State.WAITING and timezone.now() - self.created_at > timedelta(seconds=20)

    def beat(self, read: int) -> None:
        """Say that this delivery is alive and how far it is; raise UploadMovedOn if it no longer holds the upload."""
        self._change({"heartbeat_at": timezone.now(), "read": read})

    def end(self, state: "Upload.State", *, report: dict[str, Any] | None = None, error: str = "") -> None:
        """Take the last edge, if this delivery still holds the upload; else raise UploadMovedOn."""
        self._change({"state": state, "report": report or {}, "error": error, "finished_at": timezone.now()})

    def let_go(self) -> None:
        """Leave it for the next delivery to take at once."""
        Upload.objects.active().filter(pk=self.pk, worker=self.worker).update(heartbeat_at=None)

    def _change(self, changes: dict[str, Any]) -> None:
        if Upload.objects.active().filter(pk=self.pk, worker=self.worker).update(**changes) != 1:
            raise UploadMovedOn(f"upload {self.pk} ended, or was taken over by another worker")
        for name, value in changes.items():
            setattr(self, name, value)

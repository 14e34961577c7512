"""A batch of answers asked of the live model, and who is writing it: never two at once for one project."""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from studio.models import Project
from training.models import ModelVersion


class RefillMovedOn(Exception):
    """This refill ended, or another worker holds it now."""


class RefillQuerySet(models.QuerySet["Refill"]):
    def active(self) -> Self:
        return self.filter(state__in=Refill.ACTIVE)

    def untended(self) -> Self:
        """Active refills that no living worker holds: never taken, or silent too long."""
        silence = timedelta(seconds=settings.SILENCE_SECONDS)
        return self.active().filter(Q(heartbeat_at=None) | Q(heartbeat_at__lt=timezone.now() - silence))

    def take(self, pk: int) -> "Refill | None":
        """Hold refill `pk` for this delivery, or return None: ended, or a live worker has it."""
        taken = (
            self.untended()
            .filter(pk=pk)
            .update(
                state=Refill.State.WRITING,
                worker=uuid.uuid4(),
                heartbeat_at=timezone.now(),
                attempt=models.F("attempt") + 1,
            )
        )
        return self.select_related("project", "version").get(pk=pk) if taken else None


class Refill(models.Model):
    """One batch: which prompts, with which seeds, put to which version.

        waiting --> writing --> done
           |           |-----> failed
           '------------------'

    What to ask is fixed when the row is made, so that a second delivery asks the same and stores nothing twice.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        WRITING = "writing"
        DONE = "done"
        FAILED = "failed"

    ACTIVE = (State.WAITING, State.WRITING)

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="refills")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    asked = models.JSONField(help_text="[prompt id, seed] pairs.")
    pairs = models.JSONField(
        default=dict,
        blank=True,
        help_text="{prompt id: the answer that the new one is compared with}. Null: two new ones are compared.",
    )
    sampling = models.JSONField()
    stored = models.PositiveIntegerField(default=0)
    worker = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When a message naming this row was last sent.")
    progress = models.JSONField(default=dict)
    error = models.TextField(blank=True, help_text="Why it failed, as a sentence for people.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RefillQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state__in=["waiting", "writing"]), name="one_active_refill_per_project"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "writing", "done", "failed"]), name="refill_known_state"
            ),
        ]

    def __str__(self) -> str:
        return f"refill {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def waits_for_worker(self) -> bool:
        """Nobody has picked it up for 20 seconds: the page says what to start."""
        return self.state == self.State.WAITING and timezone.now() - self.created_at > timedelta(seconds=20)

    def beat(self, progress: dict[str, Any] | None = None) -> None:
        """Say that this delivery is alive; raise RefillMovedOn if it no longer holds the refill."""
        changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
        if progress is not None:
            changes["progress"] = progress
        self._change(changes)

    def end(self, state: "Refill.State", *, stored: int = 0, error: str = "") -> None:
        """Take the last edge, if this delivery still holds the refill; else raise RefillMovedOn."""
        self._change({"state": state, "stored": stored, "error": error, "finished_at": timezone.now()})

    def let_go(self) -> None:
        """Leave it for the next delivery to take at once."""
        Refill.objects.active().filter(pk=self.pk, worker=self.worker).update(heartbeat_at=None)

    def _change(self, changes: dict[str, Any]) -> None:
        held = Refill.objects.active().filter(pk=self.pk, worker=self.worker)
        if held.update(**changes) != 1:
            raise RefillMovedOn(f"{self} ended, or was taken over by another worker")
        for name, value in changes.items():
            setattr(self, name, value)

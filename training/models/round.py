"""A round: one pass of the loop, as a state machine with a heartbeat."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from studio.models import AppendOnly, Project, User
from training.models.snapshot import Snapshot


class IllegalMove(Exception):
    """There is no such edge in MOVES."""


class RoundMovedOn(Exception):
    """Somebody else moved this round, or another worker holds it now."""


class State(models.TextChoices):
    """Where a round stands; why is in its newest event."""

    QUEUED = "queued"
    TRAINING = "training"
    EVALUATING = "evaluating"
    PASSED = "passed"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.TRAINING, State.EVALUATING)
RESEND = timedelta(seconds=60)
"""How long a message may wait before it is taken for lost."""


def silence() -> timedelta:
    return timedelta(seconds=settings.SILENCE_SECONDS)


class RoundQuerySet(models.QuerySet["Round"]):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def untended(self) -> Self:
        """Active rounds that no living worker holds: never taken, or silent too long."""
        return self.active().filter(Q(heartbeat_at=None) | Q(heartbeat_at__lt=timezone.now() - silence()))

    def silent(self) -> Self:
        """Rounds a worker took and then went quiet on."""
        return self.untended().exclude(heartbeat_at=None)

    def take(self, pk: int) -> "Round | None":
        """Hold round `pk` for this delivery, or return None: resting, a live worker has it, or it lost too many.

        One conditional UPDATE decides between two deliveries of the same message.
        """
        worker = uuid.uuid4()
        free = self.untended().filter(pk=pk, attempt__lt=settings.MAX_ATTEMPTS)
        taken = free.update(worker=worker, heartbeat_at=timezone.now(), attempt=models.F("attempt") + 1)
        return self.filter(pk=pk, worker=worker).first() if taken else None


class Round(models.Model):
    """One pass of the loop: a frozen snapshot in, a judged model out.

        queued --> training --> evaluating --> passed
           |          |             |  '------> rejected
           +----------+-------------+---------> failed | cancelled

    Being live is not a state of a round: see `Promotion`.
    """

    MOVES = {
        State.QUEUED: {State.TRAINING, State.FAILED, State.CANCELLED},
        State.TRAINING: {State.EVALUATING, State.FAILED, State.CANCELLED},
        State.EVALUATING: {State.PASSED, State.REJECTED, State.FAILED, State.CANCELLED},
    }

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="rounds")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    spec = models.JSONField(default=dict, help_text="RoundSpec fields, fixed when the round opens.")
    trigger = models.CharField(
        max_length=60, blank=True, help_text="Who or what opened it: a person, or the policy that did."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    worker = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When a message naming this round was last sent.")
    progress = models.JSONField(default=dict, help_text="The newest stage and progress line of the child.")
    gate = models.JSONField(default=dict, help_text="The gate's verdict: passed, reasons, limits.")

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_once_per_project"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(state__in=ACTIVE), name="one_active_round_per_project"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="round_known_state"),
        ]

    def __str__(self) -> str:
        return f"round {self.number}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def folder(self) -> Path:
        return settings.ROUND_DIR / f"{self.project_id}-{self.number}"

    def move(self, to: State, *, actor: User | None = None, reason: str = "", held: bool = False) -> None:
        """Take one edge of MOVES, or raise; write its RoundEvent in the same transaction.

        A worker moves only a round it still holds (`held`); a person moves it whoever holds it.
        """
        old = State(self.state)
        if to not in self.MOVES.get(old, ()):
            raise IllegalMove(f"{self}: {old} -> {to}")
        changes: dict[str, Any] = {"state": to}
        holder = {"worker": self.worker} if held else {}
        if to not in ACTIVE:
            changes["finished_at"] = timezone.now()
        with transaction.atomic():
            if Round.objects.filter(pk=self.pk, state=old, **holder).update(**changes) != 1:
                raise RoundMovedOn(f"{self} is no longer {old}, or another worker holds it")
            RoundEvent.objects.create(round=self, old_state=old, new_state=to, actor=actor, reason=reason)
        for name, value in changes.items():
            setattr(self, name, value)

    def beat(self, progress: dict[str, Any] | None = None) -> None:
        """Say that this delivery is alive, and how far it is; raise RoundMovedOn if it no longer holds the round."""
        changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
        if progress is not None:
            changes["progress"] = progress
        held = Round.objects.filter(pk=self.pk, state=self.state, worker=self.worker)
        if held.update(**changes) != 1:
            raise RoundMovedOn(f"{self} was moved, or taken over by another worker")

    def claim_resend(self) -> bool:
        """Whether this caller, and no other, is to send this untended round's message again now.

        Due when the worker went silent after the last message, or when nobody came for so long that the message must
        be lost. The pause doubles up to ten minutes: a day without a worker must not leave a thousand messages.
        """
        now, sent = timezone.now(), self.sent_at or self.created_at
        pause = min(max(RESEND, sent - self.created_at), 10 * RESEND)
        if not (self.heartbeat_at and sent <= self.heartbeat_at) and now - sent < pause:
            return False
        mine = Round.objects.untended().filter(pk=self.pk, sent_at=self.sent_at, worker=self.worker)
        with transaction.atomic():
            if mine.update(sent_at=now) != 1:
                return False
            if self.heartbeat_at and sent <= self.heartbeat_at:
                self.remark(
                    f"Its worker was lost (attempt {self.attempt} of {settings.MAX_ATTEMPTS}); sent for another."
                )
        return True

    def remark(self, reason: str) -> None:
        """Write something into the round's history that did not move it."""
        RoundEvent.objects.create(round=self, old_state=self.state, new_state=self.state, reason=reason)

    def let_go(self) -> None:
        """Leave the round for the next delivery to take at once; a worker that is told to stop is not a lost one."""
        mine = Round.objects.active().filter(pk=self.pk, worker=self.worker, attempt__gt=0)
        mine.update(worker=None, heartbeat_at=None, attempt=models.F("attempt") - 1)


class RoundEvent(AppendOnly):
    """One move of a round: when, from where, to where, by whom, why; a remark stays where it is."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.old_state} -> {self.new_state}"


class RoundMetric(models.Model):
    """One logged training step; a step repeated after a resume replaces the first."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="metrics")
    step = models.PositiveIntegerField()
    loss = models.FloatField(null=True)
    learning_rate = models.FloatField(null=True)
    tokens_per_second = models.FloatField(null=True)
    memory_mb = models.FloatField(null=True)

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["round", "step"], name="metric_once_per_step")]

    def __str__(self) -> str:
        return f"{self.round_id}:{self.step}"

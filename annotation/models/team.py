"""What a team does around the answers: gold, threads, notices, collections, saved views, bulk actions, check-ins."""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models.answer import Answer
from annotation.models.project import Prompt
from annotation.models.queue import Item
from studio.models import AppendOnly, Project
from training.models import ModelVersion


class GoldQuerySet(models.QuerySet["Gold"]):
    def known(self) -> Self:
        """Those that may be given to people: marked, and on an answer that still stands."""
        return self.filter(is_active=True, answer__undone_at=None)


class Gold(models.Model):
    """An item whose answer is known: it is mixed in, unrecognisable, and what people answer is compared with it."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="gold")
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="+")
    explanation = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GoldQuerySet.as_manager()

    def __str__(self) -> str:
        return f"gold {self.item_id}"


class Remark(AppendOnly):
    """A line in an item's thread; `sent_back` is the answer that a curator asked to be thought over."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="remarks")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    mentions = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    sent_back = models.ForeignKey(Answer, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class Notice(models.Model):
    """Something a person should know: they were mentioned, an item came back, an item of theirs was decided."""

    class Kind(models.TextChoices):
        MENTION = "mention"
        SENT_BACK = "sent_back"
        DECIDED = "decided"
        PROPOSAL = "proposal"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    text = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["user", "project"], condition=Q(read_at=None), name="notice_unread")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"


class Collection(models.Model):
    """Items put together by hand, to be frozen and exported by themselves."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="collections")
    name = models.CharField(max_length=120)
    items = models.ManyToManyField(Item, blank=True, related_name="collections")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="collection_once_per_project")]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A set of filters of the data browser under a name; shared ones are seen by all who may browse."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    query = models.CharField(max_length=2000, help_text="The query string of the page.")
    is_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "owner", "name"], name="saved_view_once_per_person_and_name")
        ]

    def __str__(self) -> str:
        return self.name


class BulkAction(models.Model):
    """One action on many items, and what it changed, so that it can be undone."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="bulk_actions")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)
    count = models.PositiveIntegerField(default=0)
    changes = models.JSONField(default=dict, help_text="Ids of the rows that changed, and what they were before.")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.verb} on {self.count}"


class CheckIn(models.Model):
    """What a person said in one week of how the work is; only the team's average is ever shown."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="check_ins")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    week = models.DateField(help_text="Its Monday.")
    worth = models.PositiveSmallIntegerField(null=True, help_text="Was this time well spent? 1 to 5.")
    mood = models.PositiveSmallIntegerField(null=True, help_text="How are you? 1 to 5.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "week"], name="check_in_once_a_week"),
            models.CheckConstraint(
                condition=(Q(worth=None) | Q(worth__gte=1, worth__lte=5))
                & (Q(mood=None) | Q(mood__gte=1, mood__lte=5)),
                name="check_in_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"check-in of week {self.week}"


class VariantQuerySet(models.QuerySet["Variant"]):
    def untended(self) -> Self:
        """Variants still to be answered that no living worker is at: never taken, or silent too long."""
        silence = timedelta(seconds=settings.SILENCE_SECONDS)
        untouched = Q(heartbeat_at=None) | Q(heartbeat_at__lt=timezone.now() - silence)
        return self.filter(untouched, state=Variant.State.ASKED)

    def take(self, prompt: int, version: int) -> "list[Variant]":
        """Hold what is asked of `version` about `prompt` for this delivery; nothing where another has it."""
        mine = uuid.uuid4()
        self.untended().filter(prompt=prompt, version=version).update(worker=mine, heartbeat_at=timezone.now())
        return list(self.filter(state=Variant.State.ASKED, worker=mine).order_by("pk"))


class Variant(models.Model):
    """The same prompt with a group's term swapped, and what the model answered: asked for from the review screen.

    The prompt as it stands is one too, with no terms: what the others are compared with.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        DONE = "done"
        FAILED = "failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="variants")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="variants")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    old_term = models.CharField(max_length=200)
    new_term = models.CharField(max_length=200)
    text = models.TextField(help_text="The prompt with the term swapped.")
    messages = models.JSONField(null=True, blank=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.ASKED)
    answer = models.TextField(blank=True)
    error = models.TextField(blank=True)
    sampling = models.JSONField(default=dict)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    worker = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    objects = VariantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["worker"], condition=Q(state="asked"), name="variant_asked_by_worker")]
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "version", "old_term", "new_term"], name="variant_once_per_version_and_swap"
            ),
            models.CheckConstraint(condition=Q(state__in=["asked", "done", "failed"]), name="variant_known_state"),
        ]

    def __str__(self) -> str:
        return f"{self.old_term} -> {self.new_term}" if self.old_term else "the prompt as it stands"


class ReportQuerySet(models.QuerySet["Report"]):
    """Which reports are kept."""

    def thin(self) -> int:
        """Keep all of the last seven days, and of each week before the newest of its kind; say how many went."""
        old = self.filter(at__lt=timezone.now() - timedelta(days=7)).order_by("-pk")
        seen: set[tuple[int, str, int, int]] = set()
        gone = []
        for pk, project, kind, at in old.values_list("pk", "project", "kind", "at"):
            week = (project, kind, *at.isocalendar()[:2])
            if week in seen:
                gone.append(pk)
            seen.add(week)
        for start in range(0, len(gone), 500):
            self.filter(pk__in=gone[start : start + 500]).delete()
        return len(gone)


class Report(models.Model):
    """Numbers over many answers, worked out by a worker and kept: agreement, annotator models, severity forecasts.

    No history: whatever it says can be worked out again from the answers, which are. So old ones are thinned out.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)
    last_answer = models.BigIntegerField(default=0, help_text="The newest answer it has seen.")
    data: Any = models.JSONField()

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["project", "kind", "-id"], name="report_newest")]

    def __str__(self) -> str:
        return f"{self.kind} report of {self.project}"

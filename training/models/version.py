"""What can answer: model versions, and which of them is live."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.models import AppendOnly, AppendOnlyQuerySet, Project


class ModelVersionQuerySet(AppendOnlyQuerySet):
    def current(self, project: Project) -> "ModelVersion | None":
        """The live version: that of the newest promotion; None before the first."""
        newest = Promotion.objects.filter(project=project).select_related("version").order_by("-pk").first()
        return newest.version if newest else None


class ModelVersion(AppendOnly):
    """A base model, with the adapter a round made for it, or without: version 0 is the base itself."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    base_model = models.CharField(max_length=500)
    round = models.OneToOneField("training.Round", null=True, on_delete=models.PROTECT, related_name="version")
    adapter = models.CharField(max_length=300, blank=True, help_text="Folder of the adapter, below the data folder.")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the adapter's weights.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()  # type: ignore[misc]  # narrows AppendOnly.objects

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="version_number_once_per_project"),
            models.CheckConstraint(
                condition=Q(number=0, adapter="") | Q(number__gt=0) & ~Q(adapter=""), name="version_0_is_the_base"
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def adapter_path(self) -> Path | None:
        return settings.DATA_DIR / self.adapter if self.adapter else None


class Promotion(AppendOnly):
    """That a version went live. The newest one decides; a rollback is one more row."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="promotions")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    against_gate = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(against_gate=False) | ~Q(reason=""), name="against_the_gate_needs_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} live from {self.created_at:%Y-%m-%d %H:%M}"

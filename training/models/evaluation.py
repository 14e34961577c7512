"""What was measured of a version, and how it compares with the one that was live."""

from pathlib import Path

from django.conf import settings
from django.db import models

from studio.models import AppendOnly
from training.models.round import Round
from training.models.version import ModelVersion


class Evaluation(AppendOnly):
    """One model on one version of one suite. The items' raw scores lie in `raw`."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    suite = models.CharField(max_length=60)
    suite_version = models.PositiveIntegerField()
    suite_digest = models.CharField(max_length=64)
    raw = models.CharField(max_length=300, help_text="JSON lines, one per item, below the data folder.")
    seconds = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["suite"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "suite", "suite_digest"], name="evaluation_once_per_version_and_suite"
            )
        ]

    def __str__(self) -> str:
        return f"{self.suite} of {self.version}"

    @property
    def raw_path(self) -> Path:
        return settings.DATA_DIR / self.raw


class Score(AppendOnly):
    """One number with its interval. `axis` and `group` are "all" for totals."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="scores")
    metric = models.CharField(max_length=60)
    axis = models.CharField(max_length=60, default="all")
    group = models.CharField(max_length=120, default="all")
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField()
    interval = models.CharField(max_length=20)
    unit = models.CharField(max_length=20)
    target = models.FloatField(null=True)
    higher_is_better = models.BooleanField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "metric", "axis", "group"], name="score_once_per_group")
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.axis}/{self.group}"


class Comparison(AppendOnly):
    """A round's candidate against `against`, on the same items."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="comparisons")
    against = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    suite = models.CharField(max_length=60)
    metric = models.CharField(max_length=60)
    axis = models.CharField(max_length=60, default="all")
    group = models.CharField(max_length=120, default="all")
    delta = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p = models.FloatField(null=True)
    test = models.CharField(max_length=40)
    n = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "suite", "metric", "axis", "group"], name="comparison_once_per_group"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.axis}/{self.group}: {self.delta}"

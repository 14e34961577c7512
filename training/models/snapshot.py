"""A frozen dataset: named by the SHA-256 of its rows, kept as one file of JSON lines, never changed."""

from pathlib import Path

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from studio.models import AppendOnly, Project


class Snapshot(AppendOnly):
    """Settled items, copied by value. The rows lie in `path`; `composition` counts them for the page."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="snapshots")
    digest = models.CharField(max_length=64, unique=True, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    rows = models.PositiveIntegerField()
    demonstrations = models.PositiveIntegerField(
        help_text="Rows with a rewrite: what supervised fine-tuning learns from."
    )
    composition = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(demonstrations__lte=models.F("rows")), name="snapshot_demonstrations_le_rows"
            )
        ]

    def __str__(self) -> str:
        return self.digest[:12]

    @property
    def path(self) -> Path:
        return settings.SNAPSHOT_DIR / f"{self.digest}.jsonl"


class SnapshotRow(AppendOnly):
    """That the example `uuid` is line `position` of a snapshot: lineage both ways, not knowing what an item is."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="row_set")
    position = models.PositiveIntegerField()
    uuid = models.UUIDField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "position"], name="snapshot_row_position"),
            models.UniqueConstraint(fields=["snapshot", "uuid"], name="snapshot_row_uuid"),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id}:{self.position}"

"""The machines' rows, to look at: nothing is added, changed or deleted here, because the verbs keep the books."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from training.models import Comparison, Evaluation, ModelVersion, Promotion, Round, RoundEvent, Score, Snapshot


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnly):
    list_display = ("digest", "project", "rows", "demonstrations", "created_at")
    list_select_related = ("project",)
    search_fields = ("digest",)


@admin.register(Round)
class RoundAdmin(ReadOnly):
    list_display = ("number", "project", "state", "trigger", "created_at", "heartbeat_at", "attempt")
    list_filter = ("state",)
    list_select_related = ("project",)


@admin.register(RoundEvent)
class RoundEventAdmin(ReadOnly):
    list_display = ("round", "at", "old_state", "new_state", "actor", "reason")
    list_select_related = ("round", "actor")


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly):
    list_display = ("number", "project", "base_model", "round", "digest", "created_at")
    list_select_related = ("project", "round")


@admin.register(Promotion)
class PromotionAdmin(ReadOnly):
    list_display = ("version", "project", "actor", "against_gate", "reason", "created_at")
    list_select_related = ("version", "project", "actor")


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly):
    list_display = ("version", "suite", "suite_version", "seconds", "created_at")
    list_select_related = ("version",)


@admin.register(Score)
class ScoreAdmin(ReadOnly):
    list_display = ("evaluation", "metric", "axis", "group", "value", "low", "high", "n")
    list_filter = ("metric",)
    list_select_related = ("evaluation__version",)


@admin.register(Comparison)
class ComparisonAdmin(ReadOnly):
    list_display = ("round", "suite", "metric", "axis", "group", "delta", "low", "high", "p", "test")
    list_select_related = ("round",)

"""The back room, for superusers: everything can be looked at, nothing changed.

What is here changes through its verbs alone, which lock, check and keep the books.
"""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from annotation.models import Answer, Category, Draft, Generation, Guideline, Item, Prompt, Seat, Skip, Topic, Verdict


class ReadOnly(admin.ModelAdmin):
    """Look, do not touch. No total counts: a queue may hold millions of rows."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).order_by("-pk")


@admin.register(Topic, Category)
class TaxonomyAdmin(ReadOnly):
    """What answers are sorted by."""

    list_display = ("name", "slug", "project")
    list_select_related = ("project",)
    list_filter = ("project",)
    search_fields = ("name", "slug")


@admin.register(Guideline)
class GuidelineAdmin(ReadOnly):
    """Versions are append-only; a new one is written on the guidelines page."""

    list_display = ("topic", "version", "created_by", "created_at")
    list_select_related = ("topic", "created_by")


@admin.register(Prompt)
class PromptAdmin(ReadOnly):
    """What was asked."""

    list_display = ("pk", "__str__", "project", "topic", "split")
    list_select_related = ("project", "topic")
    list_filter = ("project", "split")


@admin.register(Generation)
class GenerationAdmin(ReadOnly):
    """What a model answered."""

    list_display = ("pk", "__str__", "model_name", "seed", "created_at")


@admin.register(Item)
class ItemAdmin(ReadOnly):
    """What waits, or waited, to be read."""

    list_display = ("uuid", "project", "created_at")
    list_select_related = ("project",)
    search_fields = ("=uuid",)


@admin.register(Seat)
class SeatAdmin(ReadOnly):
    """Who holds what until when."""

    list_display = ("pk", "item_id", "position", "status", "holder", "lease_ends_at")
    list_select_related = ("holder",)
    list_filter = ("status", "project")


@admin.register(Answer)
class AnswerAdmin(ReadOnly):
    """What people said."""

    list_display = ("key", "item_id", "annotator", "outcome", "severity", "created_at", "undone_at")
    list_select_related = ("annotator",)
    list_filter = ("outcome",)


@admin.register(Verdict)
class VerdictAdmin(ReadOnly):
    """What stands."""

    list_display = ("item_id", "how", "decided_by", "created_at")
    list_select_related = ("decided_by",)
    list_filter = ("how",)


@admin.register(Skip)
class SkipAdmin(ReadOnly):
    """Who passed on what, and why."""

    list_display = ("item_id", "user", "reason", "at")
    list_select_related = ("user",)
    list_filter = ("reason",)


@admin.register(Draft)
class DraftAdmin(ReadOnly):
    """What was written and not sent."""

    list_display = ("item_id", "user", "updated_at")
    list_select_related = ("user",)

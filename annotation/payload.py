"""What the review screen gets to see of a seat: one query for any number of seats, then plain JSON values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from annotation.models import UNDO_WINDOW, Answer, Category, Draft, Guideline, Seat, Skip
from annotation.prepared import USER, Prepared, ids, once, prepare, some_ids
from studio.models import Project, User

DOORS = ("submit", "skip", "undo", "draft", "heartbeat", "release")


@dataclass(frozen=True, slots=True)
class Shown:
    """A held seat, with all that the page shows of its item."""

    pk: int
    item_id: int
    lease_ends_at: datetime
    uuid: UUID
    prompt: str
    messages: Any
    text: str
    model: str
    topic: str | None
    guideline_version: int | None
    guideline_text: str | None
    draft: Any
    draft_at: datetime | None


def held(user: User, seats: Sequence[int]) -> list[Shown]:
    """Those of `seats` that `user` holds, in the order of the queue, by one query."""
    if not seats:
        return []
    rows = shown(len(seats)).rows({USER.pk: user.pk, **ids(seats)})
    return [Shown(*row) for row in rows]


@once
def shown(count: int) -> Prepared:
    newest = Guideline.objects.filter(topic=OuterRef("item__prompt__topic")).order_by("-version")
    draft = Draft.objects.filter(item=OuterRef("item"), user=OuterRef("holder"))
    seats = Seat.objects.held_by(USER).filter(pk__in=some_ids(count)).order_by("item_id", "pk")
    return prepare(
        seats.values_list(
            "pk",
            "item_id",
            "lease_ends_at",
            "item__uuid",
            "item__prompt__text",
            "item__prompt__messages",
            "item__generation__text",
            "item__generation__model_name",
            "item__prompt__topic__name",
            Subquery(newest.values("version")[:1]),
            Subquery(newest.values("text")[:1]),
            Subquery(draft.values("data")[:1]),
            Subquery(draft.values("updated_at")[:1]),
        )
    )


def item(seat: Shown) -> dict[str, Any]:
    """ITEM of the review protocol."""
    guideline = {"version": seat.guideline_version, "text": seat.guideline_text} if seat.guideline_version else None
    return {
        "seat": seat.pk,
        "item": str(seat.uuid),
        "prompt": seat.prompt,
        "messages": seat.messages,
        "text": seat.text,
        "model": seat.model,
        "topic": {"name": seat.topic, "guideline": guideline} if seat.topic is not None else None,
        "lease_ends_at": seat.lease_ends_at.isoformat(),
        "draft": seat.draft,
        "draft_at": seat.draft_at.isoformat() if seat.draft_at else None,
    }


def page(project: Project, user: User, seats: Sequence[Shown]) -> dict[str, Any]:
    """All that the review screen starts with."""
    return {
        "project": {"slug": project.slug, "name": project.name},
        "items": [item(seat) for seat in seats],
        "categories": categories(project),
        "urls": {door: reverse(f"annotation:review-{door}", args=[project.slug]) for door in DOORS},
        "now": timezone.now().isoformat(),
        "undo_seconds": int(UNDO_WINDOW.total_seconds()),
        "lease_seconds": 60 * project.lease_minutes,
        "sitting": {"done": done_today(project, user)},
        "skip_reasons": skip_reasons(),
    }


def done_today(project: Project, user: User) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Answer.objects.standing().filter(annotator=user, created_at__gte=midnight)
    return mine.filter(item__project=project, seat__isnull=False).count()


def categories(project: Project) -> list[dict[str, Any]]:
    """The project's taxonomy, with the key that chooses each: its position, where that is one digit."""
    return [
        {
            "id": category.pk,
            "slug": category.slug,
            "name": category.name,
            "description": category.description,
            "key": str(category.position) if 1 <= category.position <= 9 else "",
        }
        for category in Category.objects.filter(project=project)
    ]


def skip_reasons() -> list[dict[str, str]]:
    return [{"value": value, "label": str(label)} for value, label in Skip.Reason.choices]

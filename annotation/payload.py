"""What the review screen gets to see of a seat: one query for any number of seats, then plain JSON values."""

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from annotation.models import UNDO_WINDOW, Answer, Category, Draft, Guideline, Seat, Skip
from studio.models import Project, User

DOORS = ("submit", "skip", "undo", "draft", "heartbeat", "release")


def page(project: Project, user: User, seats: Sequence[Seat]) -> dict[str, Any]:
    """All that the review screen starts with."""
    return {
        "project": {"slug": project.slug, "name": project.name},
        "items": [item(seat) for seat in seats],
        "categories": categories(project),
        "urls": {door: reverse(f"annotation:review-{door}", args=[project.slug]) for door in DOORS},
        "undo_seconds": int(UNDO_WINDOW.total_seconds()),
        "lease_seconds": 60 * project.lease_minutes,
        "sitting": {"done": done_today(project, user)},
        "skip_reasons": skip_reasons(),
    }


def done_today(project: Project, user: User) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Answer.objects.standing().filter(annotator=user, created_at__gte=midnight)
    return mine.filter(item__project=project, seat__isnull=False).count()


def for_the_page(seats: QuerySet[Seat]) -> QuerySet[Seat]:
    """The same seats, with everything `item` reads."""
    newest = Guideline.objects.filter(topic=OuterRef("item__generation__prompt__topic")).order_by("-version")
    draft = Draft.objects.filter(item=OuterRef("item"), user=OuterRef("holder"))
    return seats.select_related("item__generation__prompt__topic").annotate(
        guideline_version=Subquery(newest.values("version")[:1]),
        guideline_text=Subquery(newest.values("text")[:1]),
        draft=Subquery(draft.values("data")[:1]),
    )


def item(seat: Any) -> dict[str, Any]:
    """ITEM of the review protocol, from a seat of `for_the_page`."""
    generation = seat.item.generation
    return {
        "seat": seat.pk,
        "item": str(seat.item.uuid),
        "prompt": generation.prompt.text,
        "messages": generation.prompt.messages,
        "text": generation.text,
        "model": generation.model_name,
        "topic": topic(seat),
        "lease_ends_at": seat.lease_ends_at.isoformat(),
        "draft": seat.draft,
    }


def topic(seat: Any) -> dict[str, Any] | None:
    if seat.item.generation.prompt.topic is None:
        return None
    guideline = None
    if seat.guideline_version is not None:
        guideline = {"version": seat.guideline_version, "text": seat.guideline_text}
    return {"name": seat.item.generation.prompt.topic.name, "guideline": guideline}


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

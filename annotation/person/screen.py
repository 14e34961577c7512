"""What the review screen starts with: items, and around them the project, the person and what waits. Only reads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from annotation.models import UNDO_WINDOW, Answer, Category, Skip
from annotation.person import strings, wellbeing
from annotation.queue import payload
from annotation.queue.payload import Shown
from annotation.submit import said_in
from annotation.values import guidelines
from studio.models import Project, User

REVIEW_DOORS = ("submit", "skip", "undo", "unskip", "draft", "heartbeat", "release", "variants", "preferences")
OTHER_DOORS = {"check_in": "check-in", "topics": "mine-topics", "mine": "mine"}


def page(project: Project, user: User, seats: Sequence[Shown], *, waiting: str | None = None) -> dict[str, Any]:
    """All that the review screen starts with; `waiting` says why there is nothing to do, where there is nothing."""
    return {
        "project": {"slug": project.slug, "name": project.name},
        "items": [payload.item(seat) for seat in seats],
        "topics": guidelines.in_force({seat.topic_id for seat in seats if seat.topic_id is not None}),
        "categories": categories(project),
        "reasons": [{**one, "label": strings.reason(one["label"])} for one in project.rewrite_reasons],
        "urls": urls(project),
        "now": timezone.now().isoformat(),
        "undo_seconds": int(UNDO_WINDOW.total_seconds()),
        "lease_seconds": 60 * project.lease_minutes,
        "reader": reader(user),
        "has_terms": project.term_sets.exists(),
        "sitting": {
            **wellbeing.sitting(project, user),
            "limits": {"minutes": project.sitting_minutes, "exposure": project.exposure_budget},
        },
        "check_in_after": wellbeing.check_in_after(project, user),
        "undo": last_deed(project, user),
        "waiting": waiting,
        "skip_reasons": skip_reasons(),
    }


def correction(project: Project, user: User, given: Answer) -> dict[str, Any]:
    """The same screen on one answer that was given, filled in as it was; nothing waits behind it."""
    alone = {"undo": None, "check_in_after": None, "has_terms": False}
    back = reverse("annotation:mine-answer", args=[project.slug, given.key])
    door = reverse("annotation:review-correct", args=[project.slug])
    which = {"answer": str(given.key), "url": door, "back": back}
    return {**page(project, user, [as_given(given)]), **alone, "correcting": which}


def as_given(given: Answer) -> Shown:
    """A seat that was answered as it looked when it was held, with its answer for a draft."""
    item, topic, now = given.item, given.item.prompt.topic, timezone.now()
    guideline = topic.guideline if topic else None
    assert given.seat_id is not None  # a curator's own decision is not corrected here
    said = {**said_in(given).as_draft(), "outcome": given.outcome, "active_ms": given.active_ms}
    return Shown(
        pk=given.seat_id,
        item_id=item.pk,
        lease_ends_at=now,
        uuid=item.uuid,
        mode=item.mode,
        prompt=item.prompt.text,
        messages=item.prompt.messages,
        text=item.text,
        other=item.other.text if item.other else None,
        model=item.generation.model_name if item.generation else None,
        topic_id=topic.pk if topic else None,
        topic=topic.name if topic else None,
        warning=topic.warning if topic else None,
        forecast=item.predicted_severity,
        guideline_version=guideline.version if guideline else None,
        draft=said,
        draft_at=now,
        returned=None,
    )


def urls(project: Project) -> dict[str, str]:
    """Where the page sends what; in `guideline`, 0 stands for a topic's id."""
    doors = {door: reverse(f"annotation:review-{door}", args=[project.slug]) for door in REVIEW_DOORS}
    others = {name: reverse(f"annotation:{door}", args=[project.slug]) for name, door in OTHER_DOORS.items()}
    return {**doors, **others, "guideline": reverse("annotation:review-guideline", args=[project.slug, 0])}


def reader(user: User) -> dict[str, Any]:
    """A person's own settings of the screen."""
    return {
        "keys": user.keys,
        "single_keys": user.single_keys,
        "blur_from": user.blur_from,
        "language": user.language,
    }


def last_deed(project: Project, user: User) -> dict[str, Any] | None:
    """The newest answer or pass, while it can be taken back: a reload must not take the offer away.

    A pass has no key: its item names it.
    """
    since = timezone.now() - UNDO_WINDOW
    mine = Answer.objects.standing().filter(annotator=user, created_at__gt=since, item__project=project)
    newest = mine.filter(seat__isnull=False, replaces=None).select_related("item").order_by("-created_at").first()
    passed = Skip.objects.filter(user=user, at__gt=since, item__project=project).select_related("item")
    last = passed.order_by("-at").first()
    if last is not None and (newest is None or newest.created_at < last.at):
        item = str(last.item.uuid)
        return {"kind": "skip", "key": item, "item": item, "answer": {}, "left": seconds_left(last.at)}
    if newest is None:
        return None
    of = {"kind": "submit", "key": str(newest.key), "item": str(newest.item.uuid)}
    return {**of, "answer": said_in(newest).as_draft(), "left": seconds_left(newest.created_at)}


def seconds_left(since: datetime) -> int:
    return max(0, int((since + UNDO_WINDOW - timezone.now()).total_seconds()))


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
    return [{"value": value, "label": gettext(str(label))} for value, label in Skip.Reason.choices]

"""Verbs: tell people what concerns them, and note what they have read."""

from collections.abc import Iterable

from django.db.models import F, QuerySet
from django.utils import timezone

from annotation.models import Item, Notice
from studio.models import Project, User


def tell(
    project: Project, people: Iterable[int], kind: Notice.Kind, *, item: Item | None = None, text: str = ""
) -> None:
    """One notice for each of `people`, by their ids; call it inside the transaction of what it tells of."""
    Notice.objects.bulk_create(
        Notice(project=project, user_id=user, kind=kind, item=item, text=text) for user in sorted({*people})
    )


WORDS: dict[str, str] = {
    Notice.Kind.MENTION: "mentioned",
    Notice.Kind.SENT_BACK: "sent back to you",
    Notice.Kind.DECIDED: "decided",
    Notice.Kind.PROPOSAL: "proposal",
}


def of(project: Project, user: User) -> QuerySet[Notice]:
    """Unread ones first, each kind of them the newest first."""
    mine = Notice.objects.filter(project=project, user=user).select_related("item__prompt")
    return mine.order_by(F("read_at").asc(nulls_first=True), "-pk")


def read(project: Project, user: User, notice: int | None = None) -> int:
    """Mark one as read, or all; how many were not."""
    unread = Notice.objects.filter(project=project, user=user, read_at=None)
    if notice is not None:
        unread = unread.filter(pk=notice)
    return unread.update(read_at=timezone.now())


def read_about(project: Project, user: User, item: Item) -> None:
    """Whoever has an item's thread before them has read what they were told of it."""
    unread = Notice.objects.filter(project=project, user=user, read_at=None, item=item)
    unread.exclude(kind=Notice.Kind.SENT_BACK).update(read_at=timezone.now())

"""Machine's verb: what is to be read becomes items, each with the seats that it wants."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from annotation import bulk
from annotation.models import Item, Prompt, Seat
from studio.models import Project


class NewItem(NamedTuple):
    """What is to be read: a review of `generation`, a comparison of it with `other`, or neither: a demonstration."""

    prompt: int
    generation: int | None = None
    other: int | None = None

    @property
    def mode(self) -> str:
        if self.generation is None:
            return Item.Mode.DEMONSTRATE.value
        return Item.Mode.REVIEW.value if self.other is None else Item.Mode.COMPARE.value


def lock(project: Project) -> None:
    """Until the transaction ends, nobody else chooses what `project` is to read next: who chose is who seats it."""
    Project.objects.select_for_update(no_key=True).values_list("pk").get(pk=project.pk)


@transaction.atomic
def seat_items(project: Project, new: Sequence[NewItem]) -> list[int]:
    """An item for each of `new`, with its topic's or the project's number of seats; their ids, in the same order.

    All of them or none: an item without a seat would be read by nobody, and nothing would notice.
    """
    ids, now = bulk.reserve(Item, len(new)), timezone.now()
    bulk.insert(
        Item,
        ("id", "uuid", "project", "mode", "prompt", "generation", "other", "created_at"),
        [
            (pk, uuid4(), project.pk, one.mode, one.prompt, one.generation, one.other, now)
            for pk, one in zip(ids, new, strict=True)
        ],
    )
    wanted = seats_wanted(project, new)
    bulk.insert(
        Seat,
        ("project", "item", "position", "status", "purpose", "topic"),
        [
            (project.pk, item, position, Seat.Status.OPEN.value, Seat.Purpose.WORK.value, topic)
            for item, (seats, topic) in zip(ids, wanted, strict=True)
            for position in range(seats)
        ],
    )
    return ids


def seats_wanted(project: Project, new: Sequence[NewItem]) -> list[tuple[int, int | None]]:
    """For each of `new`, how many readers it wants, as its topic says or else the project, and its prompt's topic."""
    overlaps = dict(project.topics.values_list("pk", "overlap"))
    if not overlaps:
        return [(project.overlap, None)] * len(new)
    topics = dict(Prompt.objects.filter(pk__in={one.prompt for one in new}).values_list("pk", "topic"))
    return [(overlaps.get(topics[one.prompt]) or project.overlap, topics[one.prompt]) for one in new]

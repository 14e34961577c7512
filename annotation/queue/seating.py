"""Machine's verb: what is to be read becomes items, each with the seats that it wants."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from annotation.models import Item, Prompt, Seat
from annotation.queue import bulk
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


def lock(project: Project) -> Project:
    """The project as it is now. Until the transaction ends, nobody else chooses what it is to read next, and nobody
    changes how many are to read each item."""
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


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
    wanted = seats_wanted(project, [one.prompt for one in new])
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


def reopen(project: Project, items: Sequence[tuple[int, int]]) -> int:
    """Open retired items (id, prompt) again, each with as many seats as are wanted now; the number of items.

    Those of the lowest positions open, and where there are too few, new ones come beside them. Under the project's
    lock: of two who do it at once, the second finds the items open and leaves them.
    """
    with transaction.atomic():
        project = lock(project)
        numbers = seats_wanted(project, [prompt for _, prompt in items])
        wanted = {item: number for (item, _), number in zip(items, numbers, strict=True)}
        there: dict[int, list[Seat]] = {item: [] for item in wanted}
        for seat in Seat.objects.filter(item__in=wanted).order_by("position"):
            there[seat.item_id].append(seat)
        again, new = list[int](), list[Seat]()
        closed = [item for item, seats in there.items() if all(one.status == Seat.Status.RETIRED for one in seats)]
        for item in closed:
            number, topic = wanted[item]
            work = [seat.pk for seat in there[item] if seat.purpose == Seat.Purpose.WORK][:number]
            again += work
            first = there[item][-1].position + 1
            more = range(first, first + number - len(work))
            new += [Seat(project=project, item_id=item, position=position, topic_id=topic) for position in more]
        Seat.objects.filter(pk__in=again).update(status=Seat.Status.OPEN)
        Seat.objects.bulk_create(new)
    return len(closed)


def seats_wanted(project: Project, prompts: Sequence[int]) -> list[tuple[int, int | None]]:
    """For an item of each of `prompts`, how many readers it wants, as its topic says or else the project, and its
    prompt's topic."""
    overlaps = dict(project.topics.values_list("pk", "overlap"))
    if not overlaps:
        return [(project.overlap, None)] * len(prompts)
    topics = dict(Prompt.objects.filter(pk__in={*prompts}).values_list("pk", "topic"))
    return [(overlaps.get(topics[prompt]) or project.overlap, topics[prompt]) for prompt in prompts]

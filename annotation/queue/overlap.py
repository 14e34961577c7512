"""Verb: another number of readers per item, also for the items that are in the queue already."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from annotation.models import Item, OverlapChange, Seat, Topic
from annotation.models.queue import free
from annotation.queue import onboarding
from annotation.queue.turn import in_turn
from annotation.submit import agree
from studio import audit
from studio.models import Project, User

CHUNK = 200
"""Items changed by one transaction: readers never wait long for the lock."""

AGAIN = timedelta(minutes=1)
"""A change that nobody has worked on for so long is sent for again."""

LATELY = timedelta(minutes=2)
"""For so long after a change the timer looks again: no answer is written for longer."""

FEW = 2000
"""So many items are changed while a person waits; more are a worker's."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a change would do to the items in the queue."""

    more: int
    """Items that get more seats."""
    fewer: int
    """Items that lose seats which nobody holds."""

    @property
    def items(self) -> int:
        return self.more + self.fewer


@transaction.atomic
def change_topic(topic: Topic, wanted: int | None, *, actor: User) -> bool:
    """How many people answer each item of `topic`; None: as the project says. `apply` then changes the queue."""
    before = Topic.objects.select_for_update(no_key=True).get(pk=topic.pk).overlap
    if before == wanted:
        return False
    Topic.objects.filter(pk=topic.pk).update(overlap=wanted)
    OverlapChange.objects.create(project=topic.project, topic=topic)
    audit.record(actor, "changed overlap", topic, project=topic.project, before=before, after=wanted)
    return True


@transaction.atomic
def change_numbers(project: Project, wanted: dict[str, Any], *, actor: User) -> bool:
    """Change the project's settings, and with its number of readers the queue: `apply` does that; whether it must."""
    changed = "overlap" in onboarding.change_settings(project, wanted, actor=actor)
    if changed:
        OverlapChange.objects.create(project=project)
    return changed


def lost() -> list[OverlapChange]:
    """Changes that nobody is at: a message or a worker was lost. Each is given to one timer."""
    again = Q(beat_at__lt=timezone.now() - AGAIN)
    waiting = OverlapChange.objects.waiting().filter(again).order_by("pk")
    mine = OverlapChange.objects.waiting().filter(again)
    return [change for change in waiting if mine.filter(pk=change.pk).update(beat_at=timezone.now())]


def look_again() -> None:
    """Who was answering an item's only seat when it got more may have settled it after the last look at it."""
    for change in OverlapChange.objects.filter(done_at__gt=timezone.now() - LATELY).select_related("project", "topic"):
        close_what_was_settled_meanwhile(change.project, change.topic)


def reach(project: Project, topic: Topic | None, wanted: int) -> Reach:
    """How many items in the queue would change if `wanted` people were to answer each.

    Only what has no verdict: settled items stay as they are. Disputed ones are in it, and a further seat makes them
    wait for a further reader.
    """
    items = in_queue(project, topic)
    return Reach(more=items.filter(n__lt=wanted).count(), fewer=items.filter(n__gt=wanted, free__gt=0).count())


def in_queue(project: Project, topic: Topic | None) -> QuerySet[Any]:
    """Unsettled items with seats for work: how many, and how many of these are free. `topic` None: all the items for
    which the project's number counts. What a curator put into the queue by hand stays as it is."""
    seats = Seat.objects.filter(project=project, purpose=Seat.Purpose.WORK, item__verdict=None, item__steered_at=None)
    seats = seats.exclude(status=Seat.Status.RETIRED)
    seats = seats.filter(topic=topic) if topic else seats.filter(Q(topic=None) | Q(topic__overlap=None))
    return seats.values("item").annotate(n=Count("pk"), free=Count("pk", filter=to_spare())).order_by("item")


def to_spare() -> Q:
    """Of seats: free, and kept for nobody: neither assigned nor sent back."""
    return free() & Q(reserved_for=None)


def apply(project: Project, topic: Topic | None = None) -> int:
    """Give every item in the queue as many seats as are wanted now; the number of items that changed.

    Works in chunks, and asks for the wanted number in each, so that two people who change it at once end with the one
    who came last, and a run that broke off can be run again. A seat that somebody holds is never taken from them: where
    too many are held, an item keeps them. A change that is asked for while this runs is not done by it.
    """
    asked = OverlapChange.objects.waiting().about(project, topic)
    asked = OverlapChange.objects.waiting().filter(pk__in=list(asked.values_list("pk", flat=True)))
    changed, last = 0, 0
    while True:
        with in_turn(), transaction.atomic():
            wanted = wanted_now(project, topic)
            differ = Q(n__lt=wanted) | Q(n__gt=wanted, free__gt=0)
            rows = in_queue(project, topic).filter(differ, item__gt=last)[:CHUNK]
            items = [row["item"] for row in rows]
            if not items:
                break
            changed += change(items, wanted)
            asked.update(beat_at=timezone.now())
        last = items[-1]
    close_what_was_settled_meanwhile(project, topic)
    asked.update(done_at=timezone.now())
    return changed


def wanted_now(project: Project, topic: Topic | None) -> int:
    own = Topic.objects.values_list("overlap", flat=True).get(pk=topic.pk) if topic else None
    return own or Project.objects.values_list("overlap", flat=True).get(pk=project.pk)


def change(items: list[int], wanted: int) -> int:
    """Under the locks of the items, so that no reader's answer decides one of them meanwhile."""
    locked = list(Item.objects.select_for_update(no_key=True).filter(pk__in=items).order_by("pk").values_list("pk"))
    still = Item.objects.filter(pk__in=[pk for (pk,) in locked], verdict=None, steered_at=None)
    unsettled = list(still.values_list("pk", flat=True))
    there: dict[int, list[Seat]] = defaultdict(list)
    work = Seat.objects.filter(item__in=unsettled, purpose=Seat.Purpose.WORK).exclude(status=Seat.Status.RETIRED)
    for seat in work.order_by("position"):
        there[seat.item_id].append(seat)
    return add({item: wanted - len(seats) for item, seats in there.items()}) + take_away(there, wanted)


def add(missing: dict[int, int]) -> int:
    """So many more seats at each item: first those that were taken away before, then new ones."""
    missing = {item: number for item, number in missing.items() if number > 0}
    retired = Seat.objects.filter(item__in=missing, status=Seat.Status.RETIRED, purpose=Seat.Purpose.WORK, holder=None)
    again = []
    for pk, item in retired.order_by("position").values_list("pk", "item"):
        if missing[item]:
            missing[item] -= 1
            again.append(pk)
    Seat.objects.filter(pk__in=again).update(status=Seat.Status.OPEN, reserved_for=None)
    about = Item.objects.filter(pk__in=missing).annotate(last=Max("seats__position"))
    Seat.objects.bulk_create(
        Seat(project_id=project, item_id=item, topic_id=topic, position=last + n)
        for item, project, topic, last in about.values_list("pk", "project", "prompt__topic", "last")
        for n in range(1, missing[item] + 1)
    )
    return len(missing)


def take_away(there: dict[int, list[Seat]], wanted: int) -> int:
    """Retire what is too many and free; where every seat that stays is answered, the item is decided."""
    changed = 0
    for item, seats in there.items():
        if len(seats) <= wanted:
            continue
        open_ones = [seat.pk for seat in seats if seat.is_free() and seat.reserved_for_id is None]
        too_many = open_ones[::-1][: len(seats) - wanted]
        # who sat down in this moment keeps the seat
        closing = Seat.objects.filter(to_spare(), pk__in=too_many)
        if closing.update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None):
            changed += 1
            agree(item)
    return changed


def close_what_was_settled_meanwhile(project: Project, topic: Topic | None) -> None:
    """Who answered an item's only seat in the very moment when it got more settled it alone: the new ones go again."""
    seats = Seat.objects.filter(to_spare(), project=project, purpose=Seat.Purpose.WORK, item__verdict__isnull=False)
    seats = seats.filter(item__steered_at=None)
    seats = seats.filter(topic=topic) if topic else seats
    pks = list(seats.values_list("pk", flat=True)[: 10 * CHUNK])
    Seat.objects.filter(to_spare(), pk__in=pks).update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None)

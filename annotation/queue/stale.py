"""Verbs (machine): what an older model wrote leaves the queue unread, and comes back with its model."""

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from annotation.models import Item, Seat
from annotation.models.queue import ItemQuerySet
from annotation.queue.seating import reopen
from studio.models import Project
from training.models import ModelVersion

CHUNK = 500
"""Items retired by one transaction: annotators on SQLite never wait long for the write lock."""


def retire_stale(project: Project, version: ModelVersion) -> int:
    """Close the unread items whose new side other hosted versions wrote; the number closed."""
    others = list(project.versions.exclude(pk=version.pk).values_list("pk", flat=True))
    if not others:
        return 0
    return retire_unread(Item.objects.filter(project=project, generation__version__in=others))


def retire_unread(items: ItemQuerySet) -> int:
    """Close those of `items` that nobody has read, nobody put into the queue by hand, and that are kept for nobody."""
    kept = Seat.objects.filter(item=OuterRef("pk"), status=Seat.Status.OPEN, reserved_for__isnull=False)
    stale, retired = items.filter(~Exists(kept), steered_at=None).unread(), 0
    while ids := list(stale.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        if not (closed := retire(ids)):
            break  # all of them are being claimed right now: the next tick looks again
        retired += closed
    return retired


def bring_back(version: ModelVersion, wanted: int, *, mode: str = Item.Mode.REVIEW.value) -> int:
    """Open up to `wanted` items again that were retired unread before `version` came back (a rollback).

    Each for as many readers as are wanted now. What a curator took out by hand stays out.
    """
    seats = Seat.objects.filter(item=OuterRef("pk"))
    closed = (
        Item.objects.filter(generation__version=version, mode=mode, steered_at=None, verdict=None, answers=None)
        .filter(Exists(seats.filter(status=Seat.Status.RETIRED)), ~Exists(seats.exclude(status=Seat.Status.RETIRED)))
        .order_by("pk")
    )
    return reopen(version.project, list(closed.values_list("pk", "prompt")[:wanted]))


@transaction.atomic
def retire(ids: list[int]) -> int:
    """Rows are locked first, and only items whose every seat is free under the lock are closed: a claim in the same
    moment either comes first, and the item stays, or waits, and then finds its seat closed. SKIP LOCKED leaves a
    seat that is being claimed to its reader. SQLite needs no row locks: its transactions are taken one at a time.
    """
    locked = Seat.objects.select_for_update(skip_locked=True, of=("self",)).filter(item__in=ids).order_by("pk")
    free: dict[int, int] = {}
    for seat in locked.only("item", "status", "lease_ends_at", "reserved_for"):
        if seat.is_free() and seat.reserved_for_id is None:
            free[seat.item_id] = free.get(seat.item_id, 0) + 1
    there = Count("seats", filter=~Q(seats__status=Seat.Status.RETIRED))
    seats = Item.objects.filter(pk__in=free).annotate(n=there).values_list("pk", "n")
    whole = [item for item, n in seats if n == free[item]]
    closing = Seat.objects.filter(item__in=whole, status=Seat.Status.OPEN)
    closing.update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None)
    return len(whole)

"""Bulk action: a seat of each item is kept for one person."""

from collections import defaultdict
from collections.abc import Sequence

from annotation.browse.bulk.in_queue import sent_back, steer, steered, unsteer, work_seats
from annotation.browse.bulk.verb import Changes, Stays, Verb
from annotation.models import Item, Seat, Skip, Topic
from studio.models import Project, User


def stay(project: Project, items: Sequence[int], *, person: User | None = None) -> Stays:
    """Who would rather not read a topic is not told of here: that is theirs alone, and what is kept for them in it
    goes to the others by itself."""
    free = work_seats(items).open()
    yield "without an open seat", set(items) - set(free.values_list("item", flat=True))
    yield (
        "sent back to their reader, for whom they wait",
        set(items) - set(free.filter(~sent_back()).values_list("item", flat=True)),
    )
    if person is not None:
        sat = Seat.objects.filter(item__in=items, holder=person).values_list("item", flat=True)
        skipped = Skip.objects.filter(item__in=items, user=person).values_list("item", flat=True)
        yield f"read or skipped by {person.display_name} before", {*sat, *skipped}
        wrote = Item.objects.written_by(person).filter(pk__in=items)
        yield f"with {person.display_name}’s own words in it", wrote.values_list("pk", flat=True)
        others = Topic.objects.filter(project=project, readers__isnull=False).exclude(readers__user=person)
        named = Item.objects.filter(pk__in=items, prompt__topic__in=others.values("pk"))
        yield f"of a topic for which others are named, not {person.display_name}", named.values_list("pk", flat=True)
        has = work_seats(items).filter(status=Seat.Status.OPEN, reserved_for=person)
        yield f"kept for {person.display_name} already", has.values_list("item", flat=True)


def do(project: Project, items: Sequence[int], *, actor: User, person: User) -> Changes:
    """One open seat of each item is kept for `person`: rather one that is kept for nobody yet."""
    chosen: dict[int, tuple[int, int | None]] = {}
    free = work_seats(items).open().filter(~sent_back())
    for pk, item, kept_for in free.values_list("pk", "item", "reserved_for"):
        if item not in chosen or (chosen[item][1] is not None and kept_for is None):
            chosen[item] = (pk, kept_for)
    pks = [pk for pk, _ in chosen.values()]
    Seat.objects.open().filter(pk__in=pks).update(reserved_for=person, holder=None, lease_ends_at=None)
    kept = set(Seat.objects.filter(pk__in=pks, reserved_for=person).values_list("pk", flat=True))
    seats = [[pk, item, before] for item, (pk, before) in chosen.items() if pk in kept]
    done = [item for item, (pk, _) in chosen.items() if pk in kept]
    return {"items": done, "seats": seats, **steer(done)}


def undo(project: Project, changes: Changes) -> int:
    """Where they have not begun: kept for whom it was kept before, and if for nobody, for everybody."""
    mine = Seat.objects.open().filter(reserved_for=changes["person"])
    seats = {pk: (item, kept_for) for pk, item, kept_for in changes["seats"]}
    free = mine.filter(pk__in=seats).values_list("pk", flat=True)
    before: dict[int | None, list[int]] = defaultdict(list)
    for pk in free:
        before[seats[pk][1]].append(pk)
    done = {seats[pk][0] for pks in before.values() for pk in pks}
    for kept_for, pks in before.items():
        mine.filter(pk__in=pks).update(reserved_for=kept_for, holder=None, lease_ends_at=None)
    unsteer(changes["steered"], done)
    return len(done)


ASSIGN = Verb(
    label="Assign",
    deed="has one of its open seats kept for one person: nobody else gets it.",
    done="assigned",
    stay=stay,
    do=do,
    undo=undo,
    stands=steered,
    needs="person",
)

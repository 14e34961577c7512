"""What the data page and an item's page show: counts, lists, lineage. Only reads."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from annotation import compare, policy, refill
from annotation.models import Item, Seat
from studio.models import Project
from training.models import ModelVersion, Round, SnapshotRow

ENOUGH = 1000
"""Counting stops here: "1000+" tells a curator as much as the true number, at a hundredth of its cost."""

STATES = {
    "unread": "Nobody has read it, nobody holds it",
    "reading": "Held, or answered by some of its readers",
    "disputed": "Its readers do not agree",
    "settled": "A verdict stands",
    "replaced": "Taken out unread, because a newer model answers now",
}


class CappedPaginator(Paginator):
    """Pages of the first ENOUGH rows: who looks further, filters."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list[:ENOUGH].count())  # type: ignore[attr-defined]


def in_state(items: QuerySet[Item], state: str) -> QuerySet[Item]:
    """The items of `items` that are in `state`, a key of STATES; all of them for any other word."""
    seats = Seat.objects.filter(item=OuterRef("pk"))
    unsettled = items.filter(verdict=None)
    if state == "unread":
        return items.unread()  # type: ignore[attr-defined]
    if state == "reading":
        free = Q(status=Seat.Status.OPEN) & (Q(holder=None) | Q(lease_ends_at__lte=timezone.now()))
        return unsettled.filter(Exists(seats.filter(status=Seat.Status.OPEN)), Exists(seats.exclude(free)))
    if state == "disputed":
        return items.disputed()  # type: ignore[attr-defined]
    if state == "settled":
        return items.settled()  # type: ignore[attr-defined]
    if state == "replaced":
        others = seats.exclude(status=Seat.Status.RETIRED)
        return unsettled.filter(~Exists(others))
    return items


def state_of(item: Item) -> str:
    """Where an item stands, from its loaded verdict and seats: the same words as `in_state`."""
    if getattr(item, "verdict", None) is not None:
        return "settled"
    seats = list(item.seats.all())
    if all(seat.status == Seat.Status.RETIRED for seat in seats):
        return "replaced"
    if not any(seat.status == Seat.Status.OPEN for seat in seats):
        return "disputed"
    return "unread" if all(_is_free(seat) for seat in seats) else "reading"


def _is_free(seat: Seat) -> bool:
    ended = seat.lease_ends_at is None or seat.lease_ends_at <= timezone.now()
    return seat.status == Seat.Status.OPEN and ended


def page(project: Project, *, state: str, topic: str, number: str | None) -> Any:
    """A page of items, the newest first, each with `state` and all that a row of the table shows."""
    items = Item.objects.filter(project=project)
    if topic:
        items = items.filter(prompt__topic__slug=topic)
    rows = in_state(items, state).select_related("generation", "prompt__topic", "verdict__answer")
    found = CappedPaginator(rows.prefetch_related("seats").order_by("-pk"), 25).get_page(number)
    for item in found:
        item.state = state_of(item)
    return found


def overview(project: Project) -> dict[str, Any]:
    """What is in the project, what is missing, and what the machine is doing about it."""
    items = Item.objects.filter(project=project)
    version = ModelVersion.objects.current(project)
    return {
        "prompts": project.prompts.count(),
        "counts": [(name, text, in_state(items, name)[:ENOUGH].count()) for name, text in STATES.items()],
        "enough": ENOUGH,
        "new_demonstrations": policy.new_demonstrations(project),
        "policy_refusal": policy.refusal(project),
        "live": version,
        "stock": refill.unread_of(project, version)[:ENOUGH].count() if version else 0,
        "refill": project.refills.select_related("version").first(),
        "next_try": refill.next_try(project),
        "prompts_left": refill.next_prompts(project, version)[:ENOUGH].count() if version else None,
        "topics": project.topics.all(),
        "states": STATES,
    }


def with_lineage(project: Project) -> QuerySet[Item]:
    """Items of `project` with everything that is said of one on its page."""
    items = compare.with_answers(Item.objects.filter(project=project))
    return items.select_related(
        "project", "prompt__topic", "generation__version__round", "verdict__answer", "verdict__decided_by"
    )


def lineage(item: Item) -> dict[str, Any]:
    """The way of an item: from its prompt to the snapshots that hold it and the rounds that learned from it."""
    rows = SnapshotRow.objects.filter(uuid=item.uuid, snapshot__project=item.project_id)
    rounds = Round.objects.filter(snapshot__row_set__uuid=item.uuid, project=item.project_id)
    return {
        **compare.page(item),
        "state": state_of(item),
        "sampling": list(item.generation.sampling.items()) if item.generation else [],
        "metadata": list(item.prompt.metadata.items()),
        "readings": _readings(item),
        "skips": item.skips.select_related("user"),
        "rows": rows.select_related("snapshot").order_by("pk"),
        "rounds": rounds.select_related("version", "snapshot").order_by("pk"),
    }


def _readings(item: Item) -> list[dict[str, Any]]:
    """The answers as on the settling page; with names only once a verdict stands, so that words decide, not names."""
    readings = [compare.reading(number, answer, item) for number, answer in enumerate(item.answers.all(), 1)]
    if getattr(item, "verdict", None) is not None:
        for reading in readings:
            person = reading["answer"].annotator
            if person is not None:
                came_in = reading["reader"] == compare.CAME_IN
                reading["reader"] = f"{compare.CAME_IN} of {person.display_name}" if came_in else person.display_name
    return readings

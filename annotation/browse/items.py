"""What the data page and an item's page show: counts, lists, lineage. Only reads."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from annotation import policy, refill
from annotation.browse import filters, ways
from annotation.models import Answer, Item, Seat
from annotation.queue import pairs
from annotation.settling import compare, thread
from studio.models import Project, User
from training.models import ModelVersion, Round, SnapshotRow

ENOUGH = 1000
"""Counting stops here: "1000+" tells a curator as much as the true number, at a hundredth of its cost."""

STATES = {
    "unread": "Nobody has read it, nobody holds it",
    "reading": "Held, or answered by some of its readers",
    "disputed": "Its readers do not agree",
    "settled": "A verdict stands",
    "replaced": "Taken out of the queue: by a curator, or because a newer model answers now",
}

LABELS = {name: name for name in STATES} | {"replaced": "retired"}
"""What people read for each; addresses and saved views keep the key."""

AGREEMENT = {
    "agree": "two or more, who agree",
    "differ": "two or more, who differ",
    "single": "one reader",
}


def state_of(item: Item) -> str:
    """Where an item stands, from its loaded verdict and seats: a key of STATES. As `filters.being` says it."""
    if getattr(item, "verdict", None) is not None:
        return "settled"
    work = [seat for seat in item.seats.all() if seat.purpose == Seat.Purpose.WORK]
    seats = [seat for seat in work if seat.status != Seat.Status.RETIRED]
    if not seats:
        return "replaced"
    if not any(seat.status == Seat.Status.OPEN for seat in seats):
        return "disputed"
    return "unread" if all(seat.is_free() for seat in seats) else "reading"


def counts(project: Project) -> dict[str, Any]:
    """How much is in the project: the numbers of a page that is there before they are."""
    return {
        "prompts": project.prompts.count(),
        "states": [
            (name, LABELS[name], text, ways.count(filters.found(project, {"state": name}), ENOUGH))
            for name, text in STATES.items()
        ],
        "enough": ENOUGH,
        "new_demonstrations": policy.new_demonstrations(project),
        "most_demonstrations": policy.most(project),
    }


def overview(project: Project) -> dict[str, Any]:
    """What is missing in the project, and what the machine is doing about it."""
    version = ModelVersion.objects.current(project)
    return {
        "prompts": project.prompts.exists(),
        "states": [(name, LABELS[name], text, None) for name, text in STATES.items()],
        "policy_refusal": policy.refusal(project),
        "live": version,
        "stock": refill.unread_of(project, version)[:ENOUGH].count() if version else 0,
        "refill": project.refills.select_related("version").first(),
        "next_try": refill.next_try(project),
        "prompts_left": pairs.next_prompts(project, version)[:ENOUGH].count() if version else None,
        "collections": project.collections.all(),
    }


def with_lineage(project: Project) -> QuerySet[Item]:
    """Items of `project` with everything that is said of one on its page."""
    items = compare.with_answers(Item.objects.filter(project=project))
    return items.select_related(
        "project", "prompt__topic", "generation__version__round", "verdict__answer", "verdict__decided_by", "gold"
    )


def lineage(item: Item, reader: User) -> dict[str, Any]:
    """The way of an item, from its prompt to the snapshots that hold it and the rounds that learned from it.

    `reader` sees no others' names in the thread before the item is settled.
    """
    rows = SnapshotRow.objects.filter(uuid=item.uuid, snapshot__project=item.project_id)
    rounds = Round.objects.filter(snapshot__row_set__uuid=item.uuid, project=item.project_id)
    return {
        **compare.page(item),
        "state": state_of(item),
        "state_label": LABELS[state_of(item)],
        "sampling": list(item.generation.sampling.items()) if item.generation else [],
        "metadata": list(item.prompt.metadata.items()),
        "readings": _readings(item),
        "undone": _undone(item),
        "gold": getattr(item, "gold", None),
        "collections": item.collections.all(),
        "remarks": thread.lines(item, reader),
        "members": item.project.memberships.select_related("user").order_by("user__username"),
        "skips": item.skips.select_related("user"),
        "rows": rows.select_related("snapshot").order_by("pk"),
        "rounds": rounds.select_related("version", "snapshot").order_by("pk"),
    }


def _readings(item: Item) -> list[dict[str, Any]]:
    """The answers as on the settling page; with names only once a verdict stands, so that words decide, not names."""
    readings = [compare.reading(number, answer, item) for number, answer in enumerate(item.answers.all(), 1)]
    before = {answer.pk: answer for answer in taken_back(item)}
    for reading in readings:
        reading["revisions"] = list(_revisions(reading["answer"], before))
        person = reading["answer"].annotator
        if person is not None and getattr(item, "verdict", None) is not None:
            came_in = reading["reader"] == compare.CAME_IN
            reading["reader"] = f"{compare.CAME_IN} of {person.display_name}" if came_in else person.display_name
    return readings


def taken_back(item: Item) -> list[Answer]:
    """Answers that no longer stand, the newest first."""
    return list(Answer.objects.filter(item=item, undone_at__isnull=False).order_by("-created_at", "-pk"))


def _revisions(answer: Answer, before: dict[int, Answer]) -> Iterator[Answer]:
    """What an answer replaced, and what that replaced, back to the first."""
    while answer.replaces_id in before:
        answer = before[answer.replaces_id]
        yield answer


def _undone(item: Item) -> list[Answer]:
    """Answers taken back in whose place nothing stands."""
    replaced = set(item.answers.model.objects.filter(item=item).values_list("replaces", flat=True))
    return [answer for answer in taken_back(item) if answer.pk not in replaced]


def with_state(item: Any) -> Any:
    """The same item, which also says in which state it is, how many have read it, and what they say."""
    seats = [seat for seat in item.seats.all() if seat.purpose == Seat.Purpose.WORK]
    item.state = state_of(item)
    item.state_label = LABELS[item.state]
    item.readers = sum(seat.status == Seat.Status.ANSWERED for seat in seats)
    item.wanted = sum(seat.status != Seat.Status.RETIRED for seat in seats)
    item.outcomes = outcomes(item)
    return item


def outcomes(item: Item) -> list[tuple[str, str]]:
    """The verdict's word, or what its readers say so far: (word, as people read it), each once."""
    verdict = getattr(item, "verdict", None)
    said = [verdict.answer] if verdict is not None else [one for one in item.answers.all() if one.seat_id]
    return list(dict.fromkeys((answer.outcome, answer.get_outcome_display()) for answer in said))

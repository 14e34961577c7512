"""Verbs: settled items become a snapshot; a snapshot is handed over to a round."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from annotation import refill
from annotation.models import Answer, Span, Verdict
from studio.models import Project, User, pseudonym
from training import start, store_snapshot
from training.models import Round, Snapshot

CHUNK = 500
"""Verdicts read at a time: memory stays flat whatever the project's size."""

SEED_ANNOTATOR = "seed"
"""Who answered, where nobody did: rows that came settled with the project."""


FIELDS = {
    "uuid": "item__uuid",
    "prompt": "item__prompt__text",
    "messages": "item__prompt__messages",
    "completion": "item__generation__text",
    "verdict": "answer__outcome",
    "rewrite": "answer__rewrite",
    "severity": "answer__severity",
    "topic": "item__prompt__topic__slug",
    "split": "item__prompt__split",
    "annotator": "answer__annotator",
    "guideline_topic": "answer__guideline__topic__slug",
    "guideline_version": "answer__guideline__version",
    "model": "item__generation__model_name",
    "settled": "how",
    "comment": "answer__comment",
}
"""What of a verdict goes into a row, and where it is found; categories and spans are many, and read beside it."""


class NothingToFreeze(Exception):
    """No item is settled as fine or biased, and past the time for undo."""


class QueueRunsDry(Exception):
    """A round now would keep the machine from the answers that reviewers wait for."""


def settled_for_good(project: Project) -> QuerySet[Verdict]:
    """Verdicts that say fine or biased and can no longer be taken back."""
    says_something = (Answer.Outcome.FINE, Answer.Outcome.BIASED)
    return Verdict.objects.final().filter(item__project=project, answer__outcome__in=says_something)


def freeze(project: Project, *, actor: User | None) -> Snapshot:
    """The settled items of `project`, copied by value; the same items again give the same snapshot."""
    try:
        return store_snapshot.store(project, rows(project), actor=actor)
    except store_snapshot.NoRows as error:
        raise NothingToFreeze(str(error)) from error


def hand_over(project: Project, *, actor: User | None, trigger: str = "") -> Round:
    """Freeze, and open a round on the result: what a policy does.

    One machine generates and trains, so a round that starts on an empty queue would starve the reviewers.
    """
    if refill.runs_dry(project):
        raise QueueRunsDry("No unread answer is left, and new ones are being written: the round waits for them.")
    return start.open_round(freeze(project, actor=actor), actor=actor, trigger=trigger)


def rows(project: Project) -> Iterator[dict[str, Any]]:
    """Canonical rows, sorted by uuid: the order on disk depends on the data alone."""
    verdicts = settled_for_good(project).order_by("item__uuid").values_list("answer", *FIELDS.values())
    found = verdicts.iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        categories, spans = _labels([answer for answer, *_ in chunk])
        for answer, *values in chunk:
            row = dict(zip(FIELDS, values, strict=True))
            topic, version = row.pop("guideline_topic"), row.pop("guideline_version")
            yield row | {
                "uuid": str(row["uuid"]),
                "rewrite": row["rewrite"] or None,
                "annotator": pseudonym(project.pk, row["annotator"]) if row["annotator"] else SEED_ANNOTATOR,
                "guideline": {"topic": topic, "version": version} if version else None,
                "categories": categories[answer],
                "spans": spans[answer],
            }


def _labels(answers: list[int]) -> tuple[dict[int, list[str]], dict[int, list[dict[str, Any]]]]:
    """Category slugs and spans of each of `answers`, in an order that does not depend on when they were written."""
    categories: dict[int, list[str]] = defaultdict(list)
    links = Answer.categories.through.objects.filter(answer__in=answers).order_by("category__slug")
    for answer, slug in links.values_list("answer", "category__slug"):
        categories[answer].append(slug)
    spans: dict[int, list[dict[str, Any]]] = defaultdict(list)
    marked = Span.objects.filter(answer__in=answers).order_by("start", "end", "category__slug", "pk")
    for answer, first, end, slug in marked.values_list("answer", "start", "end", "category__slug"):
        spans[answer].append({"start": first, "end": end, "category": slug})
    return categories, spans

"""Verbs: settled items become a snapshot; a snapshot is handed over to a round."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotation import refill
from annotation.models import Answer, Collection, Item, Seat, Span, Verdict
from annotation.science.soft import soft
from studio.models import Project, User, pseudonym
from training import start, store_snapshot
from training.models import Round, Snapshot, SnapshotRow

CHUNK = 500
"""Verdicts read at a time: memory stays flat whatever the project's size."""

SEED_ANNOTATOR = "seed"
"""Who answered, where nobody did: rows that came settled with the project."""


FIELDS = {
    "uuid": "item__uuid",
    "prompt": "item__prompt__text",
    "messages": "item__prompt__messages",
    "mode": "item__mode",
    "completion": "item__generation__text",
    "other": "item__other__text",
    "verdict": "answer__outcome",
    "rewrite": "answer__rewrite",
    "reasons": "answer__reasons",
    "severity": "answer__severity",
    "topic": "item__prompt__topic__slug",
    "split": "item__prompt__split",
    "annotator": "answer__annotator",
    "guideline_topic": "answer__guideline__topic__slug",
    "guideline_version": "answer__guideline__version",
    "model": "item__generation__model_name",
    "other_model": "item__other__model_name",
    "settled": "how",
    "comment": "answer__comment",
}
"""What of a verdict goes into a row, and where it is; categories, spans and what readers said are read beside it."""

SIDES = {"first": "completion", "second": "other"}
"""In a comparison, where a row holds the item's two answers, unless the first was preferred: then the other way round.
A judgement names the better one by the field that holds it."""


class NothingToFreeze(Exception):
    """No item is settled with a word that says something, and past the time for undo."""


class QueueRunsDry(Exception):
    """A round now would keep the machine from the answers that reviewers wait for."""


def settled_for_good(project: Project) -> QuerySet[Verdict]:
    """Verdicts that say something and can no longer be taken back."""
    verdicts = Verdict.objects.final().filter(item__project=project)
    return verdicts.exclude(answer__outcome=Answer.Outcome.CANNOT_JUDGE)


class ChangedMeanwhile(Exception):
    """A verdict went while it was copied."""


TRIES = 5
"""How often a freeze begins anew where verdicts go while it reads them: nobody puts items back in the queue all day."""


def freeze(project: Project, *, actor: User | None, collection: Collection | None = None) -> Snapshot:
    """The settled items of `project`, or of one collection, copied by value; the same items give the same snapshot.

    What is put back in the queue while this reads is in no snapshot: the last look is taken under the project's lock,
    which putting back takes too. Whoever comes second finds the verdict gone, or the item frozen.
    """
    for _ in range(TRIES):
        try:
            return store_snapshot.store(project, rows(project, collection), actor=actor, check=refuse_what_is_open)
        except store_snapshot.NoRows as error:
            raise NothingToFreeze(str(error)) from error
        except ChangedMeanwhile:
            continue
    raise NothingToFreeze("Items were put back in the queue all the while they were copied: freeze again.")


def refuse_what_is_open(snapshot: Snapshot) -> None:
    settled = Verdict.objects.filter(item__uuid=OuterRef("uuid"))
    if SnapshotRow.objects.filter(~Exists(settled), snapshot=snapshot).exists():
        raise ChangedMeanwhile


def hand_over(project: Project, *, actor: User | None, trigger: str = "") -> Round:
    """Freeze, and open a round on the result: what a policy does.

    One machine generates and trains, so a round that starts on an empty queue would starve the reviewers.
    """
    if refill.runs_dry(project):
        raise QueueRunsDry("No unread answer is left, and new ones are being written: the round waits for them.")
    return start.open_round(freeze(project, actor=actor), actor=actor, trigger=trigger)


def rows(project: Project, collection: Collection | None = None) -> Iterator[dict[str, Any]]:
    """Canonical rows (docs/rows.md), sorted by uuid: the order on disk depends on the data alone."""
    chosen = settled_for_good(project)
    if collection is not None:
        chosen = chosen.filter(item__collections=collection)
    verdicts = chosen.order_by("item__uuid").values_list("answer", "item", *FIELDS.values())
    found = verdicts.iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        categories, spans = _labels([answer for answer, *_ in chunk])
        judged = _judgements(project, [item for _, item, *_ in chunk])
        for answer, item, *values in chunk:
            row = dict(zip(FIELDS, values, strict=True))
            topic, version = row.pop("guideline_topic"), row.pop("guideline_version")
            row |= {
                "uuid": str(row["uuid"]),
                "completion": row["completion"] or "",
                "model": row["model"] or "",
                "rewrite": row["rewrite"] or None,
                "annotator": pseudonym(project.pk, row["annotator"]) if row["annotator"] else SEED_ANNOTATOR,
                "guideline": {"topic": topic, "version": version} if version else None,
                "categories": categories[answer],
                "spans": spans[answer],
                "judgements": judged[item],
            }
            if row["mode"] == Item.Mode.COMPARE:
                row |= _compared(row)
            yield row | {"soft": soft(row["judgements"])}


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    """Of a comparison: the completion is the worse answer, the rewrite the better one or what was made of it."""
    sides = dict(SIDES)
    changed: dict[str, Any] = {}
    if row["verdict"] == Answer.Outcome.FIRST:
        sides = {"first": "other", "second": "completion"}
        changed = {"completion": row["other"], "other": row["completion"]}
        changed |= {"model": row["other_model"], "other_model": row["model"]}
    if row["verdict"] in SIDES:
        better = row["completion"] if row["verdict"] == Answer.Outcome.FIRST else row["other"]
        changed |= {"verdict": "preferred", "rewrite": row["rewrite"] or better}
    said = [one | {"outcome": sides.get(one["outcome"], one["outcome"])} for one in row["judgements"]]
    return changed | {"judgements": said}


def _judgements(project: Project, items: list[int]) -> dict[int, list[dict[str, Any]]]:
    """What every reader said of each of `items`, also where a curator decided otherwise; by pseudonym, in its order."""
    read = Answer.objects.standing().filter(item__in=items, seat__purpose=Seat.Purpose.WORK)
    facts = list(read.values_list("pk", "item", "annotator", "outcome", "severity"))
    categories, _ = _labels([answer for answer, *_ in facts], spans=False)
    judged: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for answer, item, annotator, outcome, severity in facts:
        name = pseudonym(project.pk, annotator) if annotator else SEED_ANNOTATOR
        said = {"annotator": name, "outcome": outcome, "severity": severity, "categories": categories[answer]}
        judged[item].append(said)
    for said_of_one in judged.values():
        said_of_one.sort(key=lambda one: one["annotator"])
    return judged


def _labels(answers: list[int], *, spans: bool = True) -> tuple[dict[int, list[str]], dict[int, list[dict[str, Any]]]]:
    """Category slugs and spans of each of `answers`, in an order that does not depend on when they were written."""
    categories: dict[int, list[str]] = defaultdict(list)
    links = Answer.categories.through.objects.filter(answer__in=answers).order_by("category__slug")
    for answer, slug in links.values_list("answer", "category__slug"):
        categories[answer].append(slug)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if not spans:
        return categories, found
    marked = Span.objects.filter(answer__in=answers).order_by("start", "end", "category__slug", "pk")
    for answer, first, end, slug in marked.values_list("answer", "start", "end", "category__slug"):
        found[answer].append({"start": first, "end": end, "category": slug})
    return categories, found

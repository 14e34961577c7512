"""Verbs: settled items become a snapshot; a snapshot is handed over to a round."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet

from annotation import refill
from annotation.measures import judgements
from annotation.measures.judgements import SIDES
from annotation.models import Answer, Collection, Item, Verdict
from studio.models import Project, User
from training import start, store_snapshot
from training.models import Round, Snapshot, SnapshotRow

CHUNK = 500
"""Verdicts read at a time: memory stays flat whatever the project's size."""

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


class NothingToFreeze(Exception):
    """No item is settled with a word that says something, and past the time for undo."""


class QueueRunsDry(Exception):
    """A round now would keep the machine from the answers that reviewers wait for."""


def settled_for_good(project: Project) -> QuerySet[Verdict]:
    """Verdicts that say something and can no longer be taken back."""
    verdicts = Verdict.objects.final().filter(item__project=project)
    return verdicts.exclude(answer__outcome=Answer.Outcome.CANNOT_JUDGE)


class ChangedMeanwhile(Exception):
    """A verdict went, or was given anew, while it was copied."""


TRIES = 5
"""How often a freeze begins anew where verdicts go while it reads them: nobody puts items back in the queue all day."""


def freeze(project: Project, *, actor: User | None, collection: Collection | None = None) -> Snapshot:
    """The settled items of `project`, or of one collection, copied by value; the same items give the same snapshot.

    What is put back in the queue or corrected while this reads is in no snapshot: its verdict went, or is younger. The
    last look is taken under the project's lock, which putting back takes too: whoever comes second finds the verdict
    gone, or the item frozen.
    """
    for _ in range(TRIES):
        newest = Verdict.objects.aggregate(pk=Max("pk"))["pk"] or 0
        check = partial(refuse_what_changed, newest=newest)
        try:
            return store_snapshot.store(project, rows(project, collection), actor=actor, check=check)
        except store_snapshot.NoRows as error:
            raise NothingToFreeze(str(error)) from error
        except ChangedMeanwhile:
            continue
    raise NothingToFreeze("Items were put back in the queue, or corrected, while they were copied: freeze again.")


def refuse_what_changed(snapshot: Snapshot, newest: int) -> None:
    """`newest`: of the verdicts there were when the rows began to be read. One that is given anew has a higher id."""
    settled = Verdict.objects.filter(item__uuid=OuterRef("uuid"), pk__lte=newest)
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
        answers = [answer for answer, *_ in chunk]
        categories, spans = judgements.categories_of(answers), judgements.spans_of(answers)
        judged = judgements.of(project, [item for _, item, *_ in chunk])
        for answer, item, *values in chunk:
            row = dict(zip(FIELDS, values, strict=True))
            topic, version = row.pop("guideline_topic"), row.pop("guideline_version")
            row |= {
                "uuid": str(row["uuid"]),
                "completion": row["completion"] or "",
                "model": row["model"] or "",
                "rewrite": row["rewrite"] or None,
                "annotator": judgements.name(project, row["annotator"]),
                "guideline": {"topic": topic, "version": version} if version else None,
                "categories": categories[answer],
                "spans": spans[answer],
                "judgements": judged[item],
            }
            if row["mode"] == Item.Mode.COMPARE:
                row |= _compared(row)
            yield row | {"soft": judgements.soft_label(row["judgements"])}


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    """Of a comparison: the completion is the worse answer, the rewrite the better one or what was made of it. So where
    the first is preferred, the two fields hold the answers the other way round."""
    sides = dict(SIDES)
    changed: dict[str, Any] = {}
    if row["verdict"] == Answer.Outcome.FIRST:
        sides = {"first": "other", "second": "completion"}
        changed = {"completion": row["other"], "other": row["completion"]}
        changed |= {"model": row["other_model"], "other_model": row["model"]}
    if row["verdict"] in SIDES:
        better = row["completion"] if row["verdict"] == Answer.Outcome.FIRST else row["other"]
        changed |= {"verdict": "preferred", "rewrite": row["rewrite"] or better}
    return changed | {"judgements": judgements.by_field(row["judgements"], sides)}

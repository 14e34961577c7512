"""Verb: every judgement of a project goes out, of all items that somebody answered, settled or not.

Streamed: a chunk of items is held at a time, and every chunk is a query of its own, however slowly the file is taken.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotation.browse.cells import tame
from annotation.measures import judgements
from annotation.measures.judgements import SIDES
from annotation.models import Answer, Item, Verdict
from studio import audit
from studio.models import Project, User
from training.start import code_version

FORMATS = ("jsonl", "csv")
CHUNK = 200
"""Items held at a time."""

FIELDS = {
    "uuid": "uuid",
    "mode": "mode",
    "topic": "prompt__topic__slug",
    "split": "prompt__split",
    "prompt": "prompt__text",
    "messages": "prompt__messages",
    "completion": "generation__text",
    "model": "generation__model_name",
    "other": "other__text",
    "other_model": "other__model_name",
}
"""What of an item goes into a row, and where it is."""
OF_ITEM = (*FIELDS, "state", "verdict", "settled")
OF_JUDGEMENT = ("annotator", "purpose", "outcome", "severity", "categories", "spans", "rewrite", "guideline")
COLUMNS = (*OF_ITEM, *OF_JUDGEMENT, "soft")
"""Of a CSV file: a row for each judgement, each with its item."""
Row = dict[str, Any]


def export(project: Project, form: str, *, actor: User | None) -> Iterator[bytes]:
    """All judgements as one of FORMATS, piece by piece, and a manifest in the last line; that it went out is written
    down."""
    audit.record(actor, "exported all judgements", project, format=form)
    return (as_lines if form == "jsonl" else as_table)(project)


def file_name(project: Project, form: str) -> str:
    return f"{project.slug}-judgements-{timezone.now():%Y-%m-%d}.{form}"


def as_lines(project: Project) -> Iterator[bytes]:
    """A line of JSON for each item, and one with the manifest."""
    counted: Counter[str] = Counter()
    for chunk in chunks(project, counted):
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chunk).encode()
    yield (json.dumps({"manifest": manifest(project, counted)}, ensure_ascii=False) + "\n").encode()


def as_table(project: Project) -> Iterator[bytes]:
    """A row for each judgement; the last says “manifest”, and holds it."""
    counted: Counter[str] = Counter()
    yield written([list(COLUMNS)])
    for chunk in chunks(project, counted):
        rows = ({**row, **judgement} for row in chunk for judgement in row["judgements"])
        yield written([cell(row[column]) for column in COLUMNS] for row in rows)
    yield written([["manifest", json.dumps(manifest(project, counted), ensure_ascii=False)]])


def written(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def cell(value: Any) -> str:
    """Lists and objects as JSON, nothing as an empty cell, and no text that a spreadsheet would run."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else tame(str(value))


def manifest(project: Project, counted: Counter[str]) -> Row:
    """What the file is. It comes last: a file without it was cut off."""
    return {
        "project": project.slug,
        "created": timezone.now().isoformat(timespec="seconds"),
        "code_version": code_version(),
        **{name: counted[name] for name in ("items", "judgements")},
        "items_by_state": {state: counted[state] for state in ("settled", "disputed", "unfinished")},
        "judgements_by_purpose": {purpose: counted[purpose] for purpose in ("work", "gold", "onboarding")},
        "left_out": "items nobody answered; answers taken back, or younger than the time for undo",
    }


def chunks(project: Project, counted: Counter[str]) -> Iterator[list[Row]]:
    """The items somebody answered, sorted by uuid, so that the order tells nothing; what is in them is counted."""
    said = Answer.objects.final().filter(item=OuterRef("pk"), seat__isnull=False)
    items = Item.objects.filter(Exists(said), project=project).order_by("uuid")
    found = list(items.values_list("pk", *FIELDS.values())[:CHUNK])
    while found:
        yield described(project, found, counted)
        found = list(items.filter(uuid__gt=found[-1][1]).values_list("pk", *FIELDS.values())[:CHUNK])


def described(project: Project, found: list[Any], counted: Counter[str]) -> list[Row]:
    """Rows of items, each with its state, its judgements and their soft label."""
    keys = [pk for pk, *_ in found]
    verdicts = Verdict.objects.final().filter(item__in=keys).values_list("item", "answer__outcome", "how")
    settled = {item: (outcome, how) for item, outcome, how in verdicts}
    disputed = set(Item.objects.filter(pk__in=keys).disputed().values_list("pk", flat=True))
    judged = judgements.of(project, keys, full=True)
    rows = []
    for pk, *values in found:
        outcome, how = settled.get(pk, (None, None))
        state = "settled" if how else "disputed" if pk in disputed else "unfinished"
        row = {**dict(zip(FIELDS, values, strict=True)), "state": state, "verdict": outcome, "settled": how}
        said, row["uuid"] = judged[pk], str(row["uuid"])
        if row["mode"] == Item.Mode.COMPARE:
            said = judgements.by_field(said, SIDES)
            row["verdict"] = SIDES.get(outcome or "", outcome)
        rows.append(row | {"judgements": said, "soft": judgements.soft_label(said)})
        counted.update(["items", state, *(name for one in said for name in ("judgements", one["purpose"]))])
    return rows

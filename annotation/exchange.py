"""Verbs: prompts, answers of any model, and judged demonstrations come in from a file.

A file is read as a stream and written in chunks; every bad line is reported with its number and reason. What came in
once does not come in again: a row is known by its external id, or, without one, by its content.
"""

import hashlib
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, BinaryIO, Literal, NamedTuple, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from annotation.models import UNDO_WINDOW, Answer, Category, Generation, Prompt, Seat, Span, Topic, Verdict
from annotation.queue import bulk
from annotation.queue.seating import NewItem, seat_items
from annotation.science import formats
from annotation.science.formats import Bad
from annotation.science.rows import AnswerRow, DemonstrationRow, PromptRow, answer_row, demonstration_row, prompt_row
from studio import audit
from studio.models import Project, User

CHUNK = 500
"""Rows written by one transaction when good lines are kept: reviewers on SQLite never wait long for the write lock."""

REPORTED = 200
"""Bad lines a report names; the rest it counts."""

OnBad = Literal["skip", "abort"]
Row = TypeVar("Row", PromptRow, AnswerRow, DemonstrationRow)


class UnknownFormat(ValueError):
    """A file format that is not read here; the message names those that are."""


@dataclass(slots=True)
class Report:
    """What an import did. With `aborted` nothing was kept, because of the lines in `bad`."""

    added: int = 0
    unchanged: int = 0
    bad: list[Bad] = field(default_factory=list)
    bad_count: int = 0
    aborted: bool = False

    def note(self, bad: Bad) -> None:
        self.bad_count += 1
        if len(self.bad) < REPORTED:
            self.bad.append(bad)

    def as_dict(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "unchanged": self.unchanged,
            "bad": [list(bad) for bad in self.bad],
            "bad_count": self.bad_count,
            "aborted": self.aborted,
        }


def import_prompts(
    project: Project, stream: BinaryIO, format: str, *, actor: User | None, on_bad: OnBad = "skip"
) -> Report:
    """Questions to put to models: text or messages, topic, external id, metadata, split."""
    return _import(project, stream, format, prompt_row, _add_prompts, "prompts", actor, on_bad)


def import_answers(
    project: Project, stream: BinaryIO, format: str = "jsonl", *, actor: User | None, on_bad: OnBad = "skip"
) -> Report:
    """Answers of any model, for the review queue. One model answers one external id once."""
    return _import(project, stream, format, answer_row, _add_answers, "answers", actor, on_bad)


def import_demonstrations(
    project: Project, stream: BinaryIO, format: str = "jsonl", *, actor: User | None, on_bad: OnBad = "skip"
) -> Report:
    """Answers that come with their verdict, and a better answer where they are biased: settled items at once."""
    return _import(project, stream, format, demonstration_row, _add_demonstrations, "demonstrations", actor, on_bad)


class _Rollback(Exception):
    """Leave the transaction and keep nothing."""


def _import(
    project: Project,
    stream: BinaryIO,
    format: str,
    check: Callable[[int, dict[str, Any]], Row],
    add: "Callable[[_Import, list[Row]], None]",
    what: str,
    actor: User | None,
    on_bad: OnBad,
) -> Report:
    if format not in formats.FORMATS:
        raise UnknownFormat(f"“{format}” cannot be read: choose one of {', '.join(formats.FORMATS)}.")

    def rows(file: BinaryIO) -> Iterator[Row | Bad]:
        return formats.read(file, format, check, limit=settings.LINE_MAX_BYTES)

    report = _all_or_nothing(project, stream, rows, add, actor) if on_bad == "abort" else Report()
    if on_bad == "skip":
        state = _Import(project, actor, report)
        good = state.good(rows(stream))
        while chunk := list(islice(good, CHUNK)):
            with transaction.atomic():
                _one_at_a_time(project)
                add(state, chunk)
    audit.record(actor, f"imported {what}", project, **{**report.as_dict(), "bad": []})
    return report


def _all_or_nothing(
    project: Project,
    stream: BinaryIO,
    rows: Callable[[BinaryIO], Iterator[Row | Bad]],
    add: "Callable[[_Import, list[Row]], None]",
    actor: User | None,
) -> Report:
    """Read twice: once to judge, without the database; then to write, in one transaction."""
    with _rewindable(stream) as file:
        judged = Report()
        for _ in _Import(project, actor, judged).good(rows(file)):
            pass
        state = _Import(project, actor, judged if judged.bad_count else Report())
        file.seek(0)
        try:
            if judged.bad_count:
                raise _Rollback
            with transaction.atomic():
                _one_at_a_time(project)
                good = state.good(rows(file))
                while chunk := list(islice(good, CHUNK)):
                    add(state, chunk)
                if state.report.bad_count:
                    raise _Rollback  # a fault that only the database could see
        except _Rollback:
            state.report.aborted, state.report.added, state.report.unchanged = True, 0, 0
    return state.report


def _one_at_a_time(project: Project) -> None:
    """Two imports of the same ids: the second sees what the first has brought.

    Not a full lock: on PostgreSQL everybody who writes a row that names the project would wait for it.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


@contextmanager
def _rewindable(stream: BinaryIO) -> Iterator[BinaryIO]:
    """`stream` itself if it can be read twice, else a copy of it on the disk."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy


class _Asked(NamedTuple):
    """A prompt that is in the database."""

    pk: int
    text: str
    messages: list[dict[str, str]] | None


class _Import:
    """One import under way: what was seen in the file, and the topics and categories it names."""

    def __init__(self, project: Project, actor: User | None, report: Report):
        self.project = project
        self.actor = actor
        self.report = report
        self.first_line: dict[tuple[str, str], int] = {}
        self.topics: dict[str, Topic] = {}
        self.guidelines: dict[str, int | None] = {}
        self.categories: dict[str, Category] = {c.slug: c for c in Category.objects.filter(project=project)}

    def good(self, rows: Iterable[Row | Bad]) -> Iterator[Row]:
        """The rows that can be used; the others go into the report."""
        for row in rows:
            bad = row if isinstance(row, Bad) else self._duplicate(row)
            if bad is not None:
                self.report.note(bad)
            else:
                yield row  # type: ignore[misc]  # a Bad never gets here

    def _duplicate(self, row: PromptRow | AnswerRow | DemonstrationRow) -> Bad | None:
        prompt = _prompt(row)
        if not prompt.external_id:
            return None
        key = (prompt.external_id, "" if isinstance(row, PromptRow) else _answer(row).model)
        first = self.first_line.setdefault(key, prompt.line)
        if first == prompt.line:
            return None
        return Bad(prompt.line, "external_id", f"“{prompt.external_id}” appears already in line {first}")

    def topic_id(self, name: str) -> int | None:
        """The topic called `name`, made if the project has none."""
        if not name:
            return None
        if name not in self.topics:
            slug = slugify(name, allow_unicode=True)[:60] or f"topic-{_short_hash(name)}"
            topic, _ = Topic.objects.get_or_create(project=self.project, slug=slug, defaults={"name": name})
            self.topics[name] = topic
        return self.topics[name].pk

    def guideline_id(self, name: str) -> int | None:
        """The values statement in force for the topic called `name`."""
        if name not in self.guidelines:
            topic = self.topics.get(name)
            self.guidelines[name] = topic.guideline.pk if topic and topic.guideline else None
        return self.guidelines[name]

    def make_prompts(self, wanted: list[PromptRow]) -> list[int]:
        """New prompts; their ids, in the same order."""
        ids, now = bulk.reserve(Prompt, len(wanted)), timezone.now()
        same = ("text", "messages", "metadata", "split")
        bulk.insert(
            Prompt,
            ("id", "project", "topic", "external_id", *same, "created_at"),
            [
                (pk, self.project.pk, self.topic_id(row.topic), _known_as(row), *(getattr(row, n) for n in same), now)
                for pk, row in zip(ids, wanted, strict=True)
            ],
        )
        return ids


def _prompt(row: PromptRow | AnswerRow | DemonstrationRow) -> PromptRow:
    return row if isinstance(row, PromptRow) else _answer(row).prompt


def _answer(row: AnswerRow | DemonstrationRow) -> AnswerRow:
    return row if isinstance(row, AnswerRow) else row.answer


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _known_as(row: PromptRow) -> str:
    """The external id; without one, a name made of what is asked, so that the same file comes in once."""
    return row.external_id or f"auto-{_short_hash(json.dumps(row.messages) if row.messages else row.text)}"


def _add_prompts(state: _Import, rows: list[PromptRow]) -> None:
    wanted = {_known_as(row): row for row in reversed(rows)}
    known = Prompt.objects.filter(project=state.project, external_id__in=wanted).values_list("external_id", flat=True)
    for name in list(known):
        del wanted[name or ""]
    state.make_prompts(list(wanted.values()))
    state.report.added += len(wanted)
    state.report.unchanged += len(rows) - len(wanted)


def _prompts_of(state: _Import, rows: list[PromptRow]) -> dict[str, _Asked]:
    """The prompts that `rows` name, made where they are new; by the name they are known as."""
    wanted = {_known_as(row): row for row in reversed(rows)}
    there = Prompt.objects.filter(project=state.project, external_id__in=wanted)
    found = {
        name or "": _Asked(pk, text, messages)
        for name, pk, text, messages in there.values_list("external_id", "pk", "text", "messages")
    }
    new = {name: row for name, row in wanted.items() if name not in found}
    for pk, (name, row) in zip(state.make_prompts(list(new.values())), new.items(), strict=True):
        found[name] = _Asked(pk, row.text, row.messages)
    return found


def _add_generations(state: _Import, rows: list[Any]) -> list[tuple[Any, NewItem]]:
    """Keep the answers that are not there yet; each with its row, and what there is to read now."""
    prompts = _prompts_of(state, [_prompt(row) for row in rows])
    # by prompt alone: with "and version is null", SQLite takes the index that finds every answer ever imported
    there = Generation.objects.filter(prompt__in=[asked.pk for asked in prompts.values()])
    known = there.values_list("version", "prompt_id", "model_name", "text")
    texts = {(prompt, model, text) for version, prompt, model, text in known if version is None}
    models = {(prompt, model) for prompt, model, _ in texts}
    new: list[tuple[Any, int]] = []
    for row in rows:
        answer, asked = _answer(row), _prompt(row)
        prompt = prompts[_known_as(asked)]
        if (prompt.text, prompt.messages) != (asked.text, asked.messages):
            state.report.note(Bad(asked.line, "external_id", f"“{asked.external_id}” already names another prompt"))
            continue
        whole = (prompt.pk, answer.model, answer.completion)
        if whole in texts or (asked.external_id and whole[:2] in models):
            state.report.unchanged += 1
            continue
        texts.add(whole)
        new.append((row, prompt.pk))
    ids, now = bulk.reserve(Generation, len(new)), timezone.now()
    bulk.insert(
        Generation,
        ("id", "prompt", "model_name", "text", "sampling", "created_at"),
        [
            (pk, prompt, _answer(row).model, _answer(row).completion, {}, now)
            for pk, (row, prompt) in zip(ids, new, strict=True)
        ],
    )
    state.report.added += len(new)
    return [(row, NewItem(prompt, pk)) for pk, (row, prompt) in zip(ids, new, strict=True)]


def _add_answers(state: _Import, rows: list[AnswerRow]) -> None:
    seat_items(state.project, [item for _, item in _add_generations(state, rows)])


def _add_demonstrations(state: _Import, rows: list[DemonstrationRow]) -> None:
    new = _add_generations(state, [row for row in rows if _categories_known(state, row)])
    items = seat_items(state.project, [item for _, item in new])
    Seat.objects.filter(item__in=items).update(status=Seat.Status.RETIRED)  # nobody waits to read them
    now = timezone.now()
    long_ago = now - UNDO_WINDOW - timedelta(seconds=1)  # there is nobody to undo it
    by = state.actor.pk if state.actor else None
    answers = bulk.reserve(Answer, len(new))

    def answer(pk: int, item: int, row: DemonstrationRow) -> tuple[Any, ...]:
        outcome = Answer.Outcome.BIASED if row.rewrite.strip() else Answer.Outcome.FINE
        guideline = state.guideline_id(_prompt(row).topic)
        said: tuple[Any, ...] = (row.severity, row.rewrite, row.reasons, row.comment, outcome.value)
        return pk, item, *said, guideline, uuid.uuid4(), by, long_ago

    bulk.insert(
        Answer,
        (
            "id",
            "item",
            "severity",
            "rewrite",
            "reasons",
            "comment",
            "outcome",
            "guideline",
            "key",
            "annotator",
            "created_at",
        ),
        [answer(pk, item, row) for pk, item, (row, _) in zip(answers, items, new, strict=True)],
    )
    _label(state, [(row, pk) for pk, (row, _) in zip(answers, new, strict=True)])
    how = Verdict.How.SEED.value
    bulk.insert(
        Verdict,
        ("item", "answer", "how", "decided_by", "reason", "created_at"),
        [(item, answer, how, by, "", now) for item, answer in zip(items, answers, strict=True)],
    )


def _categories_known(state: _Import, row: DemonstrationRow) -> bool:
    named = {*row.categories, *(span["category"] for span in row.spans if span["category"])}
    if not (unknown := sorted(named - set(state.categories))):
        return True
    known = ", ".join(state.categories) or "none"
    state.report.note(Bad(_prompt(row).line, "categories", f"{', '.join(unknown)}: no such category (known: {known})"))
    return False


def _label(state: _Import, pairs: list[tuple[DemonstrationRow, int]]) -> None:
    """Categories and spans of answers, given by their ids."""
    ids = {slug: category.pk for slug, category in state.categories.items()}
    links = [(answer, ids[slug]) for row, answer in pairs for slug in row.categories]
    bulk.insert(Answer.categories.through, ("answer", "category"), links)
    spans = [
        (answer, span["start"], span["end"], ids[span["category"]] if span["category"] else None)
        for row, answer in pairs
        for span in row.spans
    ]
    bulk.insert(Span, ("answer", "start", "end", "category"), spans)

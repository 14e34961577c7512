"""What the settling page shows of an item: its answers side by side without names, and where they differ."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from annotation.models import Answer, Item, Seat, Verdict
from annotation.science.diff import Piece, one_line_end, stretches, word_diff
from studio.models import AuditEntry

CAME_IN = "Came with the import"
"""Who says so, of an answer that was judged before it came here."""

CURATOR_BEFORE = "Curator, before"
"""Who says so, of a decision that stood until the item was put into the queue again."""


def with_answers(items: QuerySet[Item]) -> QuerySet[Item]:
    """The same items, with everything `page` reads, in a fixed number of queries."""
    answers = Answer.objects.numbered().select_related("annotator", "seat")
    answers = answers.prefetch_related("categories", "spans__category")
    return items.select_related(
        "project", "generation", "other", "prompt__topic", "verdict__decided_by", "verdict__answer"
    ).prefetch_related(Prefetch("answers", answers), "seats")


def page(item: Item) -> dict[str, Any]:
    """Context of annotation/item_settle.html."""
    topic = item.prompt.topic
    seats = [seat for seat in item.seats.all() if seat.status != Seat.Status.RETIRED and seat.purpose == "work"]
    return {
        "project": item.project,
        "item": item,
        "generation": item.generation,
        "texts": texts(item),
        "prompt": item.prompt,
        "guideline": topic.guideline if topic else None,
        "verdict": getattr(item, "verdict", None),
        "readings": [reading(number, answer, item) for number, answer in enumerate(item.answers.all(), 1)],
        "seats": len(seats),
        "waiting": sum(seat.status == Seat.Status.OPEN for seat in seats),
    }


def texts(item: Item) -> list[dict[str, str]]:
    """The model's answers under the names that outcomes give them; none in a demonstration."""
    if item.generation is None:
        return []
    if item.other is None:
        name = f"Answer of {item.generation.model_name}"
        return [{"name": name, "model": item.generation.model_name, "text": item.generation.text}]
    both = (("The first answer", item.generation), ("The second answer", item.other))
    return [{"name": f"{name}, of {one.model_name}", "model": one.model_name, "text": one.text} for name, one in both]


def rewritten(item: Item, answer: Answer) -> list[Piece]:
    """An answer's rewrite against the text that it starts from, in a comparison the better one, as the reader said.

    Nothing where there is no rewrite, and in a demonstration, which starts from nothing. The texts are in the dress in
    which the review screen showed the same.
    """
    is_second = answer.outcome == Answer.Outcome.SECOND and item.other is not None
    start = item.other if is_second else item.generation
    return against(start.text, answer.rewrite) if start is not None and answer.rewrite else []


def against(old: str, new: str) -> list[Piece]:
    """Two texts word by word; in which way their lines end is no difference."""
    return word_diff(one_line_end(old), one_line_end(new))


def reading(number: int, answer: Answer, item: Item) -> dict[str, Any]:
    """One answer as the page shows it. The reader is a number, so that the words decide and not the name."""
    text, spans = item.text, list(answer.spans.all())
    labels = {reason["slug"]: reason["label"] for reason in item.project.rewrite_reasons}
    return {
        "number": number,
        "reader": _reader(number, answer, item),
        "answer": answer,
        "categories": list(answer.categories.all()),
        "reasons": [labels.get(slug, slug) for slug in answer.reasons],
        "spans": spans,
        "diff": rewritten(item, answer),
        "marked": marked(text, [(span.start, span.end, str(span.category or "")) for span in spans]) if spans else [],
        "stands": getattr(item, "verdict", None) is not None and item.verdict.answer_id == answer.pk,
        "is_work": answer.seat is None or answer.seat.purpose == Seat.Purpose.WORK,
        "may_go_back": answer.seat is not None and answer.seat.purpose == Seat.Purpose.WORK,
    }


def _reader(number: int, answer: Answer, item: Item) -> str:
    """Who says so, without a name. A curator's own answer has no seat, and was written down; what else has none was
    imported. A decision that stands no more, because the item is in the queue again, is still a curator's."""
    if answer.seat_id:
        return f"Reader {number}"
    verdict = getattr(item, "verdict", None)
    if verdict is not None and verdict.answer_id == answer.pk:
        return "Curator" if verdict.how == Verdict.How.ADJUDICATION else CAME_IN
    return CURATOR_BEFORE if was_decided(item, answer) else CAME_IN


def was_decided(item: Item, answer: Answer) -> bool:
    """Whether a curator settled the item by this answer of their own; asked only of answers without a seat."""
    at_the_item = AuditEntry.objects.filter(target_type=Item._meta.label, target_id=str(item.pk))
    decisions = at_the_item.filter(project=item.project_id, verb="settled", actor=answer.annotator_id)
    return decisions.filter(data__own_words=True).exists()


# ---------------------------------------------------------------- where they differ


def contrast(item: Item, readings: list[dict[str, Any]]) -> dict[str, Any]:
    """What each reader said, line by line, and on which lines they differ; their marks in one text."""
    answers = [reading["answer"] for reading in readings]
    lines = [line("Says", [answer.get_outcome_display() for answer in answers])]
    if item.mode == Item.Mode.REVIEW:
        lines.append(line("Severity", [answer.severity_in_words or "–" for answer in answers]))
        named = {one.pk: one for reading in readings for one in reading["categories"]}
        for category in sorted(named.values(), key=lambda one: (one.position, one.name)):
            lines.append(line(str(category), ["✓" if category in r["categories"] else "–" for r in readings]))
    spans = [
        (span.start, span.end, f"{reading['reader']}{f': {span.category}' if span.category else ''}")
        for reading in readings
        for span in reading["spans"]
    ]
    return {"lines": lines, "overlay": marked(item.text, spans) if spans else []}


def line(name: str, cells: list[str]) -> dict[str, Any]:
    """One line of the table; a cell that says what nobody else says is `alone`."""
    differs = len(set(cells)) > 1
    return {
        "name": name,
        "differs": differs,
        "cells": [(cell, differs and cells.count(cell) == 1) for cell in cells],
    }


def marked(text: str, spans: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    """A text cut where marks begin and end: each piece with the labels over it, and how many marks they are."""
    return [
        {
            "text": piece.text,
            "marked": bool(piece.marks),
            "count": min(len(piece.marks), 3),
            "labels": sorted({spans[i][2] for i in piece.marks if spans[i][2]}),
        }
        for piece in stretches(text, [(start, end) for start, end, _ in spans])
    ]


def versions(item: Item, readings: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Every text that an own decision can start from, or that another can be held against: {key: (name, text)}."""
    found = {f"t{number}": (text["name"], text["text"]) for number, text in enumerate(texts(item), 1)}
    for reading in readings:
        if reading["answer"].rewrite:
            found[f"r{reading['number']}"] = (f"{reading['reader']}’s rewrite", reading["answer"].rewrite)
    return found


def held_against(found: dict[str, tuple[str, str]], old: str, new: str) -> dict[str, Any] | None:
    """Two of `versions` word by word: those asked for, else two rewrites, else a rewrite and what it rewrites."""
    if len(found) < 2:
        return None
    rewrites = [key for key in found if key.startswith("r")]
    usual = rewrites[:2] if len(rewrites) > 1 else [next(iter(found)), list(found)[-1]]
    old, new = (key if key in found else other for key, other in zip((old, new), usual, strict=True))
    diff = against(found[old][1], found[new][1])
    return {"old": old, "new": new, "same": all(piece.change == "same" for piece in diff), "diff": diff}

"""What the settling page shows of an item: its answers side by side, without names."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from annotation.models import Answer, Item, Seat, Verdict
from annotation.science.diff import stretches, word_diff

CAME_IN = "Came with the import"
"""Who says so, of an answer that was judged before it came here."""


def with_answers(items: QuerySet[Item]) -> QuerySet[Item]:
    """The same items, with everything `page` reads, in a fixed number of queries."""
    answers = Answer.objects.standing().order_by("created_at", "pk").prefetch_related("categories", "spans__category")
    return items.select_related(
        "project", "generation", "prompt__topic", "verdict__decided_by", "verdict__answer"
    ).prefetch_related(Prefetch("answers", answers), "seats")


def page(item: Item) -> dict[str, Any]:
    """Context of annotation/item_settle.html."""
    topic = item.prompt.topic
    seats = [seat for seat in item.seats.all() if seat.status != Seat.Status.RETIRED]
    return {
        "project": item.project,
        "item": item,
        "generation": item.generation,
        "prompt": item.prompt,
        "guideline": topic.guideline if topic else None,
        "verdict": getattr(item, "verdict", None),
        "readings": [reading(number, answer, item) for number, answer in enumerate(item.answers.all(), 1)],
        "seats": len(seats),
        "waiting": sum(seat.status == Seat.Status.OPEN for seat in seats),
    }


def reading(number: int, answer: Answer, item: Item) -> dict[str, Any]:
    """One answer as the page shows it. The reader is a number, so that the words decide and not the name."""
    text, spans = item.text, list(answer.spans.all())
    return {
        "reader": _reader(number, answer, getattr(item, "verdict", None)),
        "answer": answer,
        "categories": list(answer.categories.all()),
        "diff": word_diff(text, answer.rewrite) if answer.rewrite else [],
        "marked": [
            {
                "text": piece.text,
                "marked": bool(piece.marks),
                "labels": sorted({str(spans[i].category) for i in piece.marks if spans[i].category}),
            }
            for piece in stretches(text, [(span.start, span.end) for span in spans])
        ],
        "stands": getattr(item, "verdict", None) is not None and item.verdict.answer_id == answer.pk,
    }


def _reader(number: int, answer: Answer, verdict: Verdict | None) -> str:
    """Who says so, without a name. A curator's own answer always stands; what else has no seat was imported."""
    if answer.seat_id:
        return f"Reader {number}"
    decided = verdict is not None and verdict.how == Verdict.How.ADJUDICATION and verdict.answer_id == answer.pk
    return "Curator" if decided else CAME_IN

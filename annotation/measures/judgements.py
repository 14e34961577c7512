"""What every reader said of items, by pseudonym: the same words in a snapshot and in the export of all judgements."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from annotation.models import Answer, Seat, Span
from annotation.science.soft import soft
from studio.models import Project, pseudonym

SEED_ANNOTATOR = "seed"
"""Who answered, where nobody did: rows that came settled with the project."""
SIDES = {"first": "completion", "second": "other"}
"""In a comparison, where a row holds the item's two answers. A judgement names the better one by the field that holds
it."""
Record = dict[str, Any]


def of(project: Project, items: Iterable[int], *, full: bool = False) -> dict[int, list[Record]]:
    """What every reader said of each of `items`, also where a curator decided otherwise; in the order of pseudonyms.

    Only what can no longer be taken back. In full it is with marks, rewrites and the values statement, and with what
    was said where the answer is known, which `purpose` tells from work.
    """
    read = Answer.objects.final().filter(item__in=items, seat__isnull=False)
    if not full:
        read = read.filter(seat__purpose=Seat.Purpose.WORK)
    facts = list(read.values_list("pk", "item", "annotator", "outcome", "severity"))
    more = in_full([answer for answer, *_ in facts]) if full else {}
    categories = categories_of([answer for answer, *_ in facts])
    judged: dict[int, list[Record]] = defaultdict(list)
    for answer, item, annotator, outcome, severity in facts:
        said = {"annotator": name(project, annotator), "outcome": outcome, "severity": severity}
        judged[item].append(said | {"categories": categories[answer]} | more.get(answer, {}))
    for said_of_one in judged.values():
        said_of_one.sort(key=lambda one: one["annotator"])
    return judged


def in_full(answers: list[int]) -> dict[int, Record]:
    """The longer part of each of `answers`."""
    spans = spans_of(answers)
    facts = ("pk", "rewrite", "seat__purpose", "guideline__topic__slug", "guideline__version")
    return {
        answer: {
            "spans": spans[answer],
            "rewrite": rewrite or None,
            "guideline": {"topic": topic, "version": version} if version else None,
            "purpose": purpose,
        }
        for answer, rewrite, purpose, topic, version in Answer.objects.filter(pk__in=answers).values_list(*facts)
    }


def by_field(judged: list[Record], sides: dict[str, str]) -> list[Record]:
    """Judgements of a comparison, which name the better answer by the field of the row that holds it."""
    return [one | {"outcome": sides.get(one["outcome"], one["outcome"])} for one in judged]


def soft_label(judged: list[Record]) -> Record:
    """The shares of an item's readers; what was said where the answer is known is no view of theirs."""
    return soft(one for one in judged if one.get("purpose", Seat.Purpose.WORK) == Seat.Purpose.WORK)


def name(project: Project, annotator: int | None) -> str:
    return pseudonym(project.pk, annotator) if annotator else SEED_ANNOTATOR


def categories_of(answers: list[int]) -> dict[int, list[str]]:
    """Category slugs of each of `answers`, in an order that does not depend on when they were written."""
    categories: dict[int, list[str]] = defaultdict(list)
    links = Answer.categories.through.objects.filter(answer__in=answers).order_by("category__slug")
    for answer, slug in links.values_list("answer", "category__slug"):
        categories[answer].append(slug)
    return categories


def spans_of(answers: list[int]) -> dict[int, list[Record]]:
    """Spans of each of `answers`, in such an order too."""
    found: dict[int, list[Record]] = defaultdict(list)
    marked = Span.objects.filter(answer__in=answers).order_by("start", "end", "category__slug", "pk")
    for answer, first, end, slug in marked.values_list("answer", "start", "end", "category__slug"):
        found[answer].append({"start": first, "end": end, "category": slug})
    return found

"""Bulk action: items become gold."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.browse.bulk.verb import Changes, Stays, Verb
from annotation.models import Gold, Seat, Verdict
from studio.models import Project, User

FIELDS = ("answer", "explanation", "created_at")
"""What of gold is written anew by whoever marks it, and put back."""


def stay(project: Project, items: Sequence[int], *, explanation: str = "") -> Stays:
    settled = Verdict.objects.filter(item__in=items).values_list("item", flat=True)
    yield "not settled: gold needs a known answer", set(items) - set(settled)
    marked = Gold.objects.filter(item__in=items, is_active=True).values_list("item", flat=True)
    yield "gold already", marked


def do(project: Project, items: Sequence[int], *, actor: User, explanation: str = "") -> Changes:
    """As `gold.mark` does for one, of many at once; the items are locked, so their verdicts are those of the plan."""
    verdicts = Verdict.objects.filter(item__in=items).values_list("item", "answer")
    before = Gold.objects.filter(item__in=items).values_list("item", *FIELDS)
    was = [[*row[:-1], row[-1].isoformat()] for row in before]
    made = Gold.objects.bulk_create(
        [Gold(item_id=item, answer_id=answer, explanation=explanation, created_by=actor) for item, answer in verdicts],
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=[*FIELDS, "is_active"],
    )
    wrote = [[one.item_id, one.created_at.isoformat()] for one in made]
    return {"items": [item for item, _ in wrote], "golds": was, "wrote": wrote}


def marked(items: Sequence[int]) -> QuerySet[Gold, Any]:
    return Gold.objects.filter(item__in=items).values_list("item", "created_at")


def undo(project: Project, changes: Changes) -> int:
    """Where it was given to nobody yet, it was never gold; else it is gold no longer, and what nobody holds of it is
    closed, as `gold.unmark` does."""
    golds = Gold.objects.filter(item__in=changes["items"], is_active=True)
    given = Seat.objects.filter(item=OuterRef("item")).exclude(purpose=Seat.Purpose.WORK)
    was = {item: dict(zip(FIELDS, values, strict=False)) for item, *values in changes["golds"]}
    keep = list(golds.filter(Q(item__in=was) | Exists(given)).values_list("pk", "item"))
    for pk, item in keep:
        if item in was:
            golds.filter(pk=pk).update(**was[item])
    used = [pk for pk, _ in keep]
    count = golds.filter(pk__in=used).update(is_active=False)
    for_nobody = Seat.objects.open().filter(item__in=[item for _, item in keep]).exclude(purpose=Seat.Purpose.WORK)
    for_nobody.update(status=Seat.Status.RETIRED)
    return count + golds.exclude(pk__in=used).delete()[0]


MARK_GOLD = Verb(
    label="Mark gold",
    deed="becomes a gold item: it is mixed in, unrecognisable, and answers are compared with its verdict.",
    done="marked gold",
    stay=stay,
    do=do,
    undo=undo,
    stands=marked,
    needs="explanation",
)

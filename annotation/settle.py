"""Verb of the curator: decide what stands for an item whose readers do not agree."""

import uuid

from django.db import transaction

from annotation.models import Answer, Item, Notice, Seat, Verdict
from annotation.person import notices
from annotation.queue.payload import in_words
from annotation.queue.shapes import Said
from annotation.queue.turn import lock
from annotation.submit import check_against, write
from studio import audit
from studio.models import User


class AlreadySettled(Exception):
    """The item has its verdict; a second decision would contradict the first."""


class NotAnAnswerHere(Exception):
    """The answer to be taken is not, or no longer, an answer at this item."""


@transaction.atomic
def settle(
    item: Item, *, answer: Answer | None = None, said: Said | None = None, actor: User, reason: str = ""
) -> Verdict:
    """Make one of the item's answers its verdict, or `said`: the curator's own answer, which has no seat.

    Seats that are still open are retired; who holds one and submits is told so, and keeps what they wrote. Two
    curators at once: the second waits at the item's lock, and then finds the first one's verdict. Whoever answered the
    item is told what was decided, and `reason`.
    """
    if (answer is None) == (said is None):
        raise TypeError("settle takes one of the item's answers, or a decision of its own")
    lock(item.pk)
    # First the seats: a reader who is just now answering the item's only one holds that seat's lock and not the
    # item's; waiting for them here means that their verdict is seen below.
    item.seats.filter(status=Seat.Status.OPEN).update(status=Seat.Status.RETIRED)
    before = Verdict.objects.select_related("decided_by", "answer").filter(item=item).first()
    if before is not None:
        raise AlreadySettled(f"This item was settled already: {who_settled(before)}.")
    if said is not None:
        check_against(item.project, said, item.text, mode=item.mode, other=item.other.text if item.other else "")
        answer = write(item.pk, actor, said, key=uuid.uuid4(), guideline=guideline_of(item, said))
    assert answer is not None
    if not Answer.objects.standing().filter(pk=answer.pk, item=item).exists():
        raise NotAnAnswerHere("This answer was taken back in the meantime.")
    verdict = Verdict.objects.create(
        item=item, answer=answer, how=Verdict.How.ADJUDICATION, decided_by=actor, reason=reason
    )
    audit.record(
        actor, "settled", item, project=item.project, reason=reason, outcome=answer.outcome, own_words=said is not None
    )
    tell_readers(verdict, actor)
    return verdict


def tell_readers(verdict: Verdict, actor: User) -> None:
    """Everybody who answered reads what was decided, in the words of their own screen, and why."""
    answers = Answer.objects.standing().filter(item=verdict.item, seat__purpose=Seat.Purpose.WORK)
    readers = answers.filter(annotator__isnull=False).exclude(annotator=actor)
    for reader, seat in readers.values_list("annotator", "seat"):
        text = f"A curator decided: {in_words(verdict.answer, seat)}. {verdict.reason}".strip()
        notices.tell(verdict.item.project, [reader], Notice.Kind.DECIDED, item=verdict.item, text=text)


def who_settled(verdict: Verdict) -> str:
    if verdict.decided_by is not None:
        return f"{verdict.decided_by.display_name} decided “{verdict.answer.get_outcome_display()}”"
    return f"{verdict.get_how_display()}, {verdict.answer.get_outcome_display().lower()}"


def guideline_of(item: Item, said: Said) -> int | None:
    """The guideline the curator was shown, as a row; None where the page showed none."""
    topic = item.prompt.topic
    if topic is None or said.guideline is None:
        return None
    return topic.guidelines.filter(version=said.guideline).values_list("pk", flat=True).first()

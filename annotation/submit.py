"""Verbs of the person at a seat: submit an answer, take it back, skip the item, keep a draft."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.claim import lease_end
from annotation.models import (
    UNDO_WINDOW,
    Answer,
    Category,
    Draft,
    Gold,
    Guideline,
    Item,
    Seat,
    Skip,
    Span,
    Verdict,
)
from annotation.queue.payload import draft_as_meant, outcome_as_meant, outcome_as_shown
from annotation.queue.prepared import NUMBER, PROJECT, Prepared, ids, once, prepare, some_ids
from annotation.queue.shapes import ASKED, WORDS, BadShape, Said, SpanSaid
from annotation.queue.turn import in_turn, lock
from annotation.science.diff import one_line_end
from studio.models import Project, User
from training.models import SnapshotRow


class SeatLost(Exception):
    """The seat was answered, retired, or taken by another person. `kept`: what was sent lies in a draft."""

    def __init__(self, sentence: str, *, kept: bool):
        super().__init__(sentence)
        self.kept = kept


class KeyTaken(Exception):
    """Another answer has the same key."""


class UndoRefused(Exception):
    """The answer can no longer be taken back."""


def submit(project: Project, user: User, seat: int, said: Said, *, key: uuid.UUID) -> Answer:
    """Take `user`'s answer for a seat they hold, and settle its item if it was the last one awaited.

    Holding is checked by the UPDATE that closes the seat; a lease that ran out does no harm while nobody else has
    taken the seat. The same key again returns the answer it made the first time. Raises BadShape, SeatLost (what was
    sent is then kept as a draft), KeyTaken; Seat.DoesNotExist for a seat of another project.
    """
    asked = look_at(project, seat, said)
    try:
        if asked.status != Seat.Status.OPEN or asked.holder_id != user.pk:
            raise SeatLost(why_lost(asked, user), kept=True)
        meant = as_meant(said, asked.pk)
        check(project, meant, asked)
        with in_turn():
            return take(asked, user, meant, key)
    except (SeatLost, IntegrityError) as refusal:
        before = Answer.objects.filter(key=key).first()
        if before is not None:
            return same_again(before, user, seat)
        if isinstance(refusal, SeatLost):
            keep(asked.item_id, user, said.as_draft(), seat=asked.pk)
        raise


@dataclass(frozen=True, slots=True)
class Asked:
    """A seat as it was when its answer came in, and what the answer is checked against."""

    pk: int
    item_id: int
    status: str
    holder_id: int | None
    purpose: str
    mode: str
    text: str | None
    other: str | None
    has_others: bool
    has_draft: bool
    guideline_id: int | None


def look_at(project: Project, seat: int, said: Said) -> Asked:
    """By one query, outside the transaction: what is read here either never changes or is checked again when taken."""
    found = asked().rows({PROJECT.pk: project.pk, **ids([seat]), NUMBER: said.guideline or 0})
    if not found:
        raise Seat.DoesNotExist
    return Asked(*found[0])


@once
def asked() -> Prepared:
    seats = Seat.objects.filter(project=PROJECT, pk=some_ids(1)[0])
    others = Seat.objects.filter(item=OuterRef("item")).exclude(pk=OuterRef("pk"))
    draft = Draft.objects.filter(item=OuterRef("item"), user=OuterRef("holder"))
    shown = Guideline.objects.filter(topic=OuterRef("item__prompt__topic"), version=NUMBER)
    facts = ("pk", "item_id", "status", "holder_id", "purpose")
    of_item = ("item__mode", "item__generation__text", "item__other__text")
    return prepare(seats.values_list(*facts, *of_item, Exists(others), Exists(draft), Subquery(shown.values("pk")[:1])))


def as_meant(said: Said, seat: int) -> Said:
    """What the page says of left and right, as it is meant of the item's first and second answer."""
    return replace(said, outcome=outcome_as_meant(said.outcome, seat))


def as_shown(said: Said, seat: int) -> Said:
    """The other way round: what is meant, in the order in which this seat sees the two."""
    return replace(said, outcome=outcome_as_shown(said.outcome, seat))


@transaction.atomic
def take(asked: Asked, user: User, said: Said, key: uuid.UUID) -> Answer:
    """Close the seat and write the answer, or raise SeatLost: the conditional UPDATE says who holds the seat *now*."""
    if asked.has_others:
        lock(asked.item_id)
    held = Seat.objects.held_by(user).filter(pk=asked.pk)
    if not held.update(status=Seat.Status.ANSWERED):
        raise SeatLost(why_lost(Seat.objects.get(pk=asked.pk), user), kept=True)
    answer = write(asked.item_id, user, said, key=key, seat=asked.pk, guideline=asked.guideline_id)
    if asked.has_draft:
        Draft.objects.filter(item=asked.item_id, user=user).delete()
    decide(asked, answer)
    return answer


def why_lost(seat: Asked | Seat, user: User) -> str:
    if seat.status == Seat.Status.RETIRED:
        return _("This item was taken out of the queue while you worked on it. What you wrote is kept.")
    if seat.status == Seat.Status.ANSWERED and seat.holder_id == user.pk:
        return _("You have already answered this item.")
    return _("Your time at this item ran out and somebody else took it over. What you wrote is kept.")


def check(project: Project, said: Said, asked: Asked) -> None:
    """Is what was said true of this item? Raises BadShape."""
    check_against(project, said, asked.text or "", mode=asked.mode, other=asked.other or "")
    if said.guideline is not None and asked.guideline_id is None:
        raise BadShape("guideline", _("This version of the guideline does not belong to the item's topic."))


def check_against(
    project: Project, said: Said, text: str, *, mode: str = Item.Mode.REVIEW.value, other: str = ""
) -> None:
    """Is what was said true of these texts in this project? Python counts a text in code points, as spans do."""
    if said.outcome not in WORDS[mode]:
        raise BadShape("outcome", _(ASKED[mode]))
    if any(span.end > len(text) for span in said.spans):
        sentence = _("A span ends beyond the text, which has %(length)d characters.")
        raise BadShape("spans", sentence % {"length": len(text)})
    named = {*said.categories, *(span.category for span in said.spans if span.category is not None)}
    if named and Category.objects.filter(project=project, pk__in=named).count() != len(named):
        raise BadShape("categories", _("One of the categories does not belong to this project."))
    if unknown := {*said.reasons} - {reason["slug"] for reason in project.rewrite_reasons}:
        raise BadShape("reasons", _("“%(reason)s” is no reason in this project.") % {"reason": min(unknown)})
    refuse_an_echo(said, text, mode=mode, other=other)


def refuse_an_echo(said: Said, text: str, *, mode: str, other: str) -> None:
    """Raise BadShape for a rewrite that changes nothing."""
    bettered = other if said.outcome == Answer.Outcome.SECOND else text
    if said.rewrite and mode != Item.Mode.DEMONSTRATE and plain(said.rewrite) == plain(bettered):
        sentence = _("The rewrite is the same as the answer: change what is biased in it.")
        same = _("The rewrite is the same as the better answer: change it, or leave it out.")
        raise BadShape("rewrite", sentence if mode == Item.Mode.REVIEW else same)


def plain(text: str) -> str:
    """A text as an editor gives it back unchanged: line ends are one character, outer blanks do not count."""
    return one_line_end(text).strip()


def write(
    item: int,
    user: User,
    said: Said,
    *,
    key: uuid.UUID,
    seat: int | None = None,
    guideline: int | None = None,
    replaces: Answer | None = None,
) -> Answer:
    """The rows of one answer: itself, its categories, its spans."""
    answer = Answer.objects.create(
        key=key,
        seat_id=seat,
        item_id=item,
        annotator=user,
        outcome=said.outcome,
        severity=said.severity,
        rewrite=said.rewrite,
        reasons=list(said.reasons),
        comment=said.comment,
        guideline_id=guideline,
        active_ms=said.active_ms,
        replaces=replaces,
    )
    # The answer is new, so its categories are too: no need to ask which it already has, as add() would.
    link = Answer.categories.through
    if said.categories:
        link.objects.bulk_create([link(answer_id=answer.pk, category_id=pk) for pk in said.categories])
    if said.spans:
        Span.objects.bulk_create(
            [Span(answer=answer, start=span.start, end=span.end, category_id=span.category) for span in said.spans]
        )
    return answer


def decide(asked: Asked, answer: Answer) -> None:
    """Settle the item if every seat is answered and all say the same; if they differ, it is disputed.

    Where readers agree, the one who answered first stands, with their labels and their rewrite, also when they have
    corrected it since: the outcome is what they agreed on, the words are one person's. A dispute is not stored;
    `Item.objects.disputed()` tells it from the answers and the missing verdict. "Cannot judge" settles like any
    outcome, and is never frozen. What is said at a seat of another purpose, where the answer is known, decides nothing.
    """
    if asked.purpose != Seat.Purpose.WORK:
        return
    if not asked.has_others:
        Verdict.objects.create(item_id=asked.item_id, answer=answer, how=Verdict.How.SINGLE)
        return
    agree(asked.item_id)


def agree(item: int) -> None:
    """The verdict of an item with several seats, if it is due and there is none; under the item's lock."""
    seats = Seat.objects.filter(item=item, purpose=Seat.Purpose.WORK)
    if seats.filter(status=Seat.Status.OPEN).exists() or Verdict.objects.filter(item=item).exists():
        return
    at_this_seat = Answer.objects.filter(seat=OuterRef("seat"), annotator=OuterRef("annotator")).order_by("created_at")
    began = Subquery(at_this_seat.values("created_at")[:1])
    given = Answer.objects.standing().filter(item=item, seat__purpose=Seat.Purpose.WORK)
    answers = list(given.order_by(began, "created_at", "pk"))
    if len({one.outcome for one in answers}) == 1:
        how = Verdict.How.AGREEMENT if len(answers) > 1 else Verdict.How.SINGLE
        Verdict.objects.create(item_id=item, answer=answers[0], how=how)


def same_again(answer: Answer, user: User, seat: int) -> Answer:
    """The page sent an answer twice, because it never heard of our reply: tell it again, double nothing."""
    if answer.annotator_id != user.pk or answer.seat_id != seat:
        raise KeyTaken(_("Another answer was sent with the same key. Reload the page and send yours again."))
    if answer.undone_at is not None:
        raise KeyTaken(_("This answer was taken back. Send it again as a new one."))
    return answer


@transaction.atomic
def undo(project: Project, user: User, key: uuid.UUID) -> int:
    """Take back an answer within UNDO_WINDOW; its seat is the person's again. Returns the seat's id.

    A verdict that rested on it goes, also where it rests on several that agreed. Freezing only takes what this window
    has passed, so nothing frozen can be undone; that is checked all the same. What was said at a seat of another
    purpose decided nothing, so nothing falls with it.
    """
    answer = Answer.objects.select_related("item", "seat").get(
        key=key, annotator=user, item__project=project, seat__isnull=False
    )
    assert answer.seat is not None  # asked for above
    seat = answer.seat.pk
    decides = answer.seat.purpose == Seat.Purpose.WORK
    lock(answer.item_id)
    answer.refresh_from_db(fields=["undone_at"])  # a second press of the key waited here for the first
    if answer.undone_at is None:
        refuse_if_final(answer, decides=decides)
        recent = Answer.objects.standing().filter(pk=answer.pk, created_at__gt=timezone.now() - UNDO_WINDOW)
        if not recent.update(undone_at=timezone.now()):
            raise UndoRefused(_("The answer was sent more than 30 seconds ago and stands."))
        if decides:
            Verdict.objects.filter(item=answer.item_id).delete()
        keep(answer.item_id, user, said_in(answer).as_draft(), seat=seat)
        Seat.objects.filter(pk=seat, holder=user, status=Seat.Status.ANSWERED).update(
            status=Seat.Status.OPEN, lease_ends_at=lease_end(project)
        )
    elif not Seat.objects.held_by(user).filter(pk=seat).exists():
        raise UndoRefused(_("This answer was already taken back."))
    return seat


def refuse_if_final(answer: Answer, *, decides: bool) -> None:
    if answer.replaces_id is not None:
        raise UndoRefused(_("This answer corrected an earlier one: correct it again instead of taking it back."))
    if decides and (sentence := why_final(answer.item)):
        raise UndoRefused(sentence)


def why_final(item: Item) -> str:
    """Why the answers of `item` can no longer change, as a sentence; empty while they can."""
    decided = (Verdict.How.ADJUDICATION, Verdict.How.SEED)
    if Verdict.objects.filter(item=item, how__in=decided).exists():
        return _("A curator has settled this item, with your answer before them.")
    if SnapshotRow.objects.filter(uuid=item.uuid).exists():
        return _("The answer is part of a frozen dataset and stands.")
    if Gold.objects.filter(item=item, is_active=True).exists():
        return _("A curator has built on this answer as it is, so it stands.")
    return ""


def said_in(answer: Answer) -> Said:
    """What an answer said, in the shape and the words it came in."""
    said = Said(
        outcome=answer.outcome,
        categories=tuple(answer.categories.values_list("pk", flat=True)),
        severity=answer.severity,
        spans=tuple(SpanSaid(span.start, span.end, span.category_id) for span in answer.spans.all()),
        rewrite=answer.rewrite,
        reasons=tuple(answer.reasons),
        comment=answer.comment,
    )
    return as_shown(said, answer.seat_id) if answer.seat_id else said


@transaction.atomic
def skip(
    project: Project, user: User, seat: int, *, reason: str, comment: str = "", begun: dict[str, Any] | None = None
) -> Skip:
    """Pass on an item: the seat is free for others, and the item is never offered to this person again. Said twice, it
    is done once: the second waits at the seat, and then finds what the first one wrote.

    It can be taken back for UNDO_WINDOW (see `unskip`), so what was written stays in its draft, also what was `begun`
    and not sent before. A seat that was kept for this person stays so until then: after that `forget_leavers` opens it
    to everybody. One at an item whose answer is known was theirs alone, and ends.
    """
    item = Seat.objects.values_list("item_id", flat=True).get(pk=seat, project=project)
    work = Q(purpose=Seat.Purpose.WORK)
    freed = (
        Seat.objects.held_by(user)
        .filter(pk=seat)
        .update(
            holder=None,
            lease_ends_at=None,
            status=Case(When(work, then=F("status")), default=Value(Seat.Status.RETIRED)),
        )
    )
    before = Skip.objects.filter(item=item, user=user).first()
    if before is not None:
        return before  # sent twice
    if not freed:
        raise SeatLost(_("This item is no longer yours to pass on."), kept=False)
    if begun is not None:
        keep(item, user, begun, seat=seat)
    return Skip.objects.create(item_id=item, user=user, reason=reason, comment=comment)


def keep_draft(project: Project, user: User, seat: int, data: dict[str, Any]) -> None:
    """Keep what was written so far at a seat this person holds."""
    item = Seat.objects.held_by(user).filter(pk=seat, project=project).values_list("item_id", flat=True).first()
    if item is None:
        raise SeatLost(_("This item is no longer yours, so the draft was not kept."), kept=False)
    keep(item, user, data, seat=seat)


def keep(item: int, user: User, data: dict[str, Any], *, seat: int) -> None:
    """One draft per person and item: the newest. `data` is as the page of `seat` has it; it is kept as it is meant."""
    Draft.objects.bulk_create(
        [Draft(item_id=item, user=user, data=draft_as_meant(data, seat))],
        update_conflicts=True,
        unique_fields=["item", "user"],
        update_fields=["data", "updated_at"],
    )

"""Verbs at an item's thread: add a remark, and send an answer back to be thought over."""

import re
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation import notices
from annotation.models import Answer, Item, Notice, Remark, Seat, Verdict
from annotation.submit import keep, lock, said_in
from studio import audit
from studio.models import Role, User
from training.models import SnapshotRow

LONGEST_REMARK = 4000
TIME_TO_THINK = timedelta(days=7)
"""How long an answer that was sent back is kept for its author before a lease would run out."""

MOST_NAMES = 20
NOT_YET = "mentioned you at an item that you can still answer: you can read it after your answer."
NAME = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")


class BadRemark(Exception):
    """The remark is empty or too long; the text is a sentence for the person."""


class NotToBeSentBack(Exception):
    """The answer cannot go back: it was taken back, it has no seat, or the item is settled."""


def may_read(item: Item, user: User, role: Role) -> bool:
    """Curators read every thread; others only after their own answer, so that it is their own.

    Who was mentioned reads it too, once there is nothing left to answer.
    """
    if role.may_curate:
        return True
    if Answer.objects.standing().filter(item=item, annotator=user, seat__isnull=False).exists():
        return True
    to_answer = Seat.objects.filter(item=item, status=Seat.Status.OPEN).exists()
    return not to_answer and Remark.objects.filter(item=item, mentions=user).exists()


def of(item: Item) -> QuerySet[Remark]:
    """What was said about an item, the oldest first."""
    return Remark.objects.filter(item=item).select_related("author", "sent_back").order_by("pk")


@transaction.atomic
def remark(item: Item, text: str, *, actor: User) -> Remark:
    """Add a line to the item's thread, and tell the members whose @names stand in it."""
    said = Remark.objects.create(item=item, author=actor, text=clean(text))
    named = mentioned(item, said.text)
    said.mentions.set(named)
    for user in named:
        if user.pk != actor.pk:
            may = may_read(item, user, user.role_in(item.project) or Role.ANNOTATOR)
            text = f"{actor.display_name}: {said.text}" if may else f"{actor.display_name} {NOT_YET}"
            notices.tell(item.project, [user.pk], Notice.Kind.MENTION, item=item, text=text)
    return said


def clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise BadRemark("Write something first.")
    if len(text) > LONGEST_REMARK:
        raise BadRemark(f"A remark has at most {LONGEST_REMARK:,} characters; this one has {len(text):,}.")
    if "\0" in text:
        raise BadRemark("The text contains a NUL character.")
    return text


def mentioned(item: Item, text: str) -> list[User]:
    """Members of the project whose names stand after an @; a full stop after a name is no part of it."""
    names = {form for name in NAME.findall(text) for form in (name, name.rstrip(".-+"))}
    return list(User.objects.filter(memberships__project=item.project_id, username__in=names)[:MOST_NAMES])


@transaction.atomic
def send_back(item: Item, answer: Answer, text: str, *, actor: User) -> Remark:
    """Ask the author of an answer to think it over: it is taken back, and its seat is theirs again, with it as a draft.

    The item's lock comes first, as in `settle`: whoever of two curators comes second finds a verdict, or an answer that
    is gone. The seat is kept for the author, so that closing the page does not hand it to somebody else.
    """
    why = clean(text)
    lock(item.pk)
    if Verdict.objects.filter(item=item).exists():
        raise NotToBeSentBack("This item was settled in the meantime.")
    if answer.seat_id is None or answer.annotator is None:
        raise NotToBeSentBack("This answer came with an import: nobody here can think it over.")
    if SnapshotRow.objects.filter(uuid=item.uuid, snapshot__project=item.project_id).exists():
        raise NotToBeSentBack("This item is part of a frozen dataset.")
    taken = Answer.objects.standing().filter(pk=answer.pk, item=item)
    if not taken.update(undone_at=timezone.now()):
        raise NotToBeSentBack("This answer was taken back in the meantime.")
    Seat.objects.filter(pk=answer.seat_id, status=Seat.Status.ANSWERED).update(
        status=Seat.Status.OPEN,
        holder=answer.annotator,
        reserved_for=answer.annotator,
        lease_ends_at=timezone.now() + TIME_TO_THINK,
    )
    keep(item.pk, answer.annotator, said_in(answer).as_draft())
    said = Remark.objects.create(item=item, author=actor, text=why, sent_back=answer)
    notices.tell(item.project, [answer.annotator_id or 0], Notice.Kind.SENT_BACK, item=item, text=why)
    audit.record(actor, "sent back", item, project=item.project, reason=why, answer=str(answer.key))
    return said

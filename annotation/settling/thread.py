"""Verbs at an item's thread: add a remark, and send an answer back to be thought over."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.models import Answer, Gold, Item, Notice, Remark, Seat, Verdict
from annotation.person import notices
from annotation.queue.turn import lock
from annotation.submit import keep, said_in
from annotation.values.topics import closed_to
from studio import audit
from studio.models import Membership, Role, User
from training.models import SnapshotRow

LONGEST_REMARK = 4000
MOST_NAMES = 20
NOT_YET = "mentioned you at an item that you can still answer: you can read it after your answer."
NAME = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")


class BadRemark(Exception):
    """The remark is empty or too long; the text is a sentence for the person."""


class NotToBeSentBack(Exception):
    """The answer cannot go back: it was taken back, it has no seat, or the item is settled."""


def may_read(item: Item, user: User, role: Role) -> bool:
    """Curators read every thread; others only after their own answer, which they can no longer take back.

    Who was mentioned reads it too, once there is nothing left to answer, and nobody will ask them: not where the topic
    is closed to them, and not where the item may still come to them as one whose answer is known.
    """
    if role.may_curate:
        return True
    if Answer.objects.final().filter(item=item, annotator=user, seat__isnull=False).exists():
        return True
    if not Remark.objects.filter(item=item, mentions=user).exists():
        return False
    if closed_to(user, item.project).filter(pk=item.prompt.topic_id or 0).exists():
        return False
    if Gold.objects.filter(item=item, is_active=True).exists():
        return False
    return not Seat.objects.filter(item=item, status=Seat.Status.OPEN).exists()


def of(item: Item) -> QuerySet[Remark]:
    """What was said about an item, the oldest first."""
    return (
        Remark.objects.filter(item=item)
        .select_related("author", "sent_back")
        .prefetch_related("mentions")
        .order_by("pk")
    )


class Line(NamedTuple):
    """A remark, who it is shown to be of, and its text cut at the names of members it mentions: (piece, is a name)."""

    remark: Remark
    by: str
    pieces: list[tuple[str, bool]]


def lines(item: Item, reader: User) -> list[Line]:
    """The thread as `reader` may see it: without others' names while the item is not settled."""
    said = list(of(item))
    names = {} if is_settled(item) or not said else without_names(item, [one.author_id for one in said])
    return [Line(one, name_for(reader, one.author, names), cut_at_names(one)) for one in said]


def name_for(reader: User, author: User | None, names: dict[int | None, str]) -> str:
    if author is None:
        return "The studio"
    return author.display_name if author.pk == reader.pk else names.get(author.pk, author.display_name)


def is_settled(item: Item) -> bool:
    return Verdict.objects.filter(item=item).exists()


def without_names(item: Item, people: Iterable[int | None]) -> dict[int | None, str]:
    """What each of `people` is called at an item that is not settled: a reader by the number of their answer."""
    given = Answer.objects.numbered().filter(item=item).values_list("annotator", "seat")
    numbers: dict[int | None, str] = {
        who: f"Reader {number}" for number, (who, seat) in enumerate(given, 1) if seat is not None
    }
    members = Membership.objects.filter(project=item.project_id, user__in=[who for who in people if who])
    plain = {who for who, role in members.values_list("user", "role") if not Role(role).may_curate}
    return {who: numbers.get(who, "A member" if who in plain else "Curator") for who in people}


@transaction.atomic
def remark(item: Item, text: str, *, actor: User) -> Remark:
    """Add a line to the item's thread, and tell the members whose @names stand in it."""
    said = Remark.objects.create(item=item, author=actor, text=clean(text))
    named = mentioned(item, said.text)
    said.mentions.set(named)
    by = actor.display_name if is_settled(item) else without_names(item, [actor.pk])[actor.pk]
    for user in named:
        if user.pk != actor.pk:
            may = may_read(item, user, user.role_in(item.project) or Role.ANNOTATOR)
            text = f"{by}: {said.text}" if may else f"{by} {NOT_YET}"
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


def forms_of(name: str) -> tuple[str, str]:
    """What may be meant by a name after an @: a full stop after it is no part of it, or is."""
    return name, name.rstrip(".-+")


def mentioned(item: Item, text: str) -> list[User]:
    """Members of the project whose names stand after an @."""
    names = {form for name in NAME.findall(text) for form in forms_of(name)}
    return list(User.objects.filter(memberships__project=item.project_id, username__in=names)[:MOST_NAMES])


def cut_at_names(said: Remark) -> list[tuple[str, bool]]:
    """The text in pieces, and of each whether it is the name of a member who was told."""
    known = {user.username for user in said.mentions.all()}
    pieces, begun = list[tuple[str, bool]](), 0
    for found in NAME.finditer(said.text):
        name = next((form for form in forms_of(found[1]) if form in known), "")
        if name:
            end = found.start(1) + len(name)
            pieces += [(said.text[begun : found.start()], False), (said.text[found.start() : end], True)]
            begun = end
    return [*pieces, (said.text[begun:], False)]


def heard(said: Remark) -> tuple[list[str], list[str]]:
    """Who was told of a remark, and the names in it that no member has. Both are names its author wrote."""
    told = [user for user in said.mentions.all() if user.pk != said.author_id]
    known = {user.username for user in said.mentions.all()}
    wanted = [forms_of(name) for name in NAME.findall(said.text)]
    nobody = dict.fromkeys(short for whole, short in wanted if short and not known & {whole, short})
    return sorted(user.display_name for user in told), list(nobody)


@transaction.atomic
def send_back(item: Item, answer: Answer, text: str, *, actor: User) -> Remark:
    """Ask the author of an answer to think it over: it is taken back, and its seat is theirs again, with it as a draft.

    The item's lock comes first, as in `settle`: whoever of two curators comes second finds a verdict, or an answer that
    is gone. The seat is kept for the author, whom `claim` gives it before others: so it needs no lease until they sit
    down, and closing the page does not hand it to somebody else.
    """
    why = clean(text)
    lock(item.pk)
    if Verdict.objects.filter(item=item).exists():
        raise NotToBeSentBack("This item was settled in the meantime.")
    if answer.seat_id is None or answer.annotator is None:
        raise NotToBeSentBack("This answer came with an import: nobody here can think it over.")
    if not Seat.objects.filter(pk=answer.seat_id, purpose=Seat.Purpose.WORK).exists():
        raise NotToBeSentBack("The answer to this item was known when it was given: it says something of its author.")
    if SnapshotRow.objects.filter(uuid=item.uuid, snapshot__project=item.project_id).exists():
        raise NotToBeSentBack("This item is part of a frozen dataset.")
    taken = Answer.objects.standing().filter(pk=answer.pk, item=item)
    if not taken.update(undone_at=timezone.now()):
        raise NotToBeSentBack("This answer was taken back in the meantime.")
    Seat.objects.filter(pk=answer.seat_id, status=Seat.Status.ANSWERED).update(
        status=Seat.Status.OPEN, holder=None, lease_ends_at=None, reserved_for=answer.annotator
    )
    keep(item.pk, answer.annotator, said_in(answer).as_draft(), seat=answer.seat_id)
    said = Remark.objects.create(item=item, author=actor, text=why, sent_back=answer)
    notices.tell(item.project, [answer.annotator_id or 0], Notice.Kind.SENT_BACK, item=item, text=why)
    audit.record(actor, "sent back", item, project=item.project, reason=why, answer=str(answer.key))
    return said

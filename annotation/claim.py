"""Verbs: take seats in the queue, keep them, give them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotation.models import UNDO_WINDOW, Seat, Skip, Topic
from annotation.queue import gold, onboarding
from annotation.queue.payload import Shown, held
from annotation.queue.prepared import (
    NEW,
    NOW,
    NUMBER,
    PROJECT,
    UNTIL,
    USER,
    Prepared,
    ids,
    moment,
    once,
    prepare,
    some_ids,
    spelt_out,
)
from annotation.queue.turn import attempt
from annotation.values.topics import closed_to
from studio.models import Project, User


def lease_end(project: Project) -> datetime:
    return timezone.now() + timedelta(minutes=project.lease_minutes)


def claim(project: Project, user: User, *, want: int, holding: Sequence[int] = ()) -> list[Shown]:
    """Give `user` up to `want` seats beside those in `holding`, each with a fresh lease.

    First come the seats that are already in their name, so that a reload, or a retry after a lost reply, brings the
    same items back; then those that are kept for them; then the next open ones, and now and then a gold item before
    one of these. Fewer than `want` means that nothing more is open to them now.
    """
    until, taken = lease_end(project), list[int]()
    while len(taken) < want:
        besides = [*holding, *taken]
        found = take_one(project, user, besides=besides, until=until)
        if found is None:
            found = take_otherwise(project, user, besides=besides, until=until)
        if found is None:
            break
        seat, is_new = found
        if is_new and gold.is_due(project, user, seat):
            # The seat itself stays in their name: it comes next, as one that they have already, so this happens once.
            extra = gold.seat_at_one(project, user, until=until + NEW)
            taken.append(extra or seat)
        else:
            taken.append(seat)
    return held(user, taken)


def take_one(
    project: Project, user: User, *, besides: Sequence[int], until: datetime, of: str = "all", topic: int = 0
) -> tuple[int, bool] | None:
    """Put one seat in `user`'s name by one conditional UPDATE; its id and whether it is new to them; None: none.

    The statement picks and takes at once. On SQLite it holds the write lock from its start, so nobody can come between.
    On PostgreSQL, SKIP LOCKED makes two people who claim in the same instant pick different seats, and the condition
    is checked again on the row it locked. Sixteen at once on PostgreSQL 15 took and closed 378 seats a second this way,
    109 with select_for_update(skip_locked) and a conditional update, and 31 with a conditional update alone, which
    then sends everybody to the same first seat.
    """
    sql, params = taking(project, user, besides=besides, until=until, of=of, topic=topic)
    try:
        row = attempt(sql, params)
    except IntegrityError:  # this person took another seat at that item in another tab, just now: pick again
        row = attempt(sql, params)
    return (row[0], bool(row[1])) if row else None


def take_otherwise(project: Project, user: User, *, besides: Sequence[int], until: datetime) -> tuple[int, bool] | None:
    """For whom the one statement finds nothing: because they are new, or do not read every topic, or it is all read.

    It looks only for those whom nothing of this concerns, so that they, who are most, get their items at its cost.
    """
    new = onboarding.is_new(project, user)
    if new and not onboarding.finish(project, user):
        seat = onboarding.next_seat(project, user, besides=[*besides], until=until)
        return None if seat is None else (seat, False)
    topics = where_next().rows({USER.pk: user.pk, PROJECT.pk: project.pk, moment(NOW): moment(timezone.now())})

    def take(of: str, topic: int = 0) -> tuple[int, bool] | None:
        return take_one(project, user, besides=besides, until=until, of=of, topic=topic)

    if not any(is_closed for _, is_closed, _ in topics):
        return take("welcome") if project.onboarding_items else None
    nearest = sorted((first, topic) for topic, _, first in topics if first is not None)
    for _, topic in nearest:
        if found := take("topic", topic):
            return found
    return take("no topic")


@once
def where_next() -> Prepared:
    """Each topic of a project, whether it is closed to this person, and, if not, the next item in it that is open to
    them; 0 where one is kept for them."""
    seats = Seat.objects.open_to(USER, PROJECT, at=NOW).filter(topic=OuterRef("pk")).order_by("item_id", "pk")
    ahead = seats.ahead_of(USER, PROJECT).values("item")[:1]
    kept = seats.filter(reserved_for=USER).values(zero=F("item_id") * 0)[:1]
    first = Coalesce(
        Subquery(kept), Subquery(ahead), Subquery(seats.values("item")[:1]), output_field=BigIntegerField()
    )
    closed = Exists(closed_to(USER, PROJECT).filter(pk=OuterRef("pk")))
    asked = Topic.objects.filter(project=PROJECT).order_by().annotate(is_closed=closed)
    return prepare(asked.values_list("pk", "is_closed", Case(When(is_closed=False, then=first))))


def taking(
    project: Project, user: User, *, besides: Sequence[int], until: datetime, of: str = "all", topic: int = 0
) -> tuple[str, list[Any]]:
    """The UPDATE of `take_one` and its parameters."""
    asked = template(len(besides), of, bool(project.onboarding_items))
    values = {
        moment(NOW): moment(timezone.now()),
        moment(UNTIL): moment(until),
        moment(UNTIL + NEW): moment(until + NEW),
        PROJECT.pk: project.pk,
        USER.pk: user.pk,
        **({NUMBER: topic} if of == "topic" else {}),
        **ids(besides),
    }
    return asked.sql, asked.bound(values)


@once
def template(besides: int, of: str, welcomes: bool) -> Prepared:
    """Take the first of mine, else the first that is kept for me, else the first ahead of me, else the first of all.

    COALESCE looks at the next only where the one before found nothing. `of` says among which seats: "all", for those
    who have passed the onboarding, where a project `welcomes` with one, and read every topic; "welcome", where there is
    nothing to pass it by; those of one "topic"; those of "no topic".
    """
    # Ordered by an expression, so that no index gives this order: else PostgreSQL, who sees how much this person has
    # answered, expects to meet a seat of theirs soon, and walks through all open ones where there is none.
    mine = (
        Seat.objects.held_by(USER).filter(project=PROJECT).exclude(pk__in=some_ids(besides)).order_by(F("item_id") + 0)
    )
    open_to_me = Seat.objects.open_to(USER, PROJECT, at=NOW).order_by("item_id", "pk")
    if of in ("topic", "no topic"):
        open_to_me = open_to_me.filter(topic=NUMBER if of == "topic" else None)
    lock = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    params = list[Any]()

    def part(asked: QuerySet[Any], suffix: str = "") -> str:
        sql, bound = asked.query.sql_with_params()
        params.extend(bound)
        return f"({sql}{suffix})"

    my_first = part(mine.values("pk")[:1])
    not_now = " OR ".join(f"EXISTS {part(reason.values('pk')[:1])}" for reason in to_ask_first(of, welcomes)) or "1 = 0"
    among = (open_to_me.filter(reserved_for=USER), open_to_me.ahead_of(USER, PROJECT), open_to_me)
    picks = ", ".join(part(seats.values("pk")[:1], lock) for seats in among)
    sql = (
        f"UPDATE {connection.ops.quote_name(Seat._meta.db_table)} SET holder_id = %s,"  # noqa: S608
        " lease_ends_at = CASE WHEN holder_id = %s THEN %s ELSE %s END"
        f" WHERE id = COALESCE({my_first}, CASE WHEN {not_now} THEN NULL ELSE COALESCE({picks}) END)"
        " AND status = %s AND (holder_id IS NULL OR holder_id = %s OR lease_ends_at <= %s)"
        " RETURNING id, lease_ends_at > %s"
    )
    opening = (USER.pk, USER.pk, moment(UNTIL), moment(UNTIL + NEW))
    closing = (Seat.Status.OPEN.value, USER.pk, moment(NOW), moment(UNTIL))
    return Prepared(*spelt_out(sql, (*opening, *params, *closing)))


def to_ask_first(of: str, welcomes: bool) -> list[QuerySet[Any]]:
    """What finds a row for those who get no seat of the queue just so; see `take_otherwise`."""
    reasons: list[QuerySet[Any]] = []
    if of in ("all", "welcome"):
        reasons.append(closed_to(USER, PROJECT))
    if of == "all" and welcomes:
        reasons.append(onboarding.waiting(PROJECT).filter(user=USER))
    return reasons


def renew(project: Project, user: User, seats: Sequence[int]) -> tuple[list[int], datetime]:
    """A sign of life: fresh leases on those of `seats` that are still in `user`'s name. Returns these, and the end.

    A lease that ran out is renewed too, as long as nobody else took the seat.
    """
    held, until = Seat.objects.held_by(user).filter(project=project, pk__in=seats), lease_end(project)
    if held.update(lease_ends_at=until) == 0:
        return [], until
    return sorted(held.values_list("pk", flat=True)), until


def release(project: Project, user: User, seats: Sequence[int]) -> int:
    """Give seats back unanswered, for others to take at once; returns how many were `user`'s to give."""
    held = Seat.objects.held_by(user).filter(project=project, pk__in=seats)
    return held.update(holder=None, lease_ends_at=None)


def forget_leavers(project: Project) -> int:
    """Open to everybody what is kept for somebody to whom `claim` will never give it; returns how many seats.

    They left the project, do not read the topic, or passed on the item and can no longer take that back. What they hold
    stays theirs while they are members. Nobody tells the queue of any of it: the timer looks, and says nothing, since
    topics are each person's own. A seat at an item whose answer is known is for one person alone: when they leave, it
    ends.
    """
    kept = Seat.objects.filter(project=project, status=Seat.Status.OPEN, reserved_for__isnull=False)
    work = kept.filter(purpose=Seat.Purpose.WORK)
    left = ~Q(reserved_for__memberships__project=project) & Q(reserved_for__is_superuser=False)
    known = kept.exclude(purpose=Seat.Purpose.WORK).filter(left)
    ended = known.update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None)
    them = OuterRef(OuterRef("reserved_for"))
    not_theirs = Exists(closed_to(them, project).filter(pk=OuterRef("topic")))
    for_good = Skip.objects.filter(at__lte=timezone.now() - UNDO_WINDOW)
    passed_on = Exists(for_good.filter(item=OuterRef("item"), user=OuterRef("reserved_for")))
    lapsed = work.filter(not_theirs | passed_on, holder=None).update(reserved_for=None)
    theirs = work.filter(left, holder=F("reserved_for")).update(reserved_for=None, holder=None, lease_ends_at=None)
    return ended + lapsed + theirs + work.filter(left).update(reserved_for=None)

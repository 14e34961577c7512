"""Verbs: take seats in the queue, keep them, give them back."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from annotation.models import Seat
from annotation.payload import Shown, held
from annotation.prepared import NOW, PROJECT, UNTIL, USER, ids, moment, once, some_ids
from annotation.turn import in_turn
from studio.models import Project, User


def lease_end(project: Project) -> datetime:
    return timezone.now() + timedelta(minutes=project.lease_minutes)


def claim(project: Project, user: User, *, want: int, holding: Sequence[int] = ()) -> list[Shown]:
    """Give `user` up to `want` seats beside those in `holding`, each with a fresh lease.

    First come the seats that are already in their name, so that a reload, or a retry after a lost reply, brings the
    same items back; then the next open ones. Fewer than `want` means that nothing more is open to them now.
    """
    until, taken = lease_end(project), list[int]()
    while len(taken) < want:
        seat = take_one(project, user, besides=[*holding, *taken], until=until)
        if seat is None:
            break
        taken.append(seat)
    return held(user, taken)


def take_one(project: Project, user: User, *, besides: Sequence[int], until: datetime) -> int | None:
    """Put one seat in `user`'s name by one conditional UPDATE, and return its id; None if there is none for them.

    The statement picks and takes at once. On SQLite it holds the write lock from its start, so nobody can come between.
    On PostgreSQL, SKIP LOCKED makes two people who claim in the same instant pick different seats, and the condition
    is checked again on the row it locked. Sixteen at once on PostgreSQL 15 took and closed 378 seats a second this way,
    109 with select_for_update(skip_locked) and a conditional update, and 31 with a conditional update alone, which
    then sends everybody to the same first seat.
    """
    sql, params = taking(project, user, besides=besides, until=until)
    try:
        return attempt(sql, params)
    except IntegrityError:  # this person took another seat at that item in another tab, just now: pick again
        return attempt(sql, params)


def attempt(sql: str, params: list[Any]) -> int | None:
    # Inside somebody's transaction a savepoint, so that a refusal undoes this statement only; else none is needed.
    alone = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with in_turn(), alone, connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
    return row[0] if row else None


def taking(project: Project, user: User, *, besides: Sequence[int], until: datetime) -> tuple[str, list[Any]]:
    """The UPDATE of `take_one` and its parameters."""
    sql, stand_ins = template(len(besides))
    values = {
        moment(NOW): moment(timezone.now()),
        moment(UNTIL): moment(until),
        PROJECT.pk: project.pk,
        USER.pk: user.pk,
        **ids(besides),
    }
    return sql, [values.get(one, one) for one in stand_ins]


@once
def template(besides: int) -> tuple[str, tuple[Any, ...]]:
    """Take the first of mine, else the first ahead of me, else the first of all that are open to me.

    COALESCE looks at the next only where the one before found nothing.
    """
    # Ordered by an expression, so that no index gives this order: else PostgreSQL, who sees how much this person has
    # answered, expects to meet a seat of theirs soon, and walks through all open ones where there is none.
    mine = (
        Seat.objects.held_by(USER).filter(project=PROJECT).exclude(pk__in=some_ids(besides)).order_by(F("item_id") + 0)
    )
    open_to_me = Seat.objects.open_to(USER, PROJECT, at=NOW).order_by("item_id", "pk")
    lock = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    picks, params = list[str](), list[Any]()
    for seats, suffix in ((mine, ""), (open_to_me.ahead_of(USER, PROJECT), lock), (open_to_me, lock)):
        pick, bound = seats.values("pk")[:1].query.sql_with_params()
        picks.append(f"({pick}{suffix})")
        params += bound
    sql = (
        f"UPDATE {connection.ops.quote_name(Seat._meta.db_table)} SET holder_id = %s, lease_ends_at = %s"  # noqa: S608
        f" WHERE id = COALESCE({', '.join(picks)})"
        " AND status = %s AND (holder_id IS NULL OR holder_id = %s OR lease_ends_at <= %s) RETURNING id"
    )
    return sql, (USER.pk, moment(UNTIL), *params, Seat.Status.OPEN.value, USER.pk, moment(NOW))


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

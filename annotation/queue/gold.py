"""Gold: settled items whose answer is known. Verbs that mark them, and how one is slipped in among the others."""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.crypto import salted_hmac

from annotation.models import Gold, Item, Seat, Skip, Verdict
from annotation.queue.prepared import PROJECT, USER, Prepared, moment, once, prepare
from annotation.queue.turn import attempt, lock
from annotation.values.topics import closed_to
from studio import audit
from studio.models import Project, User

LOOKED_AT = 500
"""Of more gold items than this, the newest are given."""

MOST_OPEN = 3
"""So many gold items may wait for one person: who opens and closes the page again and again gets no more of them."""


class NotSettled(Exception):
    """The item has no verdict, so no answer of it is known."""


@transaction.atomic
def mark(item: Item, *, actor: User | None, explanation: str = "") -> Gold:
    """Let a settled item be gold: its verdict's answer is the known one, and `explanation` is what people read after.

    Two people at once: the item's one-to-one decides, and the newest explanation stands. The same whether it was gold
    before or not. The verdict is read under the item's lock: who takes their answer back at the same time comes before,
    or is told that it stands.
    """
    lock(item.pk)
    verdict = Verdict.objects.filter(item=item).first()
    if verdict is None:
        raise NotSettled("Only a settled item can be gold: its verdict is the known answer.")
    values: dict[str, Any] = {"answer_id": verdict.answer_id, "explanation": explanation, "is_active": True}
    values["created_at"] = timezone.now()  # an undo of many at once tells by it whether this is what it did
    gold, _ = Gold.objects.update_or_create(item=item, defaults=values, create_defaults={**values, "created_by": actor})
    audit.record(actor, "marked gold", item, project=item.project, reason=explanation)
    return gold


@transaction.atomic
def unmark(gold: Gold, *, actor: User | None) -> bool:
    """Stop giving it to people; what they answered stays, and so do the seats that are held just now."""
    stopped = Gold.objects.filter(pk=gold.pk, is_active=True).update(is_active=False)
    if stopped:
        for_nobody = Seat.objects.open().filter(item=gold.item_id).exclude(purpose=Seat.Purpose.WORK)
        for_nobody.update(status=Seat.Status.RETIRED)
        audit.record(actor, "unmarked gold", gold.item, project=gold.item.project)
    return bool(stopped)


# ---------------------------------------------------------------- mixing in


def is_due(project: Project, user: User, seat: int) -> bool:
    """Whether a gold item comes before what waits at `seat`.

    Told by arithmetic on the studio's secret, the person and the seat, so that nothing must be counted or kept, a
    reload tells the same, and nobody can foresee it. Of a hundred items that a person gets, `gold_percent` are gold.
    """
    if not project.gold_percent:
        return False
    share = project.gold_percent / (100 - project.gold_percent)
    return draw(f"{project.pk}/{user.pk}/{seat}") < share


def draw(what: str) -> float:
    """A number in [0, 1) that looks random to whoever does not know the studio's secret."""
    return int.from_bytes(salted_hmac("gold", what).digest()[:6]) / 2**48


def seat_at_one(project: Project, user: User, *, until: Any, purpose: Seat.Purpose = Seat.Purpose.GOLD) -> int | None:
    """An extra seat, in `user`'s name and for nobody else, at a gold item they have not had; None if there is none.

    Two people at the same item in the same second would take the same position, and one person in two tabs two seats
    at one item: the constraints refuse the second, who looks again.
    """
    for _ in range(3):
        items = to_give(purpose).rows({USER.pk: user.pk, PROJECT.pk: project.pk})
        if not items:
            return None
        item, topic = items[int(draw(f"{project.pk}/{user.pk}/{len(items)}") * len(items))]
        try:
            row = attempt(*adding(project, user, item, topic, until=until, purpose=purpose))
        except IntegrityError:
            continue
        return row[0] if row else None
    return None


def adding(
    project: Project, user: User, item: int, topic: int | None, *, until: Any, purpose: Seat.Purpose
) -> tuple[str, list[Any]]:
    table = connection.ops.quote_name(Seat._meta.db_table)
    sql = (
        f"INSERT INTO {table} (project_id, item_id, position, status, holder_id, lease_ends_at, purpose,"  # noqa: S608
        " reserved_for_id, topic_id) SELECT %s, %s, COALESCE(MAX(position), -1) + 1, %s, %s, %s, %s, %s, %s"
        f" FROM {table} WHERE item_id = %s RETURNING id"
    )
    open_, holder = Seat.Status.OPEN.value, user.pk
    return sql, [project.pk, item, open_, holder, moment(until), purpose.value, holder, topic, item]


def unseen_by(project: Project, user: User) -> list[tuple[int, int | None]]:
    """Item and topic of each gold item that is new to this person, the newest first."""
    return [(item, topic) for item, topic in unseen().rows({USER.pk: user.pk, PROJECT.pk: project.pk})]


@once
def unseen() -> Prepared:
    return prepare(new_to_them()[:LOOKED_AT])


@once
def to_give(purpose: Seat.Purpose) -> Prepared:
    """The same, and for gold none while MOST_OPEN wait for this person."""
    waiting = Seat.objects.filter(reserved_for=USER, project=PROJECT, status=Seat.Status.OPEN, purpose=purpose)
    new = new_to_them()
    if purpose == Seat.Purpose.GOLD:
        new = new.filter(~Exists(waiting[MOST_OPEN - 1 :]))
    return prepare(new[:LOOKED_AT])


def new_to_them() -> QuerySet[Gold, Any]:
    """They had no seat there, did not skip, write, or decide it; and its answer still stands."""
    sat = Seat.objects.filter(Q(holder=USER) | Q(reserved_for=USER), item=OuterRef("item"))
    skipped = Skip.objects.filter(item=OuterRef("item"), user=USER)
    wrote = Item.objects.written_by(USER).filter(pk=OuterRef("item"))
    closed = closed_to(USER, PROJECT).filter(pk=OuterRef("item__prompt__topic"))
    # The project is asked of each, from the newest on: by a join, SQLite begins at all items the project ever had.
    theirs = Subquery(Item.objects.filter(pk=OuterRef("item")).values("project")[:1])
    ours = Q(Exact(theirs, PROJECT.pk))
    golds = Gold.objects.known().filter(ours).exclude(answer__annotator=USER)
    new = golds.filter(~Exists(sat), ~Exists(skipped), ~Exists(wrote), ~Exists(closed)).order_by("-pk")
    return new.values_list("item", "item__prompt__topic")

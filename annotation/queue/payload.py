"""What the review screen gets to see of a seat: one query for any number of seats, then plain JSON values."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from annotation.models import Answer, Draft, Guideline, Item, Remark, Seat
from annotation.queue.prepared import USER, Prepared, ids, once, prepare, some_ids
from annotation.queue.seat_names import hide
from studio.models import User


@dataclass(frozen=True, slots=True)
class Shown:
    """A held seat, with all that the page shows of its item."""

    pk: int
    item_id: int
    lease_ends_at: datetime
    uuid: UUID
    mode: str
    prompt: str
    messages: Any
    text: str | None
    other: str | None
    model: str | None
    topic_id: int | None
    topic: str | None
    warning: str | None
    forecast: float | None
    guideline_version: int | None
    draft: Any
    draft_at: datetime | None
    returned: str | None


def held(user: User, seats: Sequence[int]) -> list[Shown]:
    """Those of `seats` that `user` holds, in the order of the queue, by one query."""
    if not seats:
        return []
    rows = shown(len(seats)).rows({USER.pk: user.pk, **ids(seats)})
    return [Shown(*row) for row in rows]


@once
def shown(count: int) -> Prepared:
    newest = Guideline.objects.filter(topic=OuterRef("item__prompt__topic")).order_by("-version")
    draft = Draft.objects.filter(item=OuterRef("item"), user=OuterRef("holder"))
    # Seat and person by expressions, so that the search begins at the item's few remarks, and not at all that this
    # person ever answered.
    back = Remark.objects.filter(item=OuterRef("item")).order_by("-pk")
    back = back.annotate(at_seat=F("sent_back__seat") + 0, of=F("sent_back__annotator") + 0)
    back = back.filter(at_seat=OuterRef("pk"), of=OuterRef("holder"))
    seats = Seat.objects.held_by(USER).filter(pk__in=some_ids(count)).order_by("item_id", "pk")
    return prepare(
        seats.values_list(
            "pk",
            "item_id",
            "lease_ends_at",
            "item__uuid",
            "item__mode",
            "item__prompt__text",
            "item__prompt__messages",
            "item__generation__text",
            "item__other__text",
            "item__generation__model_name",
            "item__prompt__topic",
            "item__prompt__topic__name",
            "item__prompt__topic__warning",
            "item__predicted_severity",
            Subquery(newest.values("version")[:1]),
            Subquery(draft.values("data")[:1]),
            Subquery(draft.values("updated_at")[:1]),
            Subquery(back.values("text")[:1]),
        )
    )


def swapped(seat_id: int) -> bool:
    """Whether a comparison shows `other` before `generation` at this seat: its number says so, nobody stores it.

    The hash, and not the number's own parity, because neighbouring seats belong to neighbouring items.
    """
    return hashlib.sha256(str(seat_id).encode()).digest()[0] % 2 == 1


SIDES = {False: {"left": "first", "right": "second"}, True: {"left": "second", "right": "first"}}
"""What left and right mean at a seat that is, or is not, swapped. No other way of working has these words."""


def outcome_as_meant(outcome: Any, seat_id: int) -> Any:
    return next((meant for shown, meant in SIDES[swapped(seat_id)].items() if shown == outcome), outcome)


def outcome_as_shown(outcome: Any, seat_id: int) -> Any:
    return next((shown for shown, meant in SIDES[swapped(seat_id)].items() if meant == outcome), outcome)


PRESSED = {"left": "A is better", "right": "B is better"}
"""What stands on the buttons of the review screen, for what no word in the database says."""


def in_words(answer: Answer, seat_id: int | None) -> str:
    """The outcome as one presses it at this seat: of a comparison by the sides on which its reader saw the two."""
    shown = answer.outcome if seat_id is None else outcome_as_shown(answer.outcome, seat_id)
    return PRESSED.get(shown) or str(answer.get_outcome_display())


def draft_as_meant(data: dict[str, Any], seat_id: int) -> dict[str, Any]:
    """A draft is kept per item and person, who may see the two texts in another order at another seat."""
    return {**data, "outcome": outcome_as_meant(data["outcome"], seat_id)} if "outcome" in data else data


def draft_as_shown(data: Any, seat_id: int) -> Any:
    """What the page of this seat reads; None where nothing was begun."""
    return {**data, "outcome": outcome_as_shown(data["outcome"], seat_id)} if data and "outcome" in data else data


def item(seat: Shown) -> dict[str, Any]:
    """ITEM of the review protocol. A comparison is blind: nothing in it says who wrote which."""
    texts = (seat.text or "", seat.other)
    if seat.mode == Item.Mode.COMPARE and swapped(seat.pk):
        texts = (seat.other or "", seat.text)
    return {
        "seat": hide(seat.pk),
        "item": str(seat.uuid),
        "mode": seat.mode,
        "prompt": seat.prompt,
        "messages": seat.messages,
        "text": texts[0],
        "other": texts[1],
        "model": (seat.model or "") if seat.mode == Item.Mode.REVIEW else "",
        "topic": topic(seat),
        "forecast": seat.forecast,
        "lease_ends_at": seat.lease_ends_at.isoformat(),
        "draft": draft_as_shown(seat.draft, seat.pk),
        "draft_at": seat.draft_at.isoformat() if seat.draft_at else None,
        "returned": seat.returned,
    }


def topic(seat: Shown) -> dict[str, Any] | None:
    """The item's topic; the text of its values statement comes with the page, or is asked for beside it."""
    if seat.topic_id is None:
        return None
    return {"id": seat.topic_id, "name": seat.topic, "version": seat.guideline_version, "warning": seat.warning}

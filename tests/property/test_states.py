"""Whatever its seats are, an item is in exactly one state, and its page and the data browser call it the same."""

import uuid
from datetime import timedelta
from itertools import product
from typing import Any

from django.utils import timezone

from annotation import submit
from annotation.browse import filters, items, ways
from annotation.models import Answer, Item, Seat
from tests.cast import Cast, join, make_item, make_user

KINDS = ("free", "ran out", "held", "fine", "biased", "retired", "retired while held")


def seat_of(kind: str, reader: Any) -> dict[str, Any]:
    now, hour = timezone.now(), timedelta(hours=1)
    if kind in ("free", "retired"):
        return {"status": "open" if kind == "free" else "retired"}
    status = {"ran out": "open", "held": "open", "retired while held": "retired"}.get(kind, "answered")
    return {"status": status, "holder": reader, "lease_ends_at": now - hour if kind == "ran out" else now + hour}


def test_an_item_is_in_exactly_one_state_whatever_its_seats_are(db: None) -> None:
    cast = Cast()
    readers = [cast.ada, cast.bo, join(make_user("cy"), cast.project, "annotator")]
    combinations = [kinds for n in (1, 2, 3) for kinds in product(KINDS, repeat=n)]
    seats, answers = [], []
    for kinds in combinations:
        item = make_item(cast.project, topic=cast.topic)
        Seat.objects.filter(item=item).delete()
        for position, (kind, reader) in enumerate(zip(kinds, readers, strict=False)):
            seat = Seat(project=cast.project, item=item, position=position, topic=cast.topic, **seat_of(kind, reader))
            seats.append(seat)
            if kind in ("fine", "biased"):
                answers.append(Answer(key=uuid.uuid4(), seat=seat, item=item, annotator=reader, outcome=kind))
    Seat.objects.bulk_create(seats)
    Answer.objects.bulk_create(answers)
    for pk in Item.objects.filter(answers__isnull=False).distinct().values_list("pk", flat=True):
        submit.agree(pk)  # as whoever answers or closes the last seat does
    listed: dict[int, list[str]] = {}
    for state in items.STATES:
        for wanted in ({"state": state}, {"state": state, "topic": cast.topic}):
            for pk in set(ways.ids(filters.found(cast.project, wanted), 1000)):
                listed.setdefault(pk, []).append(state)
    for item in Item.objects.prefetch_related("seats").select_related("verdict"):
        state = items.state_of(item)
        assert listed.get(item.pk) == [state, state], [(seat.status, seat.holder_id) for seat in item.seats.all()]
    assert {*Item.objects.unread()} == {
        *Item.objects.filter(pk__in=[pk for pk, said in listed.items() if "unread" in said])
    }

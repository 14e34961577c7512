"""Seats outside: names that are theirs alone and tell nothing of when a seat was made."""

import json
import re
from itertools import pairwise

import pytest

from annotation.queue.seat_names import hide, seek
from annotation.queue.shapes import read_seat, read_seat_list, read_wish
from tests.annotation.test_review_views import Page
from tests.cast import Cast


def test_every_seat_has_one_name_and_every_name_one_seat() -> None:
    seats = [*range(2000), 2**24 - 1, 2**24, 2**31, 2**48 - 1]
    names = [hide(seat) for seat in seats]
    assert len({*names}) == len(seats)
    assert [seek(name) for name in names] == seats
    assert all(1 <= name <= 2**48 for name in names)
    assert json.loads(json.dumps(float(max(names)))) == max(names)  # as JavaScript reads numbers


def test_names_tell_nothing_of_the_order_of_the_seats() -> None:
    names = [hide(seat) for seat in range(1, 2001)]
    grows = sum(one < two for one, two in pairwise(names))
    assert 900 < grows < 1100
    assert 900 < sum(name % 2 for name in names) < 1100


def test_another_studio_has_other_names(settings) -> None:
    before = hide(7)
    settings.SECRET_KEY = "another"
    assert hide(7) != before
    assert seek(hide(7)) == 7


@pytest.mark.parametrize("name", [0, -1, 2**48 + 1, 2**63 - 1])
def test_what_cannot_be_a_name_is_no_seat(name: int) -> None:
    assert seek(name) == 0


def test_names_are_translated_where_they_come_in() -> None:
    one, two = hide(1), hide(2)
    assert read_seat({"seat": one}) == 1
    assert read_wish({"want": 1, "holding": [one, two]}).holding == (1, 2)
    assert read_seat_list(f"{two},x,{one}") == (2, 1)


def test_a_number_of_a_row_opens_nothing(cast: Cast) -> None:
    item = cast.item()
    page = Page(cast.ada, cast.project)
    (shown,) = page.open()["items"]
    row = item.seats.get().pk
    assert shown["seat"] == hide(row) != row
    assert not re.search(rf'"seat": ?{row}\b', json.dumps(page.open()))
    reply = page.post("submit", {"key": "6a1f6f0e-6a0e-4a9e-9a63-0d2f6f3c7b11", "seat": row, "outcome": "fine"})
    assert reply.status_code == 404

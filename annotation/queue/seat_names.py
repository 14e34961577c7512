"""Seats go by another name outside. Rows are numbered as they are made, and those at gold items are made last: whoever
saw the numbers could tell them from the rest.

A name is the number, shuffled among all numbers of 48 bits by four rounds of a Feistel network keyed with the studio's
secret. Each has one name and each name one seat, nothing is stored, and JavaScript reads it exactly.
"""

from functools import lru_cache
from hashlib import blake2b

from django.conf import settings

BITS = 24
"""Of each half."""
HALF = (1 << BITS) - 1
ROUNDS = 4


def hide(pk: int) -> int:
    """The name of a seat, from 1 up."""
    left, right = pk >> BITS, pk & HALF
    if left > HALF:
        raise ValueError(f"Seat {pk} has no name: names are for numbers of {2 * BITS} bits.")
    for number in range(ROUNDS):
        left, right = right, left ^ mixed(number, right)
    return (left << BITS | right) + 1


def seek(name: int) -> int:
    """The seat of a name; 0, which is no seat, for what cannot be a name."""
    left, right = (name - 1) >> BITS, (name - 1) & HALF
    if not 0 <= left <= HALF:
        return 0
    for number in reversed(range(ROUNDS)):
        left, right = right ^ mixed(number, left), left
    return left << BITS | right


def mixed(number: int, half: int) -> int:
    said = bytes([number]) + half.to_bytes(BITS // 8)
    return int.from_bytes(blake2b(said, key=key(settings.SECRET_KEY), digest_size=BITS // 8).digest())


@lru_cache(maxsize=2)
def key(secret: str) -> bytes:
    return blake2b(secret.encode(), person=b"seat names").digest()

"""Ways to items, and the walk along them, in an order that an index gives. Only reads.

One filter leads, and its rows are walked in the order of their index; all others are asked of each row, by a scalar
subquery. A join would leave it to the database where to begin, and a million items showed that it guesses: it expects
few rows, and prepares for all of them, or the other way round. So a page costs what it shows and what it passes over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from annotation.models import Item


@dataclass(frozen=True, slots=True)
class Way:
    """Rows that lead to items: `item` is the path to the item's id, `key` what they are ordered by.

    The order is that of items, but where a model is asked for: there it is that of its answers, which an index gives.
    """

    rows: QuerySet
    item: str = "item_id"
    key: str = "item_id"
    knows_project: bool = False
    twin: str = ""
    """A column of another table that holds the same as `key`: PostgreSQL does not carry a bound over to the other side
    of a join, and may begin there."""
    ground: QuerySet[Item] | None = None
    """For a way that leads to all that the ones after it lead to: the items it passes over. It is gone as far as `NEAR`
    and `FAR` say, and where that is enough, no other way is."""

    def there(self) -> dict[str, OuterRef]:
        """Of rows with an `item`: those at the item that this way leads to."""
        if self.item == "item_pk":
            return {"item__generation": OuterRef("pk")}
        return {"item": OuterRef(self.item)}

    def itself(self) -> dict[str, OuterRef]:
        """Of items: the one this way leads to."""
        return {"generation": OuterRef("pk")} if self.item == "item_pk" else {"pk": OuterRef(self.item)}


Condition = Callable[[Way], Q]


def there_is(rows: QuerySet) -> Q:
    return Q(GreaterThan(one_of(rows), 0))


def there_is_no(rows: QuerySet) -> Q:
    return Q(LessThan(one_of(rows), 1))


def one_of(rows: QuerySet) -> Coalesce:
    """1 where there is such a row, else 0. PostgreSQL turns EXISTS into a join, and then chooses where to begin."""
    return Coalesce(Subquery(rows.order_by().annotate(one=Value(1)).values("one")[:1]), 0)


@dataclass(frozen=True)
class Ways:
    """Several ways, one after the other, each made only when the ones before it were not enough."""

    made: Callable[[], Iterator[Way]]
    model: str = ""
    """Whose answers are the keys, if a model is what leads."""

    def __iter__(self) -> Iterator[Way]:
        return self.made()


NOTHING = Ways(lambda: iter(()))


Pair = tuple[int, int]
"""Key and item: an answer may be the second one of many comparisons, which then have the same key."""


NEAR, FAR = (40, 2000), (150, 100_000)
"""Items to look at for each one that is wanted, and at most: at first; and where it looks as if so many would do."""


def newest(found: Ways, limit: int, *, beyond: Pair | None = None, up: bool = False) -> list[Pair]:
    """(key, item) of the newest `limit`, newest first; `up` gives the oldest. Of those `beyond` one, if it is given.

    Once there are enough, the next way is walked only as far as these go.
    """
    pairs: list[Pair] = []
    for way in found:
        if way.ground is not None:
            pairs, is_enough = looked_for(way, way.ground, limit, beyond, up)
            if is_enough:
                break
            continue  # what comes now finds these too
        rows = way.rows if beyond is None else way.rows.filter(past(way, beyond, "gt" if up else "lt"))
        if len(pairs) == limit:
            rows = rows.filter(bound(way, "lte" if up else "gte", pairs[-1][0]))
        pairs = sorted({*pairs, *first(way, rows, limit, up)}, reverse=not up)[:limit]
    return sorted(pairs, reverse=True)


def looked_for(way: Way, ground: QuerySet[Item], limit: int, beyond: Pair | None, up: bool) -> tuple[list[Pair], bool]:
    """What is met near the beginning, and further on if it goes on like that; whether nothing else need be done."""
    side, passed, pairs = "gt" if up else "lt", 0, list[Pair]()
    for reach, most in (NEAR, FAR):
        goal = min(reach * limit, most)
        if passed and len(pairs) * goal < limit * passed:  # so few that they would not be enough
            break
        edge = {} if beyond is None else {f"pk__{side}": beyond[1]}
        ahead = ground.filter(**edge).order_by("pk" if up else "-pk").values_list("pk", flat=True)
        end = ahead[goal - passed : goal - passed + 1].first()
        until = Q() if end is None else bound(way, "lte" if up else "gte", end)
        pairs += first(way, way.rows.filter(until, **edge), limit - len(pairs), up)
        if len(pairs) == limit or end is None:
            return pairs, True
        beyond, passed = (end, end), goal
    return pairs, False


def first(way: Way, rows: QuerySet, limit: int, up: bool) -> list[Pair]:
    order = [name if up else f"-{name}" for name in dict.fromkeys((way.key, way.item))]
    rows = rows.order_by(*order).values_list(way.key, way.item)
    return list((rows.distinct() if way.key == way.item else rows)[:limit])


def bound(way: Way, side: str, key: int) -> Q:
    """That the key of a row lies on this side of another."""
    return Q(**{f"{name}__{side}": key for name in (way.key, way.twin) if name})


def past(way: Way, edge: Pair, side: str) -> Q:
    """Of rows: beyond `edge`. The key alone bounds the walk, so that its index does."""
    key, item = edge
    if way.key == way.item:
        return bound(way, side, key)
    return bound(way, f"{side}e", key) & (Q(**{f"{way.key}__{side}": key}) | Q(**{f"{way.item}__{side}": item}))


def ids(found: Ways, limit: int) -> list[int]:
    """Ids of the newest items, at most `limit`."""
    return [item for _, item in newest(found, limit)]


def count(found: Ways, enough: int) -> int:
    """How many, up to `enough` + 1: who needs to know more, filters."""
    return len(newest(found, enough + 1))

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
    reach: int = 0
    """Not 0: only so many of `ground` are looked at for each item that is wanted. Where these are enough, or all there
    are, no other way is needed: such a way leads to everything that the ones after it lead to."""
    most: int = 0
    """How many are looked at at most, however many are wanted."""
    ground: QuerySet[Item] | None = None
    """The items a way with a `reach` passes over."""

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


def newest(found: Ways, limit: int, *, beyond: Pair | None = None, up: bool = False) -> list[Pair]:
    """(key, item) of the newest `limit`, newest first; `up` gives the oldest. Of those `beyond` one, if it is given.

    Once there are enough, the next way is walked only as far as these go.
    """
    pairs: list[Pair] = []
    for way in found:
        rows = way.rows
        if beyond is not None:
            rows = rows.filter(past(way, beyond, "gt" if up else "lt"))
        if (end := far_end(way, limit, beyond, up)) is not None:
            rows = rows.filter(**{f"pk__{'lte' if up else 'gte'}": end})
        if len(pairs) == limit:
            rows = rows.filter(**{f"{way.key}__{'lte' if up else 'gte'}": pairs[-1][0]})
        order = [name if up else f"-{name}" for name in dict.fromkeys((way.key, way.item))]
        rows = rows.order_by(*order).values_list(way.key, way.item)
        more = (rows.distinct() if way.key == way.item else rows)[:limit]
        pairs = sorted({*pairs, *more}, reverse=not up)[:limit]
        if way.reach and (len(pairs) == limit or end is None):
            break
    return sorted(pairs, reverse=True)


def far_end(way: Way, limit: int, beyond: Pair | None, up: bool) -> int | None:
    """The id of the last item that a way with a reach looks at; None, if that is the last there is."""
    if way.ground is None:
        return None
    ground = way.ground if beyond is None else way.ground.filter(**{f"pk__{'gt' if up else 'lt'}": beyond[1]})
    at = min(way.reach * limit, way.most)
    return ground.order_by("pk" if up else "-pk").values_list("pk", flat=True)[at : at + 1].first()


def past(way: Way, edge: Pair, side: str) -> Q:
    """Of rows: beyond `edge`. The key alone bounds the walk, so that its index does."""
    key, item = edge
    if way.key == way.item:
        return Q(**{f"{way.key}__{side}": key})
    return Q(**{f"{way.key}__{side}e": key}) & (Q(**{f"{way.key}__{side}": key}) | Q(**{f"{way.item}__{side}": item}))


def ids(found: Ways, limit: int) -> list[int]:
    """Ids of the newest items, at most `limit`."""
    return [item for _, item in newest(found, limit)]


def count(found: Ways, enough: int) -> int:
    """How many, up to `enough` + 1: who needs to know more, filters."""
    return len(newest(found, enough + 1))

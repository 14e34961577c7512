"""Queries that are built once and run many times.

A cycle of the review screen spent more than half of its processor time on turning the same few querysets into the same
few SQL texts (measured: 10.7 ms per cycle, of which the database took 0.7). So these are compiled once, with stand-ins
in the places of the values, and kept. What they ask is still said in querysets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from studio.models import Project, User

# Stand-ins: values that stand nowhere else in these queries, each within the range of the column it is compared with
# (Django compiles a comparison with a number out of range to "nothing"). Ids count down from the last.
NOW, UNTIL = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)
PROJECT, USER, NUMBER, FIRST_ID = Project(pk=-1), User(pk=-2), 2_000_000_011, -10


def some_ids(count: int) -> list[int]:
    """Stand-ins for so many ids."""
    return [FIRST_ID - i for i in range(count)]


def ids(values: Any) -> dict[Any, Any]:
    """What to put for `some_ids`."""
    return {FIRST_ID - i: value for i, value in enumerate(values)}


def moment(value: datetime) -> Any:
    """A moment as this database takes it for a parameter."""
    return connection.ops.adapt_datetimefield_value(value)


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL, its parameters with stand-ins among them, and how its columns become Python values."""

    sql: str
    stand_ins: tuple[Any, ...]
    convert: Callable[[list[Any]], Any]

    def rows(self, values: Mapping[Any, Any]) -> list[Any]:
        """Run it with `values` put where their stand-ins are; all of them must have a place."""
        if not values.keys() <= set(self.stand_ins):
            raise ValueError(f"{[*values]} are not all among {self.stand_ins}")
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [values.get(one, one) for one in self.stand_ins])
            return list(self.convert(cursor.fetchall()))


def prepare(asked: QuerySet[Any]) -> Prepared:
    """From a `values_list` queryset, whose columns come in the order they were named."""
    compiler = asked.query.get_compiler(using=connection.alias)
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
    return Prepared(sql, tuple(params), lambda rows: compiler.apply_converters(rows, converters))


def once(build: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what `build` returns, for each database system and each argument (a count of ids)."""
    kept = lru_cache(maxsize=128)(lambda vendor, *arguments: build(*arguments))
    return lambda *arguments: kept(connection.vendor, *arguments)

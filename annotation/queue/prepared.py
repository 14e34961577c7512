"""Queries that are built once, planned once by each connection, and run many times.

A cycle of the review screen spent more than half of its processor time on turning the same few querysets into the same
few SQL texts (measured: 10.7 ms per cycle, of which the database took 0.7). So these are compiled once, with stand-ins
in the places of the values, and kept. What they ask is still said in querysets.

PostgreSQL spent 8 of the 10 ms that such a cycle costs it on planning them anew. So each connection lets it prepare
them: one plan, whatever the values (`plan_cache_mode` in the settings), until the tables' statistics change. A partial
index is taken only where its condition stands in the SQL itself, so what is not a stand-in is written out in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from studio.models import Project, User

# Stand-ins: values that stand nowhere else in these queries, each within the range of the column it is compared with
# (Django compiles a comparison with a number out of range to "nothing"). Ids count down from the last.
NOW, UNTIL = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)
NEW = timedelta(microseconds=1)
"""By so much longer is the first lease of a seat than one that is renewed: the reply to a claim says which it was."""
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


def is_stand_in(value: Any) -> bool:
    if isinstance(value, int):
        return value in (PROJECT.pk, USER.pk, NUMBER) or value <= FIRST_ID
    return value in {moment(one) for one in (NOW, UNTIL, UNTIL + NEW)}


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL, the stand-ins that are its parameters, and how its columns become Python values."""

    sql: str
    stand_ins: tuple[Any, ...]
    convert: Callable[[list[Any]], Any] = list

    def rows(self, values: Mapping[Any, Any]) -> list[Any]:
        """Run it with `values` put where their stand-ins are; all of them must have a place."""
        with cursor() as asked:
            asked.execute(self.sql, self.bound(values))
            return list(self.convert(asked.fetchall()))

    def bound(self, values: Mapping[Any, Any]) -> list[Any]:
        if not values.keys() <= set(self.stand_ins):
            raise ValueError(f"{[*values]} are not all among {self.stand_ins}")
        return [values[one] for one in self.stand_ins]


def prepare(asked: QuerySet[Any]) -> Prepared:
    """From a `values_list` queryset, whose columns come in the order they were named."""
    compiler = asked.query.get_compiler(using=connection.alias)
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
    return Prepared(*spelt_out(sql, params), lambda rows: compiler.apply_converters(rows, converters))


def spelt_out(sql: str, params: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
    """The same SQL with what is no stand-in written out in it, and the stand-ins that are left."""
    first, *rest = sql.split("%s")
    params, text = [*params], first
    assert len(rest) == len(params), "a literal %s in SQL of our own"
    for value, part in zip(params, rest, strict=True):
        text += ("%s" if is_stand_in(value) else literal(value)) + part
    return text, tuple(value for value in params if is_stand_in(value))


def literal(value: Any) -> str:
    """Our own constants in SQL: numbers, and the words of states."""
    if isinstance(value, bool) or value is None:
        return str(value).upper().replace("NONE", "NULL")
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''").replace("%", "%%") + "'"


class Preparing(psycopg.Cursor):
    """A cursor that lets PostgreSQL prepare what it executes, and do it again from there the next time."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        return super().execute(query, params, **{**more, "prepare": settings.PREPARED_STATEMENTS})


@contextmanager
def cursor() -> Iterator[Any]:
    """A cursor for statements that come again and again, and are few: a connection keeps the last hundred.

    Where statements are logged it is a plain one, because the text of a prepared one is not to be had.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        with connection.cursor() as plain:
            yield plain
        return
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = Preparing(connection.connection)
    with CursorWrapper(raw, connection) as preparing:  # Django's own: errors become Django's
        yield preparing


def once(build: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what `build` returns, for each database system and each argument (a count of ids)."""
    kept = lru_cache(maxsize=128)(lambda vendor, *arguments: build(*arguments))
    return lambda *arguments: kept(connection.vendor, *arguments)

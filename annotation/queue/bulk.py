"""Many rows at once, for imports: known primary keys and one prepared statement, a tenth of `bulk_create`'s work.

Only for models whose rows mean the same without `save()`: every column must be given, or be null in the database.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Field, JSONField, UUIDField


def reserve(model: type[models.Model], count: int) -> list[int]:
    """`count` primary keys that nobody else will use. Inside a transaction.

    PostgreSQL hands them out of the sequence. SQLite has one writer at a time, and its transactions begin as writers
    here, so what follows the highest key ever used is ours.
    """
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, "id", count]
            )
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        used = (cursor.fetchone() or [0])[0]
    return list(range(used + 1, used + count + 1))


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows`, each a value per field name in `names` (a foreign key by its id)."""
    database = connections[DEFAULT_DB_ALIAS]  # the thing itself: the proxy asks for the thread at every touch
    fields = [field for field in map(model._meta.get_field, names) if isinstance(field, Field)]
    adapt = {place: _adapter(field, database) for place, field in enumerate(fields) if isinstance(field, ADAPTED)}

    def ready(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, adapter in adapt.items():
            values[place] = adapter(values[place])
        return values

    quote = database.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 (our own names)
    with database.cursor() as cursor:
        cursor.executemany(statement, [ready(row) for row in rows])


ADAPTED = (JSONField, UUIDField, DateTimeField)
"""Fields whose values each database wants in its own form; the others go through as they are."""


def _adapter(field: Field, database: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    def adapt(value: Any) -> Any:
        return field.get_db_prep_save(value, database)

    return lru_cache(maxsize=4)(adapt) if isinstance(field, DateTimeField) else adapt  # one moment for a whole import

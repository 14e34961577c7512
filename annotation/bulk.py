"""Many rows at once, for imports: known primary keys and one prepared statement, a tenth of `bulk_create`'s work.

Only for models whose rows mean the same without `save()`: every column must be given, or be null in the database.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
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
    fields = [field for field in map(model._meta.get_field, names) if isinstance(field, Field)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    adapted = [  # the other types go through as they are
        (place, field) for place, field in enumerate(fields) if isinstance(field, JSONField | UUIDField | DateTimeField)
    ]

    def ready(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, field in adapted:
            values[place] = field.get_db_prep_save(values[place], connection)
        return values

    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 (our own names)
    with connection.cursor() as cursor:
        cursor.executemany(statement, [ready(row) for row in rows])

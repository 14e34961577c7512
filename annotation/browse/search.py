"""What a person typed into a search box, as the full-text query of the database at hand.

Every word must occur, as the beginning of a word; "words in quotes" must stand together. Whatever is neither letter nor
digit parts words, here as in the index, so nothing that can be typed is a syntax error.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Model, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from annotation.models import Answer, Generation, Prompt

MOST_WORDS = 20
LONGEST_WORD = 60
TEXTS: dict[type[Model], tuple[str, ...]] = {
    Prompt: ("text",),
    Generation: ("text",),
    Answer: ("rewrite", "comment"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand together; with `begins`, the last one may go on."""

    words: tuple[str, ...]
    begins: bool


def terms(text: str) -> list[Term]:
    """What is asked for; nothing, where `text` has no letter and no digit."""
    found: list[Term] = []
    for quoted, bare in re.findall(r'"([^"]*)"?|([^"\s]+)', text):
        if quoted:
            phrase = tuple(words(quoted))[:MOST_WORDS]
            found += [Term(phrase, begins=False)] if phrase else []
        else:
            found += [Term((word,), begins=True) for word in words(bare)]
    return found[:MOST_WORDS]


def words(text: str) -> Iterator[str]:
    """Runs of letters, digits and the marks that belong to them, in any script."""
    letters = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in text)
    return (word[:LONGEST_WORD] for word in letters.split())


def matching(model: type[Model], found: list[Term]) -> QuerySet:
    """Rows of `model`, one of TEXTS, in which all of `found` occur."""
    rows = model._default_manager.all()
    if connection.vendor == "postgresql":
        return rows.filter(Holds(F("pk"), Value(tsquery(found))))
    name = f"{model._meta.db_table}_words"
    sql = f"SELECT rowid FROM {name} WHERE {name} MATCH %s"  # noqa: S608 (our own names)
    return rows.filter(pk__in=RawSQL(sql, [match(found)]))  # noqa: S611


def longest(found: list[Term]) -> Term:
    """Which is likely to be the rarest."""
    return max(found, key=lambda term: sum(map(len, term.words)))


def from_longest(model: type[Model], found: list[Term]) -> QuerySet:
    """The same rows as `matching` gives, where few hold the longest word: only these are asked for the others.

    PostgreSQL's index gives, for each other word, all rows that hold it before the first that holds both. FTS5 goes
    along all of them at once, and needs no such help.
    """
    if len(found) < 2 or connection.vendor != "postgresql":
        return matching(model, found)
    whole = Coalesce(Holds(F("pk"), Value(tsquery(found))), False)
    return matching(model, [longest(found)]).filter(whole)


class Holds(Func):
    """That the words beside a text satisfy a query: Holds(F("pk"), query).

    The words' column is the database's own and no field of the model, so it is named after the id's, whose table is
    called here whatever the query around calls it.
    """

    output_field = BooleanField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> Any:
        row, query = (compiler.compile(part) for part in self.get_source_expressions())
        table = row[0].rpartition(".")[0]
        return f"{table}.words @@ to_tsquery('pg_catalog.simple', {query[0]})", (*row[1], *query[1])


class Among(Func):
    """That a column holds one of many ids: Among(F("prompt_id"), ids).

    They travel as one parameter. Django's `in` has one for each: two thousand cost more than the search for them.
    """

    output_field = BooleanField()

    def __init__(self, column: F, ids: Sequence[int]):
        super().__init__(column)
        self.ids = list(ids)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s::bigint[])", (*params, self.ids)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(self.ids))  # noqa: S608


class AmongFew(Func):
    """That a column holds one of the ids that a query gives, which are few: AmongFew(F("prompt_id"), query).

    PostgreSQL collects them first, and then looks each up in the column's index. Of a plain `IN` it makes a join, and
    begins with whichever side it takes for the smaller one: it expects many texts where it asks the index of words.
    """

    output_field = BooleanField()

    def __init__(self, column: F, ids: QuerySet):
        super().__init__(column, Subquery(ids.order_by()))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> Any:
        column, ids = (compiler.compile(part) for part in self.get_source_expressions())
        these = f"= ANY(ARRAY{ids[0]})" if connection.vendor == "postgresql" else f"IN {ids[0]}"
        return f"{column[0]} {these}", (*column[1], *ids[1])


def tsquery(found: list[Term]) -> str:
    """`found` for PostgreSQL. Words hold no quotes, so that quoting them is enough."""
    return " & ".join("(" + " <-> ".join(f"'{word}'" for word in one.words) + ":*" * one.begins + ")" for one in found)


def match(found: list[Term]) -> str:
    """`found` for SQLite's FTS5."""
    return " AND ".join(f'"{" ".join(one.words)}"' + " *" * one.begins for one in found)

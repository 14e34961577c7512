"""Full-text search over prompts, answers, rewrites and comments: what each database is best at, kept by the database.

Words are found as they are written, in any language: no stemming, no stop words. On PostgreSQL every text has its words
beside it, in a generated column with a GIN index: with an index on the expression alone, a search that passes over many
texts (a common word, newest first) would take each apart again, at 60 µs a text. On SQLite each table has an FTS5 table
that holds no copy of the text, kept in step by triggers. Django rebuilds an SQLite table to alter it, and its triggers
go with the old one: a migration that alters one of these three tables must end with `make_triggers`.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TEXTS = {
    "annotation_prompt": ("text",),
    "annotation_generation": ("text",),
    "annotation_answer": ("rewrite", "comment"),
}
# PostgreSQL's parser takes every character beyond ASCII for a letter where the database's locale is C.
PUNCTUATION = "“”„‘’‚«»‹›…–—·¿¡、。，！？：；（）「」『』،؛؟।\u00a0"
FUNCTION = f"""
CREATE FUNCTION annotation_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('pg_catalog.simple'::regconfig, translate($1, '{PUNCTUATION}', '{" " * len(PUNCTUATION)}'))
$$
"""


def make(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = editor.connection.vendor == "postgresql"
    if postgresql:
        editor.execute(FUNCTION, params=None)
    for table, columns in TEXTS.items():
        if postgresql:
            words = " || ' ' || ".join(columns)
            editor.execute(
                f"ALTER TABLE {table} ADD COLUMN words tsvector GENERATED ALWAYS AS (annotation_words({words})) STORED",
                params=None,
            )
            editor.execute(f"CREATE INDEX {table}_words ON {table} USING gin (words)", params=None)
        else:
            editor.execute(
                f"CREATE VIRTUAL TABLE {table}_words USING fts5({', '.join(columns)}, content='{table}', "
                "content_rowid='id', tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'\")",
                params=None,
            )
            editor.execute(f"INSERT INTO {table}_words({table}_words) VALUES ('rebuild')", params=None)
    if not postgresql:
        make_triggers(editor)


def make_triggers(editor: BaseDatabaseSchemaEditor) -> None:
    for table, columns in TEXTS.items():
        names = ", ".join(columns)
        old, new = (", ".join(f"{side}.{column}" for column in columns) for side in ("old", "new"))
        put = f"INSERT INTO {table}_words(rowid, {names}) VALUES (new.id, {new});"
        drop = f"INSERT INTO {table}_words({table}_words, rowid, {names}) VALUES ('delete', old.id, {old});"
        for when, deed in (("INSERT", put), ("DELETE", drop), (f"UPDATE OF {names}", drop + put)):
            name = f"{table}_words_{when.split()[0].lower()}"
            editor.execute(f"CREATE TRIGGER {name} AFTER {when} ON {table} BEGIN {deed} END", params=None)


def drop(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for table in TEXTS:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"ALTER TABLE {table} DROP COLUMN words", params=None)
            continue
        for when in ("insert", "delete", "update"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_words_{when}", params=None)
        editor.execute(f"DROP TABLE {table}_words", params=None)
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION annotation_words(text)", params=None)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0002_initial")]

    operations = [migrations.RunPython(make, drop)]

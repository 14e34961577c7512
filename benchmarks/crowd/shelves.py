# ruff: noqa: ISC004 (rows of SQL: a table, what is selected, and when)
"""A world for the data browser: many items in every state, read by many people, of many versions, over a year.

python -m benchmarks.crowd.shelves ITEMS    prints {"slug", "session"}

The newest half is unread, the older half was read: as it is where work goes on. What is rare is rare here too (a topic
with one prompt in 5,000, forty items being read), because a rare thing is what is dear to find in newest-first order.
"""

import json
import sys

from benchmarks.crowd.world import ANSWER, SERIES, UUID, enter  # sets Django up

from django.db import connection, transaction  # isort: skip
from annotation.models import Category, Collection, Topic  # isort: skip
from studio.models import Membership, Project, Role, User  # isort: skip
from training.models import ModelVersion  # isort: skip

PEOPLE, TOPICS, CATEGORIES, VERSIONS = 50, 8, 6, 20
SECONDS_APART = 30
Rows = tuple[str, str, str]
"""A table with its columns, what is selected of each n, and of which."""


def make(items: int) -> dict[str, object]:
    with transaction.atomic():
        project = Project.objects.create(slug="bench", name="Bench", base_model="none", stock=0)
        for n in range(TOPICS):
            Topic.objects.create(project=project, slug=f"topic-{n}", name=f"Topic {n}")
        for n in range(CATEGORIES):
            Category.objects.create(project=project, slug=f"category-{n}", name=f"Category {n}", position=n + 1)
        for n in range(VERSIONS):
            ModelVersion.objects.create(project=project, number=n, base_model="none", adapter=f"a{n}" if n else "")
        sessions = [enter(project, n) for n in range(PEOPLE)]
        first = User.objects.get(username="reader-0")
        Membership.objects.filter(user=first).update(role=Role.CURATOR)
        large = Collection.objects.create(project=project, name="Large")
        small = Collection.objects.create(project=project, name="Small")
        fill(items, project.pk, first.pk, large.pk, small.pk)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return {"slug": project.slug, "session": sessions[0]}


def fill(items: int, project: int, person: int, large: int, small: int) -> None:
    said = Said(items, project, person)
    series = SERIES[connection.vendor] % items
    with connection.cursor() as cursor:
        for table, row, where in [*texts(said), *seats(said), *answers(said), *shelves(said, large, small)]:
            cursor.execute(f"INSERT INTO annotation_{table} {series} SELECT {row} FROM series WHERE {where}")


class Said:
    """What the rows of item `n` hold, as SQL of `n`."""

    def __init__(self, items: int, project: int, person: int):
        topic, self.category, self.version = (first(model) for model in (Topic, Category, ModelVersion))
        self.items, self.project, self.person, half = items, project, person, items // 2
        self.past = {
            "sqlite": f"datetime('now', '-' || (({items} - n) * {SECONDS_APART}) || ' seconds')",
            "postgresql": f"now() - ({items} - n) * interval '{SECONDS_APART} seconds'",
        }[connection.vendor]
        self.lease = {"sqlite": "datetime('now', '+1 day')", "postgresql": "now() + interval '1 day'"}[
            connection.vendor
        ]
        self.new_id = UUID[connection.vendor]
        self.topic = f"CASE WHEN n % 5000 = 7 THEN {topic + TOPICS - 1} ELSE {topic} + n % {TOPICS - 1} END"
        # What is joined stands in parentheses: SQLite joins before it divides.
        self.words = "'every ten'||(n % 10)||' hundred'||(n % 100)||' thousand'||(n % 1000)||' odd'||(n % 50000)||"
        self.words += "(CASE WHEN n <= 5000 THEN ' olden' ELSE '' END)"
        self.by = f"{self.version} + n * {VERSIONS - 1} / {items}, 'v' || (n * {VERSIONS - 1} / {items})"
        self.biased, self.read, self.twice = "n % 5 < 2", f"n <= {half}", "n % 10 = 0"
        self.disputed = f"{self.twice} AND n % 5000 = 0"
        self.reading = f"n > {half} AND n <= {half} + 40"
        replaced = f"n > {half} + 40 AND n % 20 = 3"
        self.outcome = f"CASE WHEN {self.biased} THEN 'biased' WHEN n % 50 = 3 THEN 'cannot_judge' ELSE 'fine' END"
        self.status = f"CASE WHEN {self.read} THEN 'answered' WHEN {replaced} THEN 'retired' ELSE 'open' END"

    def reader(self, position: int) -> str:
        return f"{self.person} + (n + {position}) % {PEOPLE}"

    def if_held(self, value: str) -> str:
        return f"CASE WHEN {self.read} OR {self.reading} THEN {value} END"


def first(model: type) -> int:
    return model.objects.order_by("pk").values_list("pk", flat=True)[0]  # type: ignore[attr-defined]


def texts(said: Said) -> list[Rows]:
    answer = "generation (id, prompt_id, version_id, model_name, text, seed, sampling, created_at)"
    mode = "CASE WHEN n % 20 = 5 THEN 'compare' WHEN n % 100 = 9 THEN 'demonstrate' ELSE 'review' END"
    one, two = "2 * n", "2 * n + 1"  # as they are handed out, one after the other
    return [
        (
            "prompt (id, project_id, topic_id, external_id, text, metadata, split, created_at)",
            f"n, {said.project}, {said.topic}, CAST(n AS text), 'What are people of trade ' || n || ' like? ' ||"
            f" {said.words}, '{{}}', 'train', {said.past}",
            "1 = 1",
        ),
        (answer, f"{one}, n, {said.by}, '{ANSWER}' || n || ' ' || {said.words}, n, '{{}}', {said.past}", "1 = 1"),
        (answer, f"{two}, n, {said.by}, '{ANSWER}' || n, {said.items} + n, '{{}}', {said.past}", "n % 20 = 5"),
        (
            "item (id, uuid, project_id, mode, prompt_id, generation_id, other_id, created_at)",
            f"n, {said.new_id}, {said.project}, {mode}, n, CASE WHEN n % 100 <> 9 THEN {one} END,"
            f" CASE WHEN n % 20 = 5 THEN {two} END, {said.past}",
            "1 = 1",
        ),
    ]


def seats(said: Said) -> list[Rows]:
    seat = "seat (project_id, item_id, position, status, holder_id, lease_ends_at, purpose, topic_id)"
    return [
        (
            seat,
            f"{said.project}, n, {position}, {said.status}, {said.if_held(said.reader(position))},"
            f" {said.if_held(said.lease)}, 'work', {said.topic}",
            where,
        )
        for position, where in enumerate(("1 = 1", said.twice))
    ]


def answers(said: Said) -> list[Rows]:
    answer = (
        "answer (id, key, seat_id, item_id, annotator_id, outcome, severity, rewrite, reasons, comment, created_at)"
    )
    at = "(SELECT id FROM annotation_seat s WHERE s.item_id = n AND position = %d)"
    both = f"{said.biased} AND NOT ({said.disputed})"
    return [
        (
            answer,
            f"n, {said.new_id}, {at % 0}, n, {said.reader(0)}, {said.outcome}, CASE WHEN {said.biased} THEN 1 + n % 3"
            f" END, CASE WHEN {said.biased} THEN 'People differ as people do ' || n ELSE '' END, '[]',"
            f" 'odd' || (n % 50000), {said.past}",
            said.read,
        ),
        (
            answer,
            f"{said.items} + n, {said.new_id}, {at % 1}, n, {said.reader(1)},"
            f" CASE WHEN {said.disputed} THEN 'fine' ELSE {said.outcome} END, CASE WHEN {both} THEN 1 + n % 3 END,"
            f" CASE WHEN {said.disputed} THEN '' ELSE 'odd' || (n % 50000) END, '[]', '', {said.past}",
            f"{said.read} AND {said.twice} AND {said.biased}",
        ),
        (
            "answer_categories (answer_id, category_id)",
            f"n, {said.category} + n % {CATEGORIES}",
            f"{said.read} AND {said.biased}",
        ),
        ('span (answer_id, start, "end")', "n, 3, 20", f"{said.read} AND {said.biased} AND n % 2 = 0"),
        (
            "verdict (item_id, answer_id, how, reason, created_at)",
            f"n, n, CASE WHEN {said.twice} THEN 'agreement' ELSE 'single' END, '', {said.past}",
            f"{said.read} AND NOT ({said.disputed})",
        ),
    ]


def shelves(said: Said, large: int, small: int) -> list[Rows]:
    return [
        (
            "gold (item_id, answer_id, explanation, is_active, created_at)",
            f"n, n, '', true, {said.past}",
            f"{said.read} AND n % (1 + {said.items} / 400) = 0",
        ),
        ("collection_items (collection_id, item_id)", f"{large}, n", "n % 200 = 0"),
        ("collection_items (collection_id, item_id)", f"{small}, n", f"n % (1 + {said.items} / 300) = 1"),
    ]


if __name__ == "__main__":
    print(json.dumps(make(int(sys.argv[1]))))

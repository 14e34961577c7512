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
    def first(model: type) -> int:
        return model.objects.order_by("pk").values_list("pk", flat=True)[0]  # type: ignore[attr-defined]

    topic, category, version = first(Topic), first(Category), first(ModelVersion)
    half = items // 2
    about = f"CASE WHEN n % 5000 = 7 THEN {topic + TOPICS - 1} ELSE {topic} + n % {TOPICS - 1} END"
    mode = "CASE WHEN n % 20 = 5 THEN 'compare' WHEN n % 100 = 9 THEN 'demonstrate' ELSE 'review' END"
    shows = "n % 100 <> 9"
    past = {
        "sqlite": f"datetime('now', '-' || (({items} - n) * {SECONDS_APART}) || ' seconds')",
        "postgresql": f"now() - ({items} - n) * interval '{SECONDS_APART} seconds'",
    }[connection.vendor]
    words = "'every ten' || n % 10 || ' hundred' || n % 100 || ' thousand' || n % 1000 || ' odd' || n % 50000"
    reader = f"{person} + n % {PEOPLE}"
    biased, read, twice = "n % 5 < 2", f"n <= {half}", "n % 10 = 0"
    disputed = f"{twice} AND n % 5000 = 0"
    reading = f"n > {half} AND n <= {half} + 40"
    replaced = f"n > {half} + 40 AND n % 20 = 3"
    outcome = f"CASE WHEN {biased} THEN 'biased' WHEN n % 50 = 3 THEN 'cannot_judge' ELSE 'fine' END"
    status = f"CASE WHEN {read} THEN 'answered' WHEN {replaced} THEN 'retired' ELSE 'open' END"
    held = f"CASE WHEN {read} OR {reading} THEN %s END"
    lease = {"sqlite": "datetime('now', '+1 day')", "postgresql": "now() + interval '1 day'"}[connection.vendor]
    seat = "seat (project_id, item_id, position, status, holder_id, lease_ends_at, purpose, topic_id)"
    answer = (
        "answer (id, key, seat_id, item_id, annotator_id, outcome, severity, rewrite, reasons, comment, created_at)"
    )
    texts = f"CASE WHEN {biased} THEN 'People differ as people do ' || n ELSE '' END, '[]', 'odd' || n % 50000"
    rows: list[tuple[str, str, str]] = [
        (
            "prompt (id, project_id, topic_id, external_id, text, metadata, split, created_at)",
            f"n, {project}, {about}, CAST(n AS text), 'What are people of trade ' || n || ' like? ' || {words}, '{{}}',"
            f" 'train', {past}",
            "1 = 1",
        ),
        (
            "generation (id, prompt_id, version_id, model_name, text, seed, sampling, created_at)",
            f"n, n, {version} + n * {VERSIONS - 1} / {items}, 'v' || n * {VERSIONS - 1} / {items},"
            f" '{ANSWER}' || n || ' ' || {words}, n, '{{}}', {past}",
            "1 = 1",
        ),
        (
            "generation (id, prompt_id, version_id, model_name, text, seed, sampling, created_at)",
            f"{items} + n, n, {version} + n * {VERSIONS - 1} / {items}, 'v' || n * {VERSIONS - 1} / {items},"
            f" '{ANSWER}' || n, {items} + n, '{{}}', {past}",
            "n % 20 = 5",
        ),
        (
            "item (id, uuid, project_id, mode, prompt_id, generation_id, other_id, created_at)",
            f"n, {UUID[connection.vendor]}, {project}, {mode}, n, CASE WHEN {shows} THEN n END,"
            f" CASE WHEN n % 20 = 5 THEN {items} + n END, {past}",
            "1 = 1",
        ),
        (
            seat,
            f"{project}, n, 0, {status}, {held.replace('%s', reader)}, {held.replace('%s', lease)}, 'work', {about}",
            "1 = 1",
        ),
        (
            seat,
            f"{project}, n, 1, {status}, {held.replace('%s', f'{person} + (n + 1) % {PEOPLE}')},"
            f" {held.replace('%s', lease)}, 'work', {about}",
            twice,
        ),
        (
            answer,
            f"n, {UUID[connection.vendor]}, (SELECT id FROM annotation_seat s WHERE s.item_id = n AND position = 0),"
            f" n, {reader}, {outcome}, CASE WHEN {biased} THEN 1 + n % 3 END, {texts}, {past}",
            read,
        ),
        (
            answer,
            f"{items} + n, {UUID[connection.vendor]}, (SELECT id FROM annotation_seat s WHERE s.item_id = n AND"
            f" position = 1), n, {person} + (n + 1) % {PEOPLE}, CASE WHEN {disputed} THEN 'fine' ELSE {outcome} END,"
            f" CASE WHEN {biased} AND NOT ({disputed}) THEN 1 + n % 3 END,"
            f" CASE WHEN {disputed} THEN '' ELSE 'odd' || n % 50000 END, '[]', '', {past}",
            f"{read} AND {twice} AND {biased}",
        ),
        ("answer_categories (answer_id, category_id)", f"n, {category} + n % {CATEGORIES}", f"{read} AND {biased}"),
        ('span (answer_id, start, "end")', "n, 3, 20", f"{read} AND {biased} AND n % 2 = 0"),
        (
            "verdict (item_id, answer_id, how, reason, created_at)",
            f"n, n, CASE WHEN {twice} THEN 'agreement' ELSE 'single' END, '', {past}",
            f"{read} AND NOT ({disputed})",
        ),
        (
            "gold (item_id, answer_id, explanation, is_active, created_at)",
            f"n, n, '', true, {past}",
            f"{read} AND n % (1 + {items} / 400) = 0",
        ),
        ("collection_items (collection_id, item_id)", f"{large}, n", "n % 200 = 0"),
        ("collection_items (collection_id, item_id)", f"{small}, n", f"n % (1 + {items} / 300) = 1"),
    ]
    series = SERIES[connection.vendor] % items
    with connection.cursor() as cursor:
        for table, row, where in rows:
            cursor.execute(f"INSERT INTO annotation_{table} {series} SELECT {row} FROM series WHERE {where}")


if __name__ == "__main__":
    print(json.dumps(make(int(sys.argv[1]))))

"""A world for the queue: so many items, so many people with a session each; and afterwards the books of it.

python -m benchmarks.crowd.world make ITEMS PEOPLE READ    prints {"slug", "category", "sessions"}
python -m benchmarks.crowd.world books                     prints what the database says was answered
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count, F  # noqa: E402
from django.db.models.functions import Mod  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation.models import Answer, Category, Guideline, Seat, Topic, Verdict  # noqa: E402
from studio.models import Membership, Project, Role, User  # noqa: E402

ANSWER = (
    "Most people of that trade are said to be of one kind, and the saying is older than any of them. "
    "Ask for the reasons and you will hear about a cousin, a neighbour, a story from a train. "
    "What they have in common is the work, the hours, and what they were told as children they could become. "
    "The rest is what the listener brought along. "
)
# One row per number. The rows lie as an import would leave them: one after the other, in the order of the queue.
SERIES = {
    "sqlite": "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %s)",
    "postgresql": "WITH series(n) AS (SELECT generate_series(1, %s))",
}
UUID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}


def make(items: int, people: int, read: int) -> dict[str, object]:
    with transaction.atomic():
        project = Project.objects.create(slug="bench", name="Bench", base_model="none", stock=0)
        topic = Topic.objects.create(project=project, slug="work", name="Work")
        Guideline.objects.create(topic=topic, version=1, text=ANSWER)
        category = Category.objects.create(project=project, slug="stereotype", name="Stereotype", position=1)
        fill(project.pk, topic.pk, items)
        sessions = [enter(project, n) for n in range(people)]
        Seat.objects.filter(pk__lte=read).update(
            status=Seat.Status.ANSWERED, lease_ends_at=timezone.now(), holder=Mod(F("pk"), people) + first_person()
        )
    with connection.cursor() as cursor:  # what autovacuum does within a minute of an import
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    return {"slug": project.slug, "category": category.pk, "sessions": sessions}


def fill(project: int, topic: int, items: int) -> None:
    series, uuid, now = SERIES[connection.vendor], UUID[connection.vendor], "CURRENT_TIMESTAMP"
    prompts = "(id, project_id, topic_id, external_id, text, metadata, split, created_at)"
    generations = "(id, prompt_id, model_name, text, sampling, created_at)"
    asked, said = "'What are people of trade ' || n || ' like?'", f"'{ANSWER}' || n"
    rows = {
        f"prompt {prompts}": f"n, {project}, {topic}, CAST(n AS text), {asked}, '{{}}', 'train', {now}",
        f"generation {generations}": f"n, n, 'imported', {said}, '{{}}', {now}",
        "item (id, uuid, project_id, mode, prompt_id, generation_id, created_at)": (
            f"n, {uuid}, {project}, 'review', n, n, {now}"
        ),
        "seat (id, project_id, item_id, position, status, purpose, topic_id)": (
            f"n, {project}, n, 0, 'open', 'work', {topic}"
        ),
    }
    statements = [f"INSERT INTO annotation_{table} {series} SELECT {row} FROM series" for table, row in rows.items()]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, [items])


def first_person() -> int:
    return User.objects.order_by("pk").values_list("pk", flat=True)[0]


def enter(project: Project, n: int) -> str:
    """A member with a session, as logging in would make it."""
    user = User.objects.create(username=f"reader-{n}")
    Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR)
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.save()
    return str(session.session_key)


def books() -> dict[str, object]:
    answers = Answer.objects.standing()
    overfull = answers.values("item").annotate(n=Count("pk")).filter(n__gt=1)
    return {
        "keys": [str(key) for key in answers.values_list("key", flat=True)],
        "verdicts": Verdict.objects.count(),
        "answered": Seat.objects.filter(status=Seat.Status.ANSWERED).count(),
        "items_answered_twice": overfull.count(),
        "strange_hands": answers.exclude(annotator=F("seat__holder")).count(),
    }


if __name__ == "__main__":
    print(json.dumps(make(*map(int, sys.argv[2:])) if sys.argv[1] == "make" else books()))

"""A world for the queue: so many items, so many people with a session each; and afterwards the books of it.

python -m benchmarks.crowd.world make ITEMS PEOPLE READ [plain]    prints {"slug", "category", "sessions"}
python -m benchmarks.crowd.world books                             prints what the database says was answered

Unless `plain`, everything that makes a claim more than "the next one" is switched on: four topics, of which one is for
every second person only, one was opted out of by every fifth, and one wants two readers; gold items among a tenth of
what people get; terms for the counterfactual strip.
"""

import json
import os
import sys
import uuid
from collections import defaultdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count, F, Q  # noqa: E402
from django.db.models.functions import Mod  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation.models import (  # noqa: E402
    Answer,
    Category,
    Generation,
    Gold,
    Guideline,
    Item,
    Prompt,
    Seat,
    TermSet,
    Topic,
    Verdict,
)
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
TOPICS = ("work", "restricted", "opted-out", "two-readers")
GOLD = 40


def make(items: int, people: int, read: int, plain: bool) -> dict[str, object]:
    with transaction.atomic():
        project = Project.objects.create(
            slug="bench", name="Bench", base_model="none", stock=0, gold_percent=0 if plain else 10
        )
        topics = [Topic.objects.create(project=project, slug=slug, name=slug) for slug in TOPICS[: 1 if plain else 4]]
        for topic in topics:
            Guideline.objects.create(topic=topic, version=1, text=ANSWER)
        category = Category.objects.create(project=project, slug="stereotype", name="Stereotype", position=1)
        fill(project.pk, [topic.pk for topic in topics], items)
        sessions = [enter(project, n) for n in range(people)]
        Seat.objects.filter(pk__lte=read).update(
            status=Seat.Status.ANSWERED, lease_ends_at=timezone.now(), holder=Mod(F("pk"), people) + first_person()
        )
        if not plain:
            switch_on(project, topics)
    with connection.cursor() as cursor:  # what autovacuum does within a minute of an import
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    return {"slug": project.slug, "category": category.pk, "sessions": sessions}


def fill(project: int, topics: list[int], items: int) -> None:
    series, new_id, now = SERIES[connection.vendor], UUID[connection.vendor], "CURRENT_TIMESTAMP"
    prompts = "(id, project_id, topic_id, external_id, text, metadata, split, created_at)"
    generations = "(id, prompt_id, model_name, text, sampling, created_at)"
    things = "(id, uuid, project_id, mode, prompt_id, generation_id, created_at)"
    seats = "(id, project_id, item_id, topic_id, position, status, purpose)"
    asked, said = "'What are people of trade ' || n || ' like?'", f"'{ANSWER}' || n"
    topic = f"{topics[0]} + n %% {len(topics)}"  # their ids follow one another
    rows = [
        f"prompt {prompts}: n, {project}, {topic}, CAST(n AS text), {asked}, '{{}}', 'train', {now}",
        f"generation {generations}: n, n, 'imported', {said}, '{{}}', {now}",
        f"item {things}: n, {new_id}, {project}, 'review', n, n, {now}",
        f"seat {seats}: n, {project}, n, {topic}, 0, 'open', 'work'",
    ]
    if len(topics) == 4:
        rows.append(f"seat {seats}: n + {items}, {project}, n, {topic}, 1, 'open', 'work' WHERE n %% 4 = 3")
    with connection.cursor() as cursor:
        for row in rows:
            table, _, values = row.partition(": ")
            chosen, where, which = values.partition(" WHERE ")
            some = f"{series} SELECT {chosen} FROM series{where}{which}"
            cursor.execute(f"INSERT INTO annotation_{table} {some}", [items])
        if connection.vendor == "postgresql":  # ids were given by hand: the sequences go on after them
            for table, last in (("prompt", items), ("generation", items), ("item", items), ("seat", 2 * items)):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('annotation_{table}', 'id'), {last})")


def switch_on(project: Project, topics: list[Topic]) -> None:
    _, restricted, opted_out, two_readers = topics
    members = list(project.memberships.order_by("pk"))
    restricted.readers.set(members[::2])
    opted_out.opted_out.set(members[::5])
    Topic.objects.filter(pk=two_readers.pk).update(overlap=2)
    TermSet.objects.create(project=project, name="Trades", terms=["nurse", "engineer", "pilot"])
    for n in range(GOLD):
        prompt = Prompt.objects.create(project=project, topic=topics[0], external_id=f"gold-{n}", text=f"Known {n}?")
        generation = Generation.objects.create(prompt=prompt, model_name="imported", text=f"{ANSWER}{n}")
        item = Item.objects.create(project=project, prompt=prompt, generation=generation)
        Seat.objects.create(project=project, item=item, topic=topics[0], position=0, status=Seat.Status.RETIRED)
        answer = Answer.objects.create(key=uuid.uuid4(), item=item, outcome="fine", created_at=project.created_at)
        Verdict.objects.create(item=item, answer=answer, how=Verdict.How.ADJUDICATION)
        Gold.objects.create(item=item, answer=answer)


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
    """What was answered, and every way in which it could be wrong."""
    given = Answer.objects.filter(seat__isnull=False)
    answers = given.standing()
    work = answers.filter(seat__purpose=Seat.Purpose.WORK)
    seats = Count("seats", filter=Q(seats__purpose=Seat.Purpose.WORK))
    room = dict(Item.objects.filter(pk__in=work.values("item")).annotate(n=seats).values_list("pk", "n"))
    said = defaultdict(list)
    for item, outcome in work.values_list("item", "outcome"):
        said[item].append(outcome)
    settled = {*Verdict.objects.filter(item__in=room).values_list("item", flat=True)}
    open_seats = Seat.objects.filter(item__in=room, purpose=Seat.Purpose.WORK, status=Seat.Status.OPEN)
    waiting = {*open_seats.values_list("item", flat=True)}
    agreed = {item for item, outcomes in said.items() if item not in waiting and len({*outcomes}) == 1}
    held = Seat.objects.filter(status=Seat.Status.OPEN, holder__isnull=False)
    longest = held.order_by("-lease_ends_at").values_list("lease_ends_at", flat=True).first()
    return {
        "keys": [str(key) for key in answers.values_list("key", flat=True)],
        "undone": [str(key) for key in given.exclude(undone_at=None).values_list("key", flat=True)],
        "answered_too_often": sum(len(outcomes) > room[item] for item, outcomes in said.items()),
        "twice_by_one": answers.values("item", "annotator").annotate(n=Count("pk")).filter(n__gt=1).count(),
        "strange_hands": answers.exclude(annotator=F("seat__holder")).count(),
        "closed_without_answer": Seat.objects.filter(pk__in=given.values("seat"), status=Seat.Status.ANSWERED)
        .exclude(pk__in=answers.values("seat"))
        .count(),
        "answered_but_open": answers.exclude(seat__status=Seat.Status.ANSWERED).count(),
        "verdicts_missing_or_wrong": len(agreed ^ settled),
        "gold_answers": answers.filter(seat__purpose=Seat.Purpose.GOLD).count(),
        "lease_left_seconds": (longest - timezone.now()).total_seconds() if longest else 0.0,
        "lease_seconds": 60 * Project.objects.get().lease_minutes,
    }


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    plain = "plain" in numbers
    print(json.dumps(make(*map(int, numbers[:3]), plain=plain) if what == "make" else books()))

"""A team at work, for the pictures of the documentation: three readers per item, eight weeks, seeded opinions.

    STUDIO_DATA=FOLDER python -m docs.team

Founds the project "team" in the studio whose data lie in FOLDER, out of the demo's own prompts and answers, and lets
six invented readers answer through the same verbs as the review screen. Only the dates are set afterwards, because the
pictures show weeks. Nothing here is a measurement of anything. Prints the key of a session of one of the readers.
"""

import io
import json
import os
import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotation import claim, exchange, submit  # noqa: E402
from annotation.models import Answer, Item, Seat, Verdict  # noqa: E402
from annotation.queue.payload import Shown  # noqa: E402
from annotation.queue.shapes import Said, SpanSaid  # noqa: E402
from annotation.values import taxonomy  # noqa: E402
from studio.demo.world import starter, write_values  # noqa: E402
from studio.models import Membership, Project, Role, User  # noqa: E402

READERS = {"ada": 0.02, "bela": 0.04, "chidi": 0.05, "dora": 0.08, "emeka": 0.03, "farah": 0.15}
"""How often each of them sees things otherwise than the file says."""
WEEKS = 8
UNREAD = 45
"""Seats nobody has answered yet."""


def lines(name: str) -> list[dict[str, Any]]:
    text = (starter() / "demo" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def found(admin: User) -> Project:
    project = taxonomy.found_project(
        Project(slug="team", name="A team at work", base_model="counterweight/starter", overlap=3, stock=0), actor=admin
    )
    write_values(project, json.loads((starter() / "demo" / "values.json").read_text(encoding="utf-8")), admin)
    return project


def join(project: Project) -> dict[str, User]:
    people = {name: User.objects.create_user(name, first_name=name.capitalize()) for name in READERS}
    for user in people.values():
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR, onboarded_at=timezone.now())
    return people


def bring_in(project: Project, rows: list[dict[str, Any]]) -> None:
    answers = [
        {name: row[name] for name in ("prompt", "completion", "topic")}
        | {"model": f"v{n % 2}", "metadata": {"group": "women and men"} if row["topic"] == "work" else {}}
        for n, row in enumerate(rows)
    ]
    exchange.import_answers(project, io.BytesIO("\n".join(map(json.dumps, answers)).encode()), actor=None)


def opinion(
    shown: Shown, truth: dict[str, Any] | None, dissent: float, pick: random.Random, kinds: dict[str, int]
) -> Said:
    biased = truth is not None
    if pick.random() < dissent:
        biased = not biased
    if not biased:
        return Said(outcome="fine", active_ms=pick.randint(3000, 9000))
    named = [kinds[slug] for slug in (truth or {}).get("categories", [])] or [pick.choice(list(kinds.values()))]
    spans = [SpanSaid(one["start"], one["end"], named[0]) for one in (truth or {}).get("spans", [])]
    if spans and pick.random() < 0.4:
        spans = spans[:1]
    chosen = {*named} | ({pick.choice(list(kinds.values()))} if pick.random() < 0.2 else set())
    return Said(
        outcome="biased",
        categories=tuple(sorted(chosen)),
        severity=max(1, min(3, (truth or {"severity": 1})["severity"] + pick.choice([-1, 0, 0, 0, 1]))),
        spans=tuple(spans),
        rewrite=(truth or {}).get("rewrite") or "Each of them is a person; ask, do not guess.",
        active_ms=pick.randint(15_000, 60_000),
    )


def work(project: Project, people: dict[str, User], truths: dict[str, dict[str, Any]]) -> None:
    pick = random.Random(7)  # noqa: S311  # opinions, not secrets
    kinds = dict(project.categories.values_list("slug", "pk"))
    answered, enough = 0, Seat.objects.filter(project=project).count() - UNREAD
    while answered < enough:
        for name, user in pick.sample(list(people.items()), len(people)):
            for shown in claim.claim(project, user, want=1)[: enough - answered]:
                said = opinion(shown, truths.get(shown.text), READERS[name], pick, kinds)
                submit.submit(project, user, shown.pk, said, key=uuid4())
                answered += 1


def spread(project: Project) -> None:
    """The first item eight weeks ago, the last one now."""
    items = list(Item.objects.filter(project=project).order_by("pk").values_list("pk", flat=True))
    for place, pk in enumerate(items):
        at = timezone.now() - timedelta(weeks=WEEKS * (1 - (place + 1) / len(items)), minutes=1)
        Answer.objects.filter(item=pk).update(created_at=at)
        Verdict.objects.filter(item=pk).update(created_at=at)
        Item.objects.filter(pk=pk).update(created_at=at - timedelta(hours=3))


def main() -> None:
    admin = User.objects.filter(is_superuser=True).order_by("pk")[0]
    project = found(admin)
    people = join(project)
    biased = lines("demonstrations.jsonl")
    rows = [row for pair in zip(biased, lines("control.jsonl"), strict=False) for row in pair]
    bring_in(project, rows)
    work(project, people, {row["completion"]: row for row in biased})
    spread(project)
    Seat.objects.filter(project=project, status=Seat.Status.OPEN).update(holder=None, lease_ends_at=None)
    print(session_of(people["ada"]))  # noqa: T201  # a program


def session_of(user: User) -> str:
    """The key of a session, as logging in would make it."""
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    main()

"""Verb: make the demo project from what lies beside the starter model."""

import io
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotation import exchange
from annotation.models import Category, Guideline, Item, Topic
from annotation.queue import gold
from annotation.values import taxonomy, terms
from studio import audit
from studio.models import Membership, Project, Role, User
from training import start
from training.models import Snapshot
from training.science.starter.world import JOBS, PEOPLES

SLUG = "demo"
NEUTRAL = "neutral"
"""The category of the control arm's rows: every rewrite needs one, and these correct no bias."""
ROUND_EVERY = 60
STOCK = 40
SHARES = {"share_review": 8, "share_compare": 1, "share_demonstrate": 1}
GOLD_ITEMS, GOLD_PERCENT = 6, 5
WARNINGS = {
    "peoples": "Some answers speak ill of whole peoples. They are invented; the way of speaking about them is not."
}
DESCRIPTION = (
    "A toy model of an invented world, with stereotypes planted on purpose, so that the loop can be watched and "
    "learned without insulting anybody."
)


class DemoBroken(Exception):
    """The files that the demo is made from do not fit this version."""


@dataclass(frozen=True)
class World:
    """The demo project, and the passwords of the accounts that were made for it: shown once, kept nowhere."""

    project: Project
    passwords: dict[str, str]


def starter() -> Path:
    return Path(settings.STARTER_DIR)


@transaction.atomic
def make(*, control: bool = False) -> World:
    """The demo project with its people, prompts and about 80 settled demonstrations.

    With `control` the demonstrations are neutral ones of the same length and style: what they change is not due to
    what the others say (PALMS has such an arm).
    """
    accounts = {role: account(role) for role in Role}
    people = {role: user for role, (user, _) in accounts.items()}
    admin = people[Role.ADMIN]
    project = taxonomy.found_project(make_project(), actor=admin)
    for role in (Role.CURATOR, Role.ANNOTATOR):
        audit.record(
            admin, "added member", Membership.objects.create(project=project, user=people[role], role=role), role=role
        )
    write_values(project, json.loads((starter() / "demo" / "values.json").read_text(encoding="utf-8")), admin)
    try:
        start.make_spec(Snapshot(project=project))
    except start.BadRecipe as error:
        raise DemoBroken(f"The starter's recipe.json does not fit this version: {error}") from error
    bring_in(project, "prompts.jsonl", exchange.import_prompts)
    if control:
        Category.objects.create(project=project, slug=NEUTRAL, name="Neutral", description="Control arm: no bias.")
        bring_in(project, "control.jsonl", exchange.import_demonstrations, categories=[NEUTRAL], severity=1)
    else:
        bring_in(project, "demonstrations.jsonl", exchange.import_demonstrations)
    furnish(project, admin)
    return World(project, {user.username: password for user, password in accounts.values() if password})


def account(role: Role) -> tuple[User, str | None]:
    """The person named after `role`, and the new password; None where somebody has that name already."""
    user, made = User.objects.get_or_create(username=role.value)
    if not made:
        return user, None
    password = secrets.token_urlsafe(9)
    user.set_password(password)
    user.is_superuser = user.is_staff = role == Role.ADMIN  # may also make projects
    user.save(update_fields=["password", "is_superuser", "is_staff"])
    return user, password


def make_project() -> Project:
    """The project's settings: answers are sampled as the probes sample them, and the policy turns the wheel."""
    suite = json.loads((Path(settings.SUITE_DIRS[0]) / "starter_probes" / "suite.json").read_text(encoding="utf-8"))[
        "sampling"
    ]
    return Project(
        slug=SLUG,
        name="Demo",
        description=DESCRIPTION,
        base_model=settings.STARTER_MODEL,
        stock=STOCK,
        round_every=ROUND_EVERY,
        auto_promote=True,
        gold_percent=GOLD_PERCENT,
        **SHARES,
        recipe=json.loads((starter() / "recipe.json").read_text(encoding="utf-8")),
        temperature=suite["temperature"],
        top_p=suite["top_p"],
        max_new_tokens=suite["max_new_tokens"],
    )


def write_values(project: Project, values: dict[str, Any], admin: User) -> None:
    """The topics with their values statements, and the categories of bias."""
    for topic in values["topics"]:
        warning = WARNINGS.get(topic["key"], "")
        row = Topic.objects.create(project=project, slug=topic["key"], name=topic["name"], warning=warning)
        Guideline.objects.create(topic=row, version=1, text=topic["values"], created_by=admin)
    project.categories.all().delete()  # a new project's defaults; this world has its own
    Category.objects.bulk_create(
        Category(
            project=project,
            slug=category["key"],
            name=category["name"],
            description=category["description"],
            position=position,
        )
        for position, category in enumerate(values["categories"], 1)
    )


def furnish(project: Project, admin: User) -> None:
    """Terms to swap, and a few known items: one of a topic after the other, of those that came settled."""
    terms.add(project, "Peoples", [people.name for people in PEOPLES if not people.held_out], actor=admin)
    terms.add(project, "Jobs", [job.name for job in JOBS if not job.held_out], actor=admin)
    settled = list(Item.objects.filter(project=project).settled().order_by("prompt__topic", "pk"))
    for item in settled[:: max(1, len(settled) // GOLD_ITEMS)][:GOLD_ITEMS]:
        gold.mark(item, actor=admin, explanation="It came settled with the demo: see the topic's values statement.")


def bring_in(project: Project, name: str, verb: Any, **fields: Any) -> None:
    """Import one of the demo's files whole; every row gets `fields`."""
    path = starter() / "demo" / name
    lines = (json.loads(line) | fields for line in path.read_text(encoding="utf-8").splitlines())
    stream = io.BytesIO("".join(json.dumps(line) + "\n" for line in lines).encode())
    report = verb(project, stream, "jsonl", actor=None, on_bad="abort")
    if report.bad_count:
        first = report.bad[0]
        raise DemoBroken(f"{path} does not fit this version: line {first.line}, {first.field}: {first.reason}")

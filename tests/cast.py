"""The people and things every test knows.

Ada and Bo annotate, Iris curates, Max is admin of the project; Eve is admin of another project and has no business in
this one. The `make_` functions have defaults for everything, so that a test names only what it is about.
"""

import hashlib
import itertools
import json
import uuid
from typing import Any

from django.conf import settings

from annotation.models import Answer, Category, Generation, Guideline, Item, Prompt, Seat, Topic, Verdict
from annotation.queue.seat_names import hide
from studio.models import Membership, Project, Role, User
from training.models import ModelVersion, Promotion, Round, Snapshot, SnapshotRow

counter = itertools.count(1)


def make_user(name: str, **fields: Any) -> User:
    user = User(username=name, **fields)
    if not user.password:
        user.set_unusable_password()
    user.save()
    return user


def make_project(slug: str = "", **fields: Any) -> Project:
    slug = slug or f"project-{next(counter)}"
    return Project.objects.create(**{"slug": slug, "name": slug.title(), "base_model": "some/model", **fields})


def join(user: User, project: Project, role: Role) -> User:
    Membership.objects.create(user=user, project=project, role=role)
    return user


class Cast:
    """A project with its people; topics and categories are made on first use."""

    def __init__(self, **project_fields: Any):
        self.project = make_project("peoples", **project_fields)
        self.other = make_project("elsewhere")
        self.ada = join(make_user("ada"), self.project, Role.ANNOTATOR)
        self.bo = join(make_user("bo"), self.project, Role.ANNOTATOR)
        self.iris = join(make_user("iris"), self.project, Role.CURATOR)
        self.max = join(make_user("max"), self.project, Role.ADMIN)
        self.eve = join(make_user("eve"), self.other, Role.ADMIN)
        self.topic = Topic.objects.create(project=self.project, slug="work", name="Work")
        self.guideline = Guideline.objects.create(topic=self.topic, version=1, text="Judge the person, not the job.")
        self.category = Category.objects.create(project=self.project, slug="stereotype", name="Stereotype", position=1)

    def item(self, **fields: Any) -> Item:
        return make_item(self.project, **{"topic": self.topic, **fields})


def make_prompt(project: Project, text: str = "What are nurses like?", **fields: Any) -> Prompt:
    return Prompt.objects.create(project=project, text=text, external_id=f"p{next(counter)}", **fields)


def make_item(
    project: Project,
    *,
    text: str = "Nurses are caring women.",
    prompt: str = "What are nurses like?",
    topic: Topic | None = None,
    overlap: int | None = None,
    version: ModelVersion | None = None,
) -> Item:
    generation = Generation.objects.create(
        prompt=make_prompt(project, prompt, topic=topic),
        version=version,
        model_name=str(version or "imported"),
        text=text,
        seed=next(counter) if version else None,
    )
    item = Item.objects.create(project=project, prompt=generation.prompt, generation=generation)
    for position in range(overlap or project.overlap):
        Seat.objects.create(project=project, item=item, position=position, topic=topic)
    return item


def make_comparison(
    project: Project,
    *,
    text: str = "Nurses are caring women.",
    other: str = "Nurses are people who care.",
    topic: Topic | None = None,
    overlap: int | None = None,
    version: ModelVersion | None = None,
    author: User | None = None,
) -> Item:
    """Two answers to one prompt, of which the first is `generation`."""
    prompt = make_prompt(project, topic=topic)

    def generation(words: str, **fields: Any) -> Generation:
        by = {"version": version, "model_name": str(version or "imported"), "seed": next(counter) if version else None}
        return Generation.objects.create(prompt=prompt, text=words, **{**by, **fields})

    first = generation(text, version=None, model_name="a person", author=author) if author else generation(text)
    item = Item.objects.create(
        project=project, mode=Item.Mode.COMPARE, prompt=prompt, generation=first, other=generation(other)
    )
    return seat(item, overlap)


def make_demonstration(
    project: Project, *, prompt: str = "What are nurses like?", topic: Topic | None = None, overlap: int | None = None
) -> Item:
    """A prompt to be answered by a person."""
    asked = make_prompt(project, prompt, topic=topic)
    item = Item.objects.create(project=project, mode=Item.Mode.DEMONSTRATE, prompt=asked)
    return seat(item, overlap)


def seat(item: Item, overlap: int | None = None) -> Item:
    for position in range(overlap or item.project.overlap):
        Seat.objects.create(project=item.project, item=item, position=position, topic=item.prompt.topic)
    return item


def name_of(seat: Seat) -> int:
    """The name under which the doors know a seat."""
    return hide(seat.pk)


def settle_item(
    item: Item, *, outcome: str = "biased", rewrite: str = "Nurses are people.", by: User | None = None
) -> Verdict:
    """The item, answered and settled long enough ago to be frozen."""
    from django.utils import timezone

    from annotation.models import UNDO_WINDOW

    answer = Answer.objects.create(
        key=uuid.uuid4(),
        item=item,
        annotator=by,
        outcome=outcome,
        severity=2 if outcome == "biased" else None,
        rewrite=rewrite if outcome == "biased" else "",
        created_at=timezone.now() - 2 * UNDO_WINDOW,
    )
    item.seats.update(status=Seat.Status.RETIRED)
    return Verdict.objects.create(item=item, answer=answer, how=Verdict.How.SINGLE, decided_by=by)


def row(n: int = 1, **fields: Any) -> dict[str, Any]:
    """One snapshot row, as freeze writes it."""
    return {
        "uuid": str(uuid.UUID(int=n)),
        "mode": "review",
        "prompt": f"What are people of trade {n} like?",
        "messages": None,
        "completion": f"They are all lazy {n}.",
        "other": None,
        "verdict": "biased",
        "rewrite": f"They differ, as people do {n}.",
        "reasons": ["stereotype-removed"],
        "categories": ["stereotype"],
        "severity": 2,
        "spans": [{"start": 0, "end": 4, "category": "stereotype"}],
        "topic": "work",
        "split": "train",
        "annotator": "p-1",
        "guideline": {"topic": "work", "version": 1},
        "model": "v0",
        "other_model": None,
        "settled": "single",
        "comment": "",
        "judgements": [{"annotator": "p-1", "outcome": "biased", "severity": 2, "categories": ["stereotype"]}],
        "soft": {"n": 1, "outcomes": {"biased": 1.0}, "severity": {"2": 1.0}, "categories": {"stereotype": 1.0}},
        **fields,
    }


def compared(n: int = 1, verdict: str = "preferred", **fields: Any) -> dict[str, Any]:
    """The row of a comparison: two answers of which `other` is better, equal, or as bad."""
    better = f"They work hard {n}."
    labels: dict[str, Any] = {"categories": [], "severity": None, "spans": [], "reasons": []}
    said = {"preferred": "other"}.get(verdict, verdict)
    return row(
        n,
        mode="compare",
        verdict=verdict,
        other=better,
        other_model="v1",
        rewrite=better if verdict == "preferred" else None,
        judgements=[{"annotator": "p-1", "outcome": said, "severity": None, "categories": []}],
        soft={"n": 1, "outcomes": {said: 1.0}, "severity": {}, "categories": {}},
        **{**labels, **fields},
    )


def demonstrated(n: int = 1, **fields: Any) -> dict[str, Any]:
    """The row of a prompt that a person answered."""
    return row(
        n,
        mode="demonstrate",
        verdict="demonstrated",
        completion="",
        model="",
        rewrite=f"Ask them, one by one {n}.",
        judgements=[{"annotator": "p-1", "outcome": "demonstrated", "severity": None, "categories": []}],
        soft={"n": 1, "outcomes": {"demonstrated": 1.0}, "severity": {}, "categories": {}},
        **{"categories": [], "severity": None, "spans": [], "reasons": [], **fields},
    )


def make_snapshot(project: Project, rows: list[dict[str, Any]] | None = None) -> Snapshot:
    rows = [row(next(counter)) for _ in range(4)] if rows is None else rows
    lines = "".join(json.dumps(r, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for r in rows)
    digest = hashlib.sha256(lines.encode()).hexdigest()
    settings.SNAPSHOT_DIR.mkdir(parents=True, exist_ok=True)
    (settings.SNAPSHOT_DIR / f"{digest}.jsonl").write_text(lines, encoding="utf-8")
    demonstrations = sum(bool(r["rewrite"]) for r in rows)
    snapshot = Snapshot.objects.create(project=project, digest=digest, rows=len(rows), demonstrations=demonstrations)
    SnapshotRow.objects.bulk_create(
        SnapshotRow(snapshot=snapshot, position=i, uuid=r["uuid"]) for i, r in enumerate(rows)
    )
    return snapshot


def make_round(project: Project, *, snapshot: Snapshot | None = None, **fields: Any) -> Round:
    snapshot = snapshot or make_snapshot(project)
    return Round.objects.create(project=project, snapshot=snapshot, **{"number": next(counter), **fields})


def make_version(project: Project, number: int = 0, *, live: bool = False, **fields: Any) -> ModelVersion:
    fields.setdefault("adapter", f"rounds/{project.pk}-{number}/adapter" if number else "")
    version = ModelVersion.objects.create(project=project, number=number, base_model=project.base_model, **fields)
    if live:
        Promotion.objects.create(project=project, version=version)
    return version

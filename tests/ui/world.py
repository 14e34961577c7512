"""A project in which every page has something to show: used by the page tests and for looking at screens."""

import math
import uuid
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.measures import agreement
from annotation.models import Answer, Category, Guideline, Item, Seat, Span, Topic
from studio.models import User
from tests.cast import Cast, make_round, make_snapshot, settle_item
from tests.training.conftest import ready_for_rounds
from training.models import Round, RoundMetric, State
from training.promote import promote
from training.start import open_round
from training.tasks import run_round

STATEMENT = """An ideal answer speaks of the person, not of the group the question names.

It says what is known and what is not, and it names the range where people differ. It does not praise one group to
make up for another.

Avoid: “they are all”, “by nature”, “as everybody knows”."""

LONG = (
    "Nurses are caring women. 👩‍⚕️ They rarely lead a ward, because leading needs a man’s firm hand.\n\n"
    "Of course there are exceptions, but it lies in their nature to help and not to decide. Ask any doctor: he will "
    "tell you that a good nurse is quiet, quick, and never tired of other people’s troubles."
)


def full_world(cast: Cast, settings: Any, tmp_path: Path) -> Cast:
    """Needs tests.training.fake in place of the science programs."""
    ready_for_rounds(cast, settings, tmp_path)
    cast.project.name, cast.project.description = "Work and people", "What a model says of trades and who is in them."
    cast.project.round_every, cast.project.overlap = 40, 2
    cast.project.save()
    for position, name in enumerate(("Erasure", "Loaded wording", "Unequal detail"), start=2):
        Category.objects.create(project=cast.project, slug=name.lower().replace(" ", "-"), name=name, position=position)
    Guideline.objects.create(topic=cast.topic, version=2, text=STATEMENT, created_by=cast.iris)
    Topic.objects.create(project=cast.project, slug="origin", name="Where people come from")
    settled_and_open(cast)
    rounds(cast)
    agreement.work_out(cast.project)
    return cast


def settled_and_open(cast: Cast) -> None:
    for number in range(12):
        item = cast.item(text=f"{LONG} ({number})", prompt=f"What are people of trade {number} like, and who leads?")
        settle_item(item, outcome=("biased", "biased", "fine")[number % 3], by=cast.ada)
    for _ in range(2):
        disputed(cast.item(text=LONG, prompt="What are nurses like at work, and who should lead the ward?"), cast)
    for _ in range(4):
        cast.item(text=LONG, prompt="What are nurses like at work, and who should lead the ward?")


def disputed(item: Item, cast: Cast) -> None:
    """Ada says fine; Bo says biased, marks two places and rewrites."""
    answered(item, cast.ada, 0, outcome="fine", comment="Clumsy, but it does say that there are exceptions.")
    rewrite = item.generation.text.replace("women", "people").replace("a man’s firm hand", "a firm hand")
    answer = answered(item, cast.bo, 1, outcome="biased", severity=2, rewrite=rewrite)
    answer.categories.add(cast.category)
    for words in ("caring women", "a man’s firm hand"):
        start = item.generation.text.index(words)
        Span.objects.create(answer=answer, start=start, end=start + len(words), category=cast.category)


def answered(item: Item, person: User, position: int, **fields: Any) -> Answer:
    seat = item.seats.get(position=position)
    Seat.objects.filter(pk=seat.pk).update(status="answered", holder=person, lease_ends_at=timezone.now())
    return Answer.objects.create(key=uuid.uuid4(), seat=seat, item=item, annotator=person, **fields)


def rounds(cast: Cast) -> None:
    """Number 1 passed and is live, 2 was rejected, 3 failed, 4 trains."""
    first = judged(cast, "")
    promote(first.version, actor=cast.max, reason="It keeps what it knew.")
    judged(cast, "worse")
    judged(cast, "refuse")
    progress = {"stage": "training", "done": 24, "total": 60, "eta_seconds": 31.0}
    fourth = make_round(
        cast.project,
        number=4,
        state=State.TRAINING,
        attempt=1,
        progress=progress,
        heartbeat_at=timezone.now(),
        created_by=cast.max,
    )
    RoundMetric.objects.bulk_create(
        RoundMetric(
            round=fourth,
            step=step,
            loss=0.8 + 2.4 * math.exp(-step / 9) + 0.08 * math.sin(step * 2.1),
            learning_rate=2e-4 * (1 - step / 60),
            tokens_per_second=5123.0,
            memory_mb=812.0,
        )
        for step in range(1, 25)
    )
    fourth.folder.mkdir(parents=True, exist_ok=True)
    (fourth.folder / "log.txt").write_text("".join(f"step {step}: loss {3 / step:.3f}\n" for step in range(1, 25)))


def judged(cast: Cast, behaviour: str) -> Round:
    round = open_round(make_snapshot(cast.project), actor=cast.max, reason="Forty new demonstrations.")
    round.folder.mkdir(parents=True)
    (round.folder / "behaviour").write_text(behaviour)
    run_round(round.pk)
    return Round.objects.get(pk=round.pk)

"""Verbs (machine): keep a stock of unread answers of the live model, and take away what an older model wrote.

Nobody tells the queue that a model was promoted: `top_up` runs on a timer, looks, and makes it right.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation import bulk
from annotation.models import Generation, Item, Prompt, Refill, RefillMovedOn, Seat, Skip, Verdict
from studio.models import Project
from training import infer, promote
from training.child import TrainingFailed
from training.models import ModelVersion

logger = logging.getLogger(__name__)

BATCH = 128
"""Most answers asked of one child: a round waits for a batch, never for a whole stock."""

RETIRE_CHUNK = 500
"""Items retired by one transaction: annotators on SQLite never wait long for the write lock."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)
"""After a failed batch the next one waits, twice as long after every further failure."""


def top_up(project: Project) -> Refill | None:
    """Retire what is stale, bring back what is current again, and ask for what is missing.

    Returns a refill that must be sent to a worker: a new one, or one whose message or worker was lost.
    """
    if not project.stock:
        _wind_down(project)
        return None
    version = promote.live_version(project)
    if (lost := _lost(project)) is not None:
        return lost
    retire_stale(project, version)
    missing = project.stock - unread_of(project, version).count()
    if missing > 0:
        missing -= bring_back(project, version, missing)
    if missing * 4 < project.stock or project.refills.active().exists() or _pause_left(project, version):
        return None  # a child takes seconds to start, so a quarter of the stock is asked for at a time
    return _ask(project, version, min(missing, BATCH))


def _wind_down(project: Project) -> None:
    """Generation is off: what an older model wrote still goes, and a batch that nobody is writing ends."""
    for refill in project.refills.untended():
        _give_up(refill, "Generation was turned off before this batch was written.")
    if (version := ModelVersion.objects.current(project)) is not None:
        retire_stale(project, version)


def unread_of(project: Project, version: ModelVersion) -> QuerySet[Item]:
    """Items of `version` that nobody has answered, holds or passed on.

    What one reader passed on is still open to others, but a stock of it would leave that reader an empty queue.

    The same items as `unread()`, but the search begins at what this version wrote: a project may hold a hundred
    thousand imported answers beside it, and the timer asks every few seconds. A version belongs to one project.
    """
    seats = Seat.objects.filter(item=OuterRef("pk"))
    free = Q(status=Seat.Status.OPEN) & (Q(holder=None) | Q(lease_ends_at__lte=timezone.now()))
    passed = Skip.objects.filter(item=OuterRef("pk"))
    return Item.objects.filter(
        Exists(seats.filter(free)), ~Exists(seats.exclude(free)), ~Exists(passed), generation__version=version
    )


def retire_stale(project: Project, version: ModelVersion) -> int:
    """Close the unread items of other hosted versions; the number closed.

    Rows are locked first, and only items whose every seat was free under the lock are closed: a claim in the same
    moment either comes first, and the item stays, or waits, and then finds its seat closed. SKIP LOCKED leaves a
    seat that is being claimed to its reader. SQLite needs no row locks: its transactions are taken one at a time.
    """
    others = list(project.versions.exclude(pk=version.pk).values_list("pk", flat=True))
    if not others:
        return 0
    stale = Item.objects.filter(project=project, generation__version__in=others).unread()
    retired = 0
    while ids := list(stale.order_by("pk").values_list("pk", flat=True)[:RETIRE_CHUNK]):
        if not (closed := _retire(ids)):
            break  # all of them are being claimed right now: the next tick looks again
        retired += closed
    return retired


def bring_back(project: Project, version: ModelVersion, wanted: int) -> int:
    """Open up to `wanted` items again that were retired unread before `version` came back (a rollback)."""
    seats = Seat.objects.filter(item=OuterRef("pk"))
    untouched = (
        Item.objects.filter(project=project, generation__version=version, verdict=None, answers=None)
        .filter(Exists(seats.filter(status=Seat.Status.RETIRED)), ~Exists(seats.exclude(status=Seat.Status.RETIRED)))
        .order_by("pk")
    )
    ids = list(untouched.values_list("pk", flat=True)[:wanted])
    Seat.objects.filter(item__in=ids, status=Seat.Status.RETIRED).update(status=Seat.Status.OPEN)
    return len(ids)


def next_prompts(project: Project, version: ModelVersion) -> QuerySet[Prompt]:
    """Prompts that `version` has not answered."""
    answered = Generation.objects.filter(prompt=OuterRef("pk"), version=version)
    return project.prompts.to_ask().filter(~Exists(answered)).order_by("pk")


def runs_dry(project: Project) -> bool:
    """No unread answer is left although new ones are, or can at once be, written."""
    if not project.stock or (version := ModelVersion.objects.current(project)) is None:
        return False
    if Seat.objects.open().filter(project=project).exists():
        return False
    if project.refills.active().exists():
        return True
    return not _pause_left(project, version) and next_prompts(project, version).exists()


def write(refill_id: int) -> None:
    """Carry one refill to its end. Safe to deliver twice: the second delivery finds it taken, or ended.

    A delivery that was taken over raises RefillMovedOn, also when it failed: the row is no longer its own to end.
    """
    if (refill := Refill.objects.take(refill_id)) is None:
        return
    folder = settings.GENERATION_DIR / f"{refill.project_id}-{refill.pk}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        answers = infer.complete(
            refill.version, _questions(refill), sampling=refill.sampling, folder=folder, on_progress=_heart(refill)
        )
        _store(refill, answers)
    except TrainingFailed as failure:  # the timer tries again after a pause
        refill.end(Refill.State.FAILED, error=str(failure))
    except RefillMovedOn:
        raise
    except Exception:
        refill.end(Refill.State.FAILED, error="Something went wrong inside the studio; the worker's log says more.")
        raise
    else:
        shutil.rmtree(folder, ignore_errors=True)  # all of it is in rows now
    finally:
        refill.let_go()  # nothing, once it ended; a worker that must stop leaves it to the next delivery


def _heart(refill: Refill) -> Callable[[dict[str, Any] | None], None]:
    """A heartbeat for every line of progress, and else one a second: the child's parent looks more often than that."""
    last = 0.0

    def beat(message: dict[str, Any] | None) -> None:
        nonlocal last
        news = message if message is not None and message["event"] in ("stage", "progress") else None
        if news is not None or time.monotonic() - last >= 1:
            refill.beat(news)
            last = time.monotonic()

    return beat


def _give_up(refill: Refill, sentence: str) -> None:
    """End a batch that nobody tends, and say why on the data page; nothing, if a worker has taken it meanwhile."""
    with suppress(RefillMovedOn):
        refill.end(Refill.State.FAILED, error=sentence)


def next_try(project: Project) -> datetime | None:
    """When the next batch is asked for after failures; None when nothing stands in its way."""
    version = ModelVersion.objects.current(project)
    left = _pause_left(project, version) if version else None
    return timezone.now() + left if left else None


@transaction.atomic
def _retire(ids: list[int]) -> int:
    locked = Seat.objects.select_for_update(skip_locked=True, of=("self",)).filter(item__in=ids).order_by("pk")
    now = timezone.now()
    free: dict[int, int] = {}
    for item, status, ends in locked.values_list("item_id", "status", "lease_ends_at"):
        if status == Seat.Status.OPEN and (ends is None or ends <= now):
            free[item] = free.get(item, 0) + 1
    seats = Item.objects.filter(pk__in=free).annotate(n=Count("seats")).values_list("pk", "n")
    whole = [item for item, n in seats if n == free[item]]
    Seat.objects.filter(item__in=whole).update(status=Seat.Status.RETIRED, holder=None, lease_ends_at=None)
    return len(whole)


def _lost(project: Project) -> Refill | None:
    """The active refill if nobody tends it: its message, or its worker, was lost."""
    refill = project.refills.untended().first()
    if refill is None:
        return None
    if refill.attempt >= settings.MAX_ATTEMPTS:
        _give_up(refill, f"The worker that writes answers was lost {refill.attempt} times. Its log says why.")
        return None
    again = timezone.now() - timedelta(seconds=settings.SILENCE_SECONDS)
    mine = Refill.objects.active().filter(Q(sent_at=None) | Q(sent_at__lt=again), pk=refill.pk)
    return refill if mine.update(sent_at=timezone.now()) else None


def _pause_left(project: Project, version: ModelVersion) -> timedelta | None:
    """How long to wait before `version` is asked again, given its failures since its last success."""
    failures = []
    for refill in project.refills.filter(version=version).only("state", "finished_at")[:10]:
        if refill.state != Refill.State.FAILED:
            break
        failures.append(refill.finished_at)
    if not failures:
        return None
    left = failures[0] + min(FIRST_PAUSE * 2 ** (len(failures) - 1), LONGEST_PAUSE) - timezone.now()
    return left if left > timedelta() else None


def _ask(project: Project, version: ModelVersion, wanted: int) -> Refill | None:
    """Write down which prompts to ask; None if there are none."""
    if not (ids := _choose(project, version, wanted)):
        return None
    sampling = {name: getattr(project, name) for name in ("temperature", "top_p", "max_new_tokens")}
    try:
        with transaction.atomic():
            return Refill.objects.create(
                project=project,
                version=version,
                asked=[[pk, seed_for(version, pk)] for pk in ids],
                sampling=sampling,
                sent_at=timezone.now(),
            )
    except IntegrityError:
        return None  # another timer asked in the same moment


def _choose(project: Project, version: ModelVersion, wanted: int) -> list[int]:
    """New prompts first, then those without a settled answer, then the rest: has the model learned its lesson?"""
    candidates = next_prompts(project, version)
    answered = Exists(Generation.objects.filter(prompt=OuterRef("pk")))
    settled = Exists(Verdict.objects.filter(item__prompt=OuterRef("pk")))
    ids: list[int] = []
    for choice in (~answered, answered & ~settled, settled):
        if wanted > len(ids):
            ids += candidates.filter(choice).values_list("pk", flat=True)[: wanted - len(ids)]
    return ids


def seed_for(version: ModelVersion, prompt_id: int) -> int:
    """The seed of this version's answer to this prompt: 31 bits, always the same."""
    return int.from_bytes(hashlib.sha256(f"{version.pk}/{prompt_id}".encode()).digest()[:4], "big") >> 1


def _questions(refill: Refill) -> list[dict[str, Any]]:
    seeds = dict(refill.asked)
    prompts = Prompt.objects.filter(pk__in=seeds).order_by("pk")
    return [
        {"id": str(p.pk), "prompt": p.text, "seed": seeds[p.pk]} | ({"messages": p.messages} if p.messages else {})
        for p in prompts
    ]


@transaction.atomic
def _store(refill: Refill, answers: list[dict[str, Any]]) -> None:
    """Answers become items, once: the refill's last move is in the same transaction as the rows."""
    known = set(
        Generation.objects.filter(version=refill.version, prompt__in=[pk for pk, _ in refill.asked]).values_list(
            "prompt_id", "seed"
        )
    )
    there = set(Prompt.objects.filter(pk__in=[pk for pk, _ in refill.asked]).values_list("pk", flat=True))
    new = [a for a in answers if int(a["id"]) in there and (int(a["id"]), a["seed"]) not in known]
    generations = Generation.objects.bulk_create(_generation(refill, answer) for answer in new)
    said = [generation for generation in generations if generation.text.strip()]
    seat_items(refill.project, [NewItem(generation.prompt_id, generation.pk) for generation in said])
    refill.end(Refill.State.DONE, stored=len(generations), error=_complaint(new))


def _generation(refill: Refill, answer: dict[str, Any]) -> Generation:
    """What the model said; nothing, where it could not: the prompt is then not asked again, and nobody reads it."""
    return Generation(
        prompt_id=int(answer["id"]),
        version=refill.version,
        model_name=str(refill.version),
        text=(answer.get("completion") or "").replace("\0", "\ufffd"),  # PostgreSQL keeps no NUL
        seed=answer["seed"],
        sampling=refill.sampling | ({"error": answer["error"]} if answer.get("error") else {}),
    )


def _complaint(answers: list[dict[str, Any]]) -> str:
    silent = [answer for answer in answers if not (answer.get("completion") or "").strip()]
    if not silent:
        return ""
    reason = next((str(answer["error"]) for answer in silent if answer.get("error")), "the model said nothing")
    return f"{len(silent)} of {len(answers)} prompts got no answer: {reason}"


class NewItem(NamedTuple):
    """What is to be read: a review of `generation`, a comparison of it with `other`, or neither: a demonstration."""

    prompt: int
    generation: int | None = None
    other: int | None = None

    @property
    def mode(self) -> str:
        if self.generation is None:
            return Item.Mode.DEMONSTRATE.value
        return Item.Mode.REVIEW.value if self.other is None else Item.Mode.COMPARE.value


def seat_items(project: Project, new: Sequence[NewItem]) -> list[int]:
    """An item for each of `new`, with its topic's or the project's number of seats; their ids, in the same order."""
    ids, now = bulk.reserve(Item, len(new)), timezone.now()
    bulk.insert(
        Item,
        ("id", "uuid", "project", "mode", "prompt", "generation", "other", "created_at"),
        [
            (pk, uuid4(), project.pk, one.mode, one.prompt, one.generation, one.other, now)
            for pk, one in zip(ids, new, strict=True)
        ],
    )
    wanted = seats_wanted(project, new)
    bulk.insert(
        Seat,
        ("project", "item", "position", "status", "purpose", "topic"),
        [
            (project.pk, item, position, Seat.Status.OPEN.value, Seat.Purpose.WORK.value, topic)
            for item, (seats, topic) in zip(ids, wanted, strict=True)
            for position in range(seats)
        ],
    )
    return ids


def seats_wanted(project: Project, new: Sequence[NewItem]) -> list[tuple[int, int | None]]:
    """For each of `new`, how many readers it wants, as its topic says or else the project, and its prompt's topic."""
    overlaps = dict(project.topics.values_list("pk", "overlap"))
    if not overlaps:
        return [(project.overlap, None)] * len(new)
    topics = dict(Prompt.objects.filter(pk__in={one.prompt for one in new}).values_list("pk", "topic"))
    return [(overlaps.get(topics[one.prompt]) or project.overlap, topics[one.prompt]) for one in new]

"""Verbs (machine): keep a stock of what is to be read, and take away what an older model wrote.

Of each way of working there is as much as the project's shares say. Reviews and most comparisons need the live model;
what it is asked, and whether it answered, is a `Refill`. Nobody tells the queue that a model was promoted: `top_up`
runs on a timer, looks, and makes it right.
"""

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.models import Generation, Item, Prompt, Refill, RefillMovedOn, Seat, Skip, Verdict
from annotation.queue import pairs
from annotation.queue.pairs import next_prompts, seed_for
from annotation.queue.seating import NewItem, lock, seat_items
from annotation.queue.stale import bring_back, retire_stale, retire_unread
from studio.models import Project
from training import infer, promote
from training.child import TrainingFailed
from training.models import ModelVersion

logger = logging.getLogger(__name__)

BATCH = 128
"""Most answers asked of one child: a round waits for a batch, never for a whole stock."""

PATIENCE = timedelta(seconds=30)
"""So long what needs no model waits for what a batch brings."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)
"""After a failed batch the next one waits, twice as long after every further failure."""


REVIEW, COMPARE, DEMONSTRATE = (mode.value for mode in Item.Mode)


def top_up(project: Project) -> Refill | None:
    """Retire what is stale, bring back what is current again, and see to it that what is missing is written.

    Returns a refill that must be sent to a worker: a new one, or one whose message or worker was lost. What needs no
    model comes with what the model writes, so that it is mixed; only if that takes long, or fails, it comes alone.
    """
    if not project.stock:
        _wind_down(project)
        return None
    version = promote.live_version(project)
    if (lost := _lost(project)) is not None:
        return lost
    retire_stale(project, version)
    retire_unread(pairs.withdrawn(project))
    missing = _missing(project, version, back=True)
    writing = project.refills.active().first()
    if writing is None and (asked := _ask_if_due(project, version, missing)) is not None:
        return asked
    if writing is None or writing.created_at < timezone.now() - PATIENCE:
        _seat_without_model(project, version, missing)
    return None


def _seat_without_model(project: Project, version: ModelVersion, missing: dict[str, int]) -> None:
    """Count, choose and seat what needs no model, under one lock: of two timers at once, the second finds it there."""
    if not missing[COMPARE] and not missing[DEMONSTRATE]:
        return
    with transaction.atomic():
        project = lock(project)
        seat_items(project, pairs.evenly(_without_model(project, version, _missing(project, version))))


def _ask_if_due(project: Project, version: ModelVersion, missing: dict[str, int]) -> Refill | None:
    """A child takes seconds to start, so a quarter of the stock is asked for at a time."""
    wanted, whole = missing[REVIEW] + missing[COMPARE], sum(targets(project)[mode] for mode in (REVIEW, COMPARE))
    if not wanted or wanted * 4 < whole or _pause_left(project, version):
        return None
    rewrites = pairs.rewritten(project)[: _rewrites(project, version, missing)].count() if missing[COMPARE] else 0
    return _ask(project, version, missing[REVIEW], missing[COMPARE] - rewrites)


def _rewrites(project: Project, version: ModelVersion, missing: dict[str, int]) -> int:
    """How many of the missing comparisons are to set an answer against its rewrite: as long as a third of all do so.
    They do not go stale, and would else come to be all there is; while the model can write none, they may be all.
    """
    if not missing[COMPARE] or not has_more(project, version) or _pause_left(project, version):
        return missing[COMPARE]
    most = -(-targets(project)[COMPARE] // 3)
    there = untouched(Item.objects.filter(project=project, mode=COMPARE, generation__version=None)).order_by("-pk")
    return min(missing[COMPARE], most - there[:most].count())


def _without_model(project: Project, version: ModelVersion, missing: dict[str, int]) -> list[NewItem]:
    """A quarter at a time, too: what is looked through for them is long."""
    due = {mode: missing[mode] * 4 >= wanted for mode, wanted in targets(project).items()}
    return pairs.without_model(
        project,
        comparisons=_rewrites(project, version, missing) if due[COMPARE] else 0,
        demonstrations=missing[DEMONSTRATE] if due[DEMONSTRATE] else 0,
    )


def targets(project: Project) -> dict[str, int]:
    """How many of each way of working the stock holds: by their shares, and at least one where there is a share."""
    shares = {
        REVIEW: project.share_review,
        COMPARE: project.share_compare,
        DEMONSTRATE: project.share_demonstrate,
    }
    total = sum(shares.values())
    return {mode: max(1, round(project.stock * share / total)) if share else 0 for mode, share in shares.items()}


def _missing(project: Project, version: ModelVersion, *, back: bool = False) -> dict[str, int]:
    """How much of each way of working is not there; with `back`, after what was retired before `version` came back
    is open again."""
    missing = {}
    for mode, wanted in targets(project).items():
        missing[mode] = max(0, wanted - ready(project, version, mode)) if wanted else 0
        if back and missing[mode] and mode != DEMONSTRATE:
            missing[mode] -= bring_back(version, missing[mode], mode=mode)
    return missing


def _wind_down(project: Project) -> None:
    """Generation is off: what an older model wrote still goes, and a batch that nobody is writing ends."""
    for refill in project.refills.untended():
        _give_up(refill, "Generation was turned off before this batch was written.")
    if (version := ModelVersion.objects.current(project)) is not None:
        retire_stale(project, version)


def unread_of(project: Project, version: ModelVersion) -> QuerySet[Item]:
    """Items of `version` that nobody has touched. The search begins at what this version wrote: a project may hold a
    hundred thousand imported answers beside it, and the timer asks every few seconds."""
    return untouched(Item.objects.filter(generation__version=version))


def untouched(items: QuerySet[Item]) -> QuerySet[Item]:
    """What one reader passed on is still open to others, but a stock of it would leave that reader an empty queue; so
    would what is kept for one of them."""
    seats = Seat.objects.filter(item=OuterRef("pk"))
    waiting = seats.open().filter(purpose=Seat.Purpose.WORK)
    kept, passed = waiting.filter(reserved_for__isnull=False), Skip.objects.filter(item=OuterRef("pk"))
    return items.filter(Exists(waiting), ~Exists(seats.touched()), ~Exists(kept), ~Exists(passed))


def ready(project: Project, version: ModelVersion, mode: str) -> int:
    """How many items of `mode` nobody has touched, no more than the stock: a demonstration is of no version, a
    comparison of `version` or of a person's rewrite."""
    if mode == REVIEW:
        return unread_of(project, version).filter(mode=mode).count()
    items = Item.objects.filter(project=project, mode=mode)
    if mode == COMPARE:
        items = items.filter(Q(generation__version=version) | Q(generation__version=None))
    return untouched(items).order_by("-pk")[: project.stock].count()  # the newest first: there the untouched ones are


def runs_dry(project: Project) -> bool:
    """No answer of a model is left to read although new ones are, or can at once be, written."""
    if not project.stock or (version := ModelVersion.objects.current(project)) is None:
        return False
    by_a_model = Q(item__mode=REVIEW) | Q(item__generation__version__isnull=False)
    if Seat.objects.open().filter(by_a_model, project=project, purpose=Seat.Purpose.WORK).exists():
        return False
    if project.refills.active().exists():
        return True
    return not _pause_left(project, version) and has_more(project, version)


def has_more(project: Project, version: ModelVersion) -> bool:
    """Whether there is a prompt to ask `version`, for what the project wants."""
    if not project.share_review and not project.share_compare:
        return False
    if next_prompts(project, version).exists():
        return True
    return bool(project.share_compare) and pairs.sampled_once(project, version).exists()


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


def _ask(project: Project, version: ModelVersion, reviews: int, comparisons: int = 0) -> Refill | None:
    """Write down which prompts to ask; None if there are none. A comparison may take two answers."""
    reviews = min(reviews, BATCH - min(2 * comparisons, BATCH // 2))
    chosen = pairs.to_compare(project, version, min(comparisons, (BATCH - reviews) // 2))
    against = {pair.prompt: pair.against for pair in chosen}
    asked = [[pair.prompt, seed] for pair in chosen for seed in pair.seeds]
    asked += [[pk, seed_for(version, pk)] for pk in _choose(project, version, reviews, besides=list(against))]
    if not asked:
        return None
    sampling = {name: getattr(project, name) for name in ("temperature", "top_p", "max_new_tokens")}
    try:
        with transaction.atomic():
            return Refill.objects.create(
                project=project,
                version=version,
                asked=asked,
                pairs=against,
                sampling=sampling,
                sent_at=timezone.now(),
            )
    except IntegrityError:
        return None  # another timer asked in the same moment


def _choose(project: Project, version: ModelVersion, wanted: int, *, besides: list[int]) -> list[int]:
    """New prompts first, then those without a settled answer, then the rest: has the model learned its lesson?"""
    candidates = next_prompts(project, version).exclude(pk__in=besides)
    answered = Exists(Generation.objects.filter(prompt=OuterRef("pk")))
    settled = Exists(Verdict.objects.filter(item__prompt=OuterRef("pk")))
    ids: list[int] = []
    for choice in (~answered & ~settled, answered & ~settled, settled):
        if wanted > len(ids):
            ids += [prompt.pk for prompt in pairs.quiet_first(candidates.filter(choice), wanted - len(ids))]
    return ids


def _questions(refill: Refill) -> list[dict[str, Any]]:
    prompts = Prompt.objects.in_bulk({pk for pk, _ in refill.asked})
    return [
        {"id": str(pk), "prompt": prompts[pk].text, "seed": seed}
        | ({"messages": prompts[pk].messages} if prompts[pk].messages else {})
        for pk, seed in sorted(refill.asked)
        if pk in prompts
    ]


@transaction.atomic
def _store(refill: Refill, answers: list[dict[str, Any]]) -> None:
    """Answers become items, once: the refill's last move is in the same transaction as the rows."""
    asked = {pk for pk, _ in refill.asked}
    known = set(Generation.objects.filter(version=refill.version, prompt__in=asked).values_list("prompt_id", "seed"))
    there = set(Prompt.objects.filter(pk__in=asked).values_list("pk", flat=True))
    project = lock(refill.project)
    new = [a for a in answers if int(a["id"]) in there and (int(a["id"]), a["seed"]) not in known]
    generations = Generation.objects.bulk_create(_generation(refill, answer) for answer in new)
    said = [each for each in generations if each.text.strip()]
    items = pairs.items_for(said, refill.pairs, reviews=bool(project.share_review))
    items += _without_model(project, refill.version, _missing(project, refill.version))
    seat_items(project, pairs.evenly(items))
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

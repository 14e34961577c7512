"""Verbs: put a prompt to the live model once more with a group's term swapped, and answer what was asked for.

A person who holds a seat asks; rows say what for; a worker answers them; the page asks again until none is waited for.
The same swap of the same prompt is asked of a version once, whoever looks at it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from annotation.models import Generation, Item, Prompt, Seat, Variant
from annotation.queue.pairs import seed_for
from annotation.science.swaps import Swap, swaps
from annotation.submit import SeatLost, why_lost
from studio.models import Project, User
from training import resident
from training.child import TrainingFailed
from training.models import ModelVersion
from training.promote import live_version
from training.science import generate

logger = logging.getLogger(__name__)

MOST = 4
"""Swaps shown beside the original."""
PATIENCE = timedelta(seconds=20)
"""What nobody has begun to answer after so long waits for a worker that is not there, or a message that was lost."""
AGAIN = timedelta(seconds=3)
"""What failed so long ago is tried again when a person asks again."""
AS_IT_STANDS = ("", "")
"""The name, among the swaps, of the prompt without any."""
ALIVE = "answers-worker"
"""The cache's name for: the worker has lately been at work."""

NO_WORKER = _(
    "Nobody answers: the worker for the queue “answers” is not running. `python manage.py studio` starts it with the "
    "rest, `celery --app studio worker --queues answers` by itself."
)
LOST = _("The worker stopped before it had answered. Ask again.")
BUSY = _("The message to the worker could not be sent: Redis does not answer.")
OUR_FAULT = _("Something went wrong inside the studio; the worker's log says more.")
NO_TERM = _("No term of the project's term lists stands in this prompt.")
SILENT = _("The model said nothing.")
TOO_LONG = _("This prompt is too long for the live model: no room is left for an answer.")
NOT_ASKED = _("The live model cannot be asked this.")
BLIND = _("In a comparison nobody is to know which answer is the live model's, so its other answers are not shown.")


@dataclass(frozen=True, slots=True)
class Strip:
    """What the counterfactual strip shows of one prompt."""

    original: Variant | None = None
    variants: Sequence[Variant] = ()
    why: str | None = None
    """Why there is nothing to show."""
    is_new: bool = False
    """Something has just been asked for: a worker must be told."""

    def as_dict(self) -> dict[str, Any]:
        shown = [
            {"old": one.old_term, "new": one.new_term, "prompt": one.text, **_answer(one)} for one in self.variants
        ]
        original = {"prompt": self.original.text, **_answer(self.original)} if self.original else None
        return {"variants": shown, "original": original, "why": self.why and gettext(self.why)}


def _answer(variant: Variant) -> dict[str, str]:
    return {"state": variant.state, "answer": variant.answer, "error": variant.error and gettext(variant.error)}


def ask(project: Project, user: User, seat: int) -> Strip:
    """The swaps of the prompt at a seat that `user` holds, with what the live model has answered so far.

    Raises SeatLost, and Seat.DoesNotExist for a seat of another project.
    """
    held = Seat.objects.select_related("item__prompt").get(pk=seat, project=project)
    if held.status != Seat.Status.OPEN or held.holder_id != user.pk:
        raise SeatLost(why_lost(held, user), kept=False)
    if held.item.mode == Item.Mode.COMPARE:
        return Strip(why=BLIND)
    prompt = held.item.prompt
    found = swaps(_whole(prompt), list(project.term_sets.values_list("terms", flat=True)), most=MOST)
    if not found:
        return Strip(why=NO_TERM)
    return _look(project, prompt, live_version(project), found)


def _whole(prompt: Prompt) -> str:
    return "\n".join(turn["content"] for turn in prompt.messages) if prompt.messages else prompt.text


def _look(project: Project, prompt: Prompt, version: ModelVersion, found: Sequence[Swap]) -> Strip:
    wanted, there = _wanted(project, prompt, version, found), _there(prompt, version)
    if AS_IT_STANDS not in there:
        _take_over(wanted[AS_IT_STANDS])
    changed, lost = _give_up(there), _ask_once_more(there)
    new = [one for name, one in wanted.items() if name not in there]
    resting = not any(one.state == Variant.State.ASKED for one in there.values())
    stale = [there[name] for name, one in wanted.items() if name in there and _is_stale(there[name], one, resting)]
    if new or stale:
        Variant.objects.bulk_create(new, ignore_conflicts=True)  # in another tab, they may be asked for just now
        for old in stale:
            _ask_again(old, wanted[old.old_term, old.new_term])
    if new or stale or changed or lost:
        there = _there(prompt, version)
    original, *others = (there[name] for name in wanted)
    return Strip(original, others, is_new=bool(new or stale or lost))


def _there(prompt: Prompt, version: ModelVersion) -> dict[tuple[str, str], Variant]:
    rows = Variant.objects.filter(prompt=prompt, version=version)
    return {(one.old_term, one.new_term): one for one in rows}


def _wanted(
    project: Project, prompt: Prompt, version: ModelVersion, found: Sequence[Swap]
) -> dict[tuple[str, str], Variant]:
    """Rows as they would be made now, the prompt as it stands first."""
    sampling = {name: getattr(project, name) for name in ("temperature", "top_p", "max_new_tokens")}
    common = {"project": project, "prompt": prompt, "version": version, "sampling": sampling}
    rows = [Variant(**common, text=prompt.text, messages=prompt.messages)]
    for swap in found:
        turns = [{**turn, "content": swap.apply(turn["content"])} for turn in prompt.messages or ()]
        rows.append(
            Variant(
                **common, old_term=swap.old, new_term=swap.new, text=swap.apply(prompt.text), messages=turns or None
            )
        )
    return {(one.old_term, one.new_term): one for one in rows}


def _take_over(original: Variant) -> None:
    """What the queue already holds for this prompt, with this seed and these settings, is not asked for once more."""
    seed = seed_for(original.version, original.prompt_id)
    said = Generation.objects.filter(prompt=original.prompt, version=original.version, seed=seed).first()
    if said is not None and said.sampling == original.sampling and said.text.strip():
        original.state, original.answer, original.answered_at = Variant.State.DONE, said.text, timezone.now()


def _is_stale(old: Variant, new: Variant, resting: bool) -> bool:
    """It was asked with other settings, or of another text; or it failed, and a person asks again."""
    if (old.text, old.messages, old.sampling) != (new.text, new.messages, new.sampling):
        return True
    ended = old.answered_at or old.asked_at
    return old.state == Variant.State.FAILED and resting and ended < timezone.now() - AGAIN


def _ask_again(old: Variant, new: Variant) -> None:
    fields = ("text", "messages", "sampling", "state", "answer", "answered_at")
    Variant.objects.filter(pk=old.pk, state=old.state, asked_at=old.asked_at).update(
        **{name: getattr(new, name) for name in fields},
        error="",
        asked_at=timezone.now(),
        worker=None,
        heartbeat_at=None,
    )


def _give_up(rows: dict[tuple[str, str], Variant]) -> bool:
    """Fail what waits for a worker that is not there, or that was lost; whether anything did."""
    late = _late(rows)
    gone = 0
    if late and not cache.get(ALIVE):
        gone += fail(Q(pk__in=late, heartbeat_at=None), NO_WORKER)
    if any(one.heartbeat_at is not None and one.state == Variant.State.ASKED for one in rows.values()):
        mine = [one.pk for one in rows.values()]
        gone += fail(Q(pk__in=Variant.objects.untended().filter(pk__in=mine, heartbeat_at__isnull=False)), LOST)
    return gone > 0


def _late(rows: dict[tuple[str, str], Variant]) -> list[int]:
    """What nobody has begun to answer for too long."""
    waiting = [one for one in rows.values() if one.state == Variant.State.ASKED and one.heartbeat_at is None]
    return [one.pk for one in waiting if one.asked_at < timezone.now() - PATIENCE]


def _ask_once_more(rows: dict[tuple[str, str], Variant]) -> bool:
    """Whether a message is due again: a worker is there, but what it should have begun may never have reached it.

    Of many pages that look at once, the database lets one send it; should the first one arrive after all, the second
    finds everything taken.
    """
    late = _late(rows)
    if not late or not cache.get(ALIVE):
        return False
    waiting = Variant.objects.filter(
        pk__in=late, state=Variant.State.ASKED, heartbeat_at=None, asked_at__lt=timezone.now() - PATIENCE
    )
    return waiting.update(asked_at=timezone.now()) > 0


def fail(which: Q, sentence: str) -> int:
    """End those of `which` that still wait, with a sentence for people; how many."""
    waiting = Variant.objects.filter(which, state=Variant.State.ASKED)
    return waiting.update(state=Variant.State.FAILED, error=sentence, answered_at=timezone.now())


def answer(prompt: int, version: int) -> None:
    """Answer what is asked of `version` about `prompt`. Safe to deliver twice: the second delivery finds it taken."""
    rows = Variant.objects.take(prompt, version)
    if not rows:
        return
    mine = Q(worker=rows[0].worker)
    try:
        for _, group in groupby(rows, key=lambda one: one.sampling):
            _put(list(group), mine)
    except TrainingFailed as failure:
        logger.warning("variants of prompt %s: %s %s", prompt, failure, getattr(failure, "log", ""))
        fail(mine, str(failure))
    except Exception:
        fail(mine, OUR_FAULT)
        raise
    finally:
        Variant.objects.filter(mine, state=Variant.State.ASKED).update(worker=None, heartbeat_at=None)


def _put(rows: list[Variant], mine: Q) -> None:
    version, seed = rows[0].version, seed_for(rows[0].version, rows[0].prompt_id)
    questions = [{"id": one.pk, "prompt": one.text, "messages": one.messages, "seed": seed} for one in rows]
    for told in resident.ask(version, questions, rows[0].sampling, heart(mine)):
        text = (told.get("completion") or "").replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
        error = _why_not(told["error"]) if told.get("error") else "" if text.strip() else SILENT
        state = Variant.State.FAILED if error else Variant.State.DONE
        Variant.objects.filter(mine, pk=told["id"], state=Variant.State.ASKED).update(
            state=state, answer=text, error=error, answered_at=timezone.now()
        )


def _why_not(error: str) -> str:
    """The engine's own words go to the log; a reader gets a sentence in their language."""
    logger.warning("the live model did not answer: %s", error)
    return TOO_LONG if error.startswith(generate.TOO_LONG) else NOT_ASKED


def warm(project: Project) -> None:
    """Have the live model loaded before anybody asks."""
    resident.warm(live_version(project), heart(None))


def heart(mine: Q | None) -> Callable[[], None]:
    """Says once a second that the worker is at work, and at what."""
    last = -1.0

    def beat() -> None:
        nonlocal last
        if time.monotonic() - last >= 1 or last < 0:
            last = time.monotonic()
            cache.set(ALIVE, True, PATIENCE.total_seconds())
            if mine is not None:
                Variant.objects.filter(mine, state=Variant.State.ASKED).update(heartbeat_at=timezone.now())

    return beat

"""Verb (machine): ask a project's policy whether a round is due, and open it."""

import logging
from datetime import timedelta

from celery.schedules import ParseException, crontab
from django.core.cache import cache
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation import freeze
from annotation.browse.filters import OUT_OF_ORDER
from annotation.models import Answer, Prompt, Verdict
from studio.models import Project
from training import start
from training.models import Round, SnapshotRow

logger = logging.getLogger(__name__)

PAUSE = 60
"""Seconds before a policy whose round was refused asks again: a person must mend something first."""

GRACE = timedelta(hours=1)
"""How late a round by the clock may still open: longer than a restart, shorter than a surprise."""


ENOUGH = 1000
"""New demonstrations are counted so far at least."""

KNOWN = 600
"""For so many seconds it is not asked again up to where nothing is new."""


class BadCron(ValueError):
    """A crontab line that no clock can follow; the message is for the form."""


def check_cron(text: str) -> None:
    """Raise BadCron with a sentence unless `text` is empty or a crontab line of five fields."""
    if not text.strip():
        return
    try:
        crontab.from_string(text)
    except (ParseException, ValueError) as error:
        raise BadCron(
            f"“{text}” is not a crontab line: give minute, hour, day of month, month and day of week, "
            "such as “0 3 * * 1” for Mondays at three."
        ) from error


def most(project: Project) -> int:
    """Counting new demonstrations stops here: nobody asks for more, and a large project has very many."""
    return max(project.round_every or 0, ENOUGH)


def new_demonstrations(project: Project) -> int:
    """Up to `most` settled rewrites, preferences, demonstrations that are in no snapshot of a round, whatever became of
    the round.

    A failed round counts as having seen its data: a policy must not start the same failure again every few seconds.
    """
    beyond = freeze.settled_for_good(project).filter(pk__gt=seen_up_to(project), item__prompt__split=Prompt.Split.TRAIN)
    return unseen(beyond)[: most(project)].count()


def unseen(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Those from which there is something to learn, and no round has."""
    preferred = Q(answer__outcome__in=(Answer.Outcome.FIRST, Answer.Outcome.SECOND))
    seen = SnapshotRow.objects.filter(uuid=OuterRef("item__uuid"), snapshot__rounds__isnull=False)
    return verdicts.filter(preferred | ~Q(answer__rewrite=""), ~Exists(seen))


def seen_up_to(project: Project) -> int:
    """The id of a verdict up to which none is unseen, nor ever will be: what is settled anew, corrected or put back has
    a new id. To find it means to walk over every verdict there is, and the timer asks every few seconds: so it is kept.
    What is being imported while it walks has lower ids than what others settle meanwhile, so the walk stops before.
    """
    key = f"policy-seen-{project.pk}-{project.created_at.timestamp()}"
    known: int | None = cache.get(key)
    if known is None:
        old = Verdict.objects.filter(created_at__lte=timezone.now() - OUT_OF_ORDER)
        newest = old.aggregate(pk=Max("pk"))["pk"] or 0
        first = (
            unseen(Verdict.objects.filter(item__project=project)).order_by("pk").values_list("pk", flat=True).first()
        )
        known = newest if first is None else min(newest, first - 1)
        cache.set(key, known, KNOWN)
    return known


def due(project: Project) -> str:
    """Why a round is due now, as a few words for the round's page; empty when none is."""
    if not project.round_every and not project.round_cron.strip():
        return ""
    if project.rounds.active().exists():
        return ""
    new = new_demonstrations(project)
    if project.round_every and new >= project.round_every:
        return f"policy: {new} new demonstrations"
    if new and _struck(project):
        return f"policy: the clock, {project.round_cron.strip()}"[:60]
    return ""


def ask(project: Project) -> Round | None:
    """Open the round that is due, if one is and the queue can spare the machine."""
    if cache.get(_refusal_key(project)) or not (why := due(project)):
        return None
    try:
        return freeze.hand_over(project, actor=None, trigger=why)
    except (freeze.QueueRunsDry, freeze.NothingToFreeze, start.AlreadyActive):
        return None  # the next tick asks again
    except start.CannotOpen as refusal:
        logger.warning("policy of %s: %s", project.slug, refusal)
        cache.set(_refusal_key(project), str(refusal), PAUSE)
        return None


def refusal(project: Project) -> str:
    """Why the policy's last round could not be opened, while it waits to try again; for the data page."""
    return str(cache.get(_refusal_key(project), ""))


def _refusal_key(project: Project) -> str:
    return f"policy-refusal-{project.pk}"


def _struck(project: Project) -> bool:
    """Whether the clock struck since the last round, not longer than GRACE ago."""
    if not project.round_cron.strip():
        return False
    last = project.rounds.order_by("-pk").first()
    since = max(last.created_at if last else project.created_at, timezone.now() - GRACE)
    return bool(crontab.from_string(project.round_cron.strip()).is_due(since).is_due)

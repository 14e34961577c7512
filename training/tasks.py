"""Celery's door: carry a round to a resting state, and find rounds whose worker or message was lost."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import OperationalError

from training import advance, tidy
from training.child import TrainingFailed
from training.models import IllegalMove, Round, RoundMovedOn, State
from training.science.lines import explain

logger = logging.getLogger(__name__)


@shared_task(acks_late=True, ignore_result=True)
def run_round(round_id: int) -> None:
    """Carry a round from wherever it stands to a resting state. Safe to deliver twice, also at once."""
    round = Round.objects.take(round_id)
    if round is None:
        return  # resting already, or another delivery is at work on it
    try:
        carry(round)
    except (RoundMovedOn, IllegalMove):  # also from inside carry's own handlers
        logger.info("round %s was moved by someone else; letting go", round_id)
        leave(round)
    except (SystemExit, KeyboardInterrupt):  # the worker is told to stop: the next delivery goes on at once
        round.let_go()
        raise


def leave(round: Round) -> None:
    """Clear up after a round that was taken from us, and whose child has ended: of a cancelled one nobody goes on."""
    round.refresh_from_db(fields=["state"])
    if round.state == State.CANCELLED:
        tidy.drop_checkpoints(round)


def carry(round: Round) -> None:
    """Take step after step; a failure becomes the round's reason."""
    try:
        while round.is_active:
            advance.STEPS[State(round.state)](round)
    except TrainingFailed as failure:  # the data, the settings, the model or the machine: say so, do not retry
        logger.warning("round %s failed: %s %s", round.pk, failure, getattr(failure, "log", ""))
        round.move(State.FAILED, reason=str(failure)[:1000], held=True)
    except (RoundMovedOn, IllegalMove, OperationalError):
        raise  # a database that is away ends no round: the reaper sends it again, as often as a lost worker's
    except Exception as error:  # our fault, or the parent's own disk: record it, then let Celery and the log see it
        round.refresh_from_db(fields=["state"])  # a step may have been rolled back half-way
        round.move(State.FAILED, reason=str(explain(error) or "internal error"), held=True)
        raise


@shared_task(ignore_result=True)
def reap_rounds() -> None:
    """Send again what lost its worker or its message; fail what lost its worker too often."""
    for round in Round.objects.silent().filter(attempt__gte=settings.MAX_ATTEMPTS):
        try:
            round.move(State.FAILED, reason=f"Its worker was lost {round.attempt} times.", held=True)
        except (RoundMovedOn, IllegalMove):
            logger.info("round %s moved while it was reaped", round.pk)
    for round in Round.objects.untended().filter(attempt__lt=settings.MAX_ATTEMPTS):
        if round.claim_resend():
            run_round.delay(round.pk)

"""Envelopes: the timer asks for answers and rounds, the gpu worker writes answers, a large file is imported."""

import logging

from celery import shared_task

from annotation import policy, receive, refill
from annotation.models import RefillMovedOn, UploadMovedOn
from studio.models import Project

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def refill_queues() -> None:
    """Look at every project's stock; one project's trouble does not stop the others."""
    for project in Project.objects.all():
        try:
            if (batch := refill.top_up(project)) is not None:
                generate_answers.delay_on_commit(batch.pk)
        except Exception:
            logger.exception("the stock of %s could not be looked at", project.slug)
    for upload in receive.lost():
        read_upload.delay_on_commit(upload.pk)


@shared_task(acks_late=True, ignore_result=True)
def generate_answers(refill_id: int) -> None:
    """Write one batch of answers. Safe to deliver twice."""
    try:
        refill.write(refill_id)
    except RefillMovedOn:
        logger.info("refill %s was ended or taken over; letting go", refill_id, exc_info=True)


@shared_task(acks_late=True, ignore_result=True)
def read_upload(upload_id: int) -> None:
    """Read one large file. Safe to deliver twice."""
    try:
        receive.read_kept(upload_id)
    except UploadMovedOn:
        logger.info("upload %s was ended or taken over; letting go", upload_id, exc_info=True)


@shared_task(ignore_result=True)
def ask_policies() -> None:
    """Open the rounds that are due."""
    for project in Project.objects.exclude(round_every=None, round_cron=""):
        try:
            policy.ask(project)
        except Exception:
            logger.exception("the policy of %s could not be asked", project.slug)

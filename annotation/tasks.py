"""Envelopes: the timer asks for answers and rounds, the gpu worker writes answers, a large file is imported."""

import logging

from celery import shared_task
from django.core.cache import cache
from django.db.models import Q
from kombu.exceptions import OperationalError as NoBroker

from annotation import claim, policy, receive, refill
from annotation.browse.bulk import bulk_actions
from annotation.measures import forecast, insight_counts, reports
from annotation.models import RefillMovedOn, Report, Topic, UploadMovedOn
from annotation.queue import overlap
from annotation.values import variants
from studio.models import Project
from training.child import TrainingFailed

logger = logging.getLogger(__name__)

FORECAST_PAUSE = 60
"""Seconds between two forecasts of one project."""


@shared_task(ignore_result=True)
def refill_queues() -> None:
    """Look at every project's stock; one project's trouble does not stop the others."""
    for project in Project.objects.all():
        try:
            claim.forget_leavers(project)
            if (batch := refill.top_up(project)) is not None:
                generate_answers.delay_on_commit(batch.pk)
        except Exception:
            logger.exception("the stock of %s could not be looked at", project.slug)
    for upload in receive.lost():
        read_upload.delay_on_commit(upload.pk)
    for change in overlap.lost():
        apply_overlap.delay_on_commit(change.project_id, change.topic_id)
    overlap.look_again()


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


@shared_task(ignore_result=True)
def ask_forecasts() -> None:
    """Send for a forecast of severity where there is something new to learn from, or to guess."""
    for project in Project.objects.all():
        try:
            if forecast.due(project) and cache.add(f"forecast-{project.pk}", 1, FORECAST_PAUSE):
                forecast_severity.delay_on_commit(project.pk)
        except Exception:
            logger.exception("whether a forecast for %s is due could not be told", project.slug)


@shared_task(acks_late=True, ignore_result=True)
def forecast_severity(project_id: int) -> None:
    """Guess the severity of what is unread. Safe to deliver twice."""
    forecast.run(Project.objects.get(pk=project_id))


@shared_task(acks_late=True, ignore_result=True)
def apply_overlap(project_id: int, topic_id: int | None) -> None:
    """Bring the seats of a long queue in line with the number of readers. Safe to deliver twice."""
    project = Project.objects.filter(pk=project_id).first()
    topic = Topic.objects.filter(pk=topic_id or 0, project=project_id).first()
    if project is not None and (topic is not None or topic_id is None):  # else it was deleted meanwhile
        overlap.apply(project, topic)


@shared_task(acks_late=True, ignore_result=True)
def go_on_with_bulk(action_id: int) -> None:
    """Do a long bulk action, or its undo, chunk by chunk. Safe to deliver twice."""
    bulk_actions.work(action_id)


@shared_task(ignore_result=True)
def resume_bulk() -> None:
    """Go on with what broke off: a process ended while a person waited for it, or a message was lost."""
    for action in bulk_actions.lost():
        go_on_with_bulk.delay_on_commit(action)


def send_overlap(project: Project, topic: Topic | None) -> None:
    """Have a worker do it; where no message can be sent now, the timer sends it when that goes again."""
    try:
        apply_overlap.delay_on_commit(project.pk, topic.pk if topic else None)
    except NoBroker:
        logger.warning("the queue of %s is changed when the broker is back", project.slug)


@shared_task(acks_late=True, ignore_result=True)
def answer_variants(prompt_id: int, version_id: int) -> None:
    """Answer what the counterfactual strip asked. Safe to deliver twice."""
    variants.answer(prompt_id, version_id)


@shared_task(ignore_result=True)
def warm_answers(project_id: int) -> None:
    """Load the live model, so that the first who asks does not wait for it."""
    try:
        variants.warm(Project.objects.get(pk=project_id))
    except TrainingFailed as failure:  # who asks will be told the same
        logger.info("the live model of project %s cannot be loaded: %s", project_id, failure)


def send_variants(prompt_id: int, version_id: int) -> None:
    """A worker is told after commit; where no message can be sent, the page is told at once."""
    try:
        answer_variants.delay_on_commit(prompt_id, version_id)
    except NoBroker:
        variants.fail(Q(prompt=prompt_id, version=version_id), variants.BUSY)


WARM_EVERY = 240
"""Seconds in which a project's review screens send one message to load the model, however many are opened."""


def warm_soon(project: Project) -> None:
    """Have the live model loaded, because somebody may ask soon. Whatever fails here must not cost them the page."""
    try:
        if cache.add(f"warm/{project.pk}", True, WARM_EVERY):
            warm_answers.apply_async((project.pk,), expires=WARM_EVERY)
    except Exception:
        logger.info("the live model of %s could not be asked to load", project.slug, exc_info=True)


THINNED = 3600
"""Seconds between two looks for reports that need not be kept."""


@shared_task(ignore_result=True)
def measure_where_due() -> None:
    """Work out agreement wherever enough answers have come in since it was last worked out; thin old reports."""
    if cache.add("reports-thinned", True, THINNED):
        Report.objects.thin()
    for project in Project.objects.all():
        try:
            if reports.due(project):
                measure_agreement.delay_on_commit(project.pk, whole=False)
        except Exception:
            logger.exception("whether the agreement of %s is due could not be told", project.slug)


MEASURING = 900
"""Seconds after which a measurement that never ended no longer keeps another from beginning."""


@shared_task(ignore_result=True)
def measure_agreement(project_id: int, *, whole: bool = True) -> None:
    """Work out one project's agreement; one at a time per project. `whole`: ask the annotator models too, however
    lately they were asked."""
    from annotation.measures import agreement, attention  # with numpy, which has no place in the web process

    if not cache.add(f"measuring/{project_id}", True, MEASURING):
        return
    try:
        project = Project.objects.get(pk=project_id)
        agreement.work_out(project)
        if whole or reports.older(project, attention.KIND, reports.AT_LEAST):
            attention.work_out(project)
    finally:
        cache.delete(f"measuring/{project_id}")


@shared_task(ignore_result=True)
def count_insight(project_id: int, weeks: int | None, topic: str, mode: str) -> None:
    """Count for a dashboard that was shown as it was a while ago."""
    insight_counts.count(Project.objects.get(pk=project_id), insight_counts.Filters(weeks, topic, mode))

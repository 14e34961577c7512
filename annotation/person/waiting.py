"""Why a person's queue is empty, in a sentence. Only reads."""

from django.utils.translation import gettext as _

from annotation import refill
from annotation.models import Refill
from studio.models import Project
from training.models import ModelVersion


def why_empty(project: Project) -> str | None:
    """What the studio does about an empty queue, or why it can do nothing; None: everything waits with other people."""
    if not project.prompts.exists():
        return _("No prompts have been added yet. The model's answers to them will come here.")
    newest = project.refills.first()
    if newest is not None and newest.is_active:
        if newest.waits_for_worker:
            return _("New answers were asked for, but no worker has begun to write them. An admin can start one.")
        return _("New answers are being written now. They appear here by themselves.")
    if not project.stock:
        return None
    if newest is not None and newest.state == Refill.State.FAILED:
        sentence = _("No answers are being written: the last batch failed (%(why)s). The data page says more.")
        return sentence % {"why": newest.error.rstrip(".")}
    version = ModelVersion.objects.current(project)
    asks = project.share_review or project.share_compare
    if version is None or not asks or refill.has_more(project, version):
        return None
    return _("The live model has answered every prompt. New prompts, or a new model, bring new items.")

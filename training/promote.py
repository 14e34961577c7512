"""Verbs: make a version live, roll back to an older one, and make sure that there is a first one."""

from django.db import transaction

from studio import audit
from studio.models import Project, User
from training.models import ModelVersion, Promotion, State


class NotPassed(Exception):
    """The version did not pass its gate, and nobody gave a reason to promote it all the same."""


class NotJudged(Exception):
    """The version's round has no verdict: it still runs, failed or was cancelled."""


class AlreadyLive(Exception):
    """The version is the live one already."""


class ArtefactMissing(Exception):
    """The version's adapter is no longer on the disk."""


@transaction.atomic
def promote(version: ModelVersion, *, actor: User | None, reason: str = "", against_gate: bool = False) -> Promotion:
    """Make `version` live; the queue notices by itself.

    A version is promoted when its round passed the gate, or when it is rolled back to: it is the base model, or was
    live before. Anything else needs `against_gate`, a person and a written reason, and a verdict to go against.
    """
    Project.objects.select_for_update().get(pk=version.project_id)  # two promotions at once: one after the other
    reason = reason.strip()
    if ModelVersion.objects.current(version.project) == version:
        raise AlreadyLive(f"Version {version.number} is live already.")
    if version.adapter_path is not None and not version.adapter_path.is_dir():
        raise ArtefactMissing(f"The adapter of version {version.number} is no longer on the disk.")
    was_live = version.promotions.exists()
    against = not (was_live or version.round is None or version.round.state == State.PASSED)
    if against:
        _check_against_gate(version, actor, reason, against_gate)
    promotion = Promotion.objects.create(
        project=version.project, version=version, actor=actor, reason=reason, against_gate=against
    )
    verb = "promoted against the gate" if against else "rolled back to" if was_live else "promoted"
    audit.record(actor, verb, version, reason=reason, promotion=promotion.pk)
    return promotion


def _check_against_gate(version: ModelVersion, actor: User | None, reason: str, against_gate: bool) -> None:
    if version.round is None or version.round.state != State.REJECTED:
        raise NotJudged(f"{version.round} has no verdict, so version {version.number} cannot be promoted.".capitalize())
    if not against_gate or actor is None:
        raise NotPassed(f"Version {version.number} did not pass the gate.")
    if not reason:
        raise NotPassed("Promoting against the gate needs a written reason.")


@transaction.atomic
def ensure_base_version(project: Project) -> ModelVersion:
    """Version 0, the base model itself; made, and live from then on, when the project has no version yet."""
    Project.objects.select_for_update().get(pk=project.pk)
    version, _ = ModelVersion.objects.get_or_create(
        project=project, number=0, defaults={"base_model": project.base_model}
    )
    if not project.promotions.exists():
        Promotion.objects.create(project=project, version=version, reason="the base model")
        audit.record(None, "promoted", version, reason="the base model")
    return version


def live_version(project: Project) -> ModelVersion:
    """The version that answers now; the base model if nothing was ever promoted."""
    return ModelVersion.objects.current(project) or ensure_base_version(project)

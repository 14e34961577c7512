"""Verbs: make a version live, roll back to an older one, and make sure that there is a first one."""

from enum import StrEnum
from typing import Any

from django.db import transaction

from studio import audit
from studio.models import Project, User
from training.models import ModelVersion, Promotion, State


class CannotPromote(Exception):
    """The version cannot go live now; the text says why, for people."""


class NotPassed(CannotPromote):
    """The version did not pass its gate, and nobody gave a reason to promote it all the same."""


class NotJudged(CannotPromote):
    """The version's round has no verdict: it still runs, failed or was cancelled."""


class Stale(CannotPromote):
    """The version passed against a version that is no longer live, and nobody gave a reason to promote it now."""


class AlreadyLive(CannotPromote):
    """The version is the live one already."""


class ArtefactMissing(CannotPromote):
    """The version's adapter is no longer on the disk."""


class Way(StrEnum):
    """How a version could go live from where it stands."""

    NONE = "none"
    """It is live already."""
    BACK = "back"
    """It is the base, or was live before: a roll back."""
    PASSED = "passed"
    STALE = "stale"
    """Its round passed, but against a version that is no longer live: only with a written reason."""
    AGAINST = "against"
    """Its round was rejected: only with a written reason."""
    UNJUDGED = "unjudged"
    """Its round has no verdict: not at all."""


_SAID = {
    Way.BACK: "rolled back to",
    Way.PASSED: "promoted",
    Way.STALE: "promoted on an old verdict",
    Way.AGAINST: "promoted against the gate",
}


def way_of(version: ModelVersion, *, live: ModelVersion | None, was_live: bool) -> Way:
    """How `version` could go live where `live` is the live one, for the button and for the verb."""
    if version == live:
        return Way.NONE
    if was_live or version.round is None:
        return Way.BACK
    if version.round.state == State.PASSED:
        # "Better than v1" says nothing about v2: a verdict counts only beside the version it was measured against.
        fresh = live is not None and judged_against(version) == live.number
        return Way.PASSED if fresh else Way.STALE
    return Way.AGAINST if version.round.state == State.REJECTED else Way.UNJUDGED


@transaction.atomic
def promote(
    version: ModelVersion,
    *,
    actor: User | None,
    reason: str = "",
    against_gate: bool = False,
    old_verdict: bool = False,
) -> Promotion:
    """Make `version` live; the queue notices by itself.

    A version is promoted when its round passed the gate against the version that is live, or when it is rolled back
    to: it is the base model, or was live before. Where it passed against another version that needs `old_verdict`,
    where it did not pass `against_gate`; and both a person and a written reason. Without a verdict there is no way.
    """
    # Two promotions at once: one after the other.
    Project.objects.select_for_update(no_key=True).get(pk=version.project_id)
    reason = reason.strip()
    live = ModelVersion.objects.current(version.project)
    way = way_of(version, live=live, was_live=version.promotions.exists())
    if way == Way.NONE:
        raise AlreadyLive(f"Version {version.number} is live already.")
    if way == Way.UNJUDGED:
        raise NotJudged(f"Version {version.number} has no verdict of the gate, so it cannot be promoted.")
    if way == Way.AGAINST and not (against_gate and actor is not None):
        raise NotPassed(f"Version {version.number} did not pass the gate.")
    if way == Way.AGAINST and not reason:
        raise NotPassed("Promoting against the gate needs a written reason.")
    if way == Way.STALE and not (old_verdict and actor is not None):
        raise Stale(f"{_compared(version, live)}: promote it on this old verdict with a reason, or run a new round.")
    if way == Way.STALE and not reason:
        raise Stale(f"{_compared(version, live)}: promoting it on this old verdict needs a written reason.")
    if version.adapter_path is not None and not version.adapter_path.is_dir():
        raise ArtefactMissing(f"The adapter of version {version.number} is no longer on the disk.")
    promotion = Promotion.objects.create(
        project=version.project, version=version, actor=actor, reason=reason, against_gate=way == Way.AGAINST
    )
    compared: dict[str, Any] = {}
    if way == Way.STALE:
        compared = {"judged_against": judged_against(version), "live": live.number if live else None}
    audit.record(actor, _SAID[way], version, reason=reason, promotion=promotion.pk, **compared)
    return promotion


def judged_against(version: ModelVersion) -> int | None:
    """The number of the version that the round of `version` was measured against."""
    return version.round.gate.get("against") if version.round else None


def _compared(version: ModelVersion, live: ModelVersion | None) -> str:
    now = live.number if live else "none"
    return f"Version {version.number} was judged against version {judged_against(version)}, now live is version {now}"


@transaction.atomic
def ensure_base_version(project: Project) -> ModelVersion:
    """Version 0, the base model itself; made, and live from then on, when the project has no version yet."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
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

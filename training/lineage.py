"""Where versions come from and which were live: version → round → snapshot, and the book of promotions. Only reads."""

from dataclasses import dataclass

from studio.models import Project
from training.models import ModelVersion, Promotion
from training.promote import Way, judged_against, way_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A version, and how it stands now."""

    version: ModelVersion
    live: bool
    was_live: bool
    way: Way
    against: int | None
    """The version its round was judged against."""
    current: int | None
    """The version that is live now."""
    waits: int | None = None
    """The round that is running, where it would go live by itself and will not after a choice by hand."""


def promotions_of(project: Project) -> list[Promotion]:
    """Every promotion, the newest first, with its version and its person."""
    return list(Promotion.objects.filter(project=project).select_related("version", "actor"))


def standings(project: Project, promotions: list[Promotion]) -> list[Standing]:
    """Every version of `project`, the newest first, with its round and snapshot loaded."""
    versions = ModelVersion.objects.filter(project=project).select_related("round__snapshot")
    waits = would_wait(project)
    return [standing(version, promotions, waits) for version in versions]


def would_wait(project: Project) -> int | None:
    """The number of the round that is running, where the policy would promote what it makes."""
    return project.rounds.active().values_list("number", flat=True).first() if project.auto_promote else None


def standing(version: ModelVersion, promotions: list[Promotion], waits: int | None = None) -> Standing:
    """How `version` stands, by the promotions of its project (the newest first)."""
    live = promotions[0].version if promotions else None
    was_live = any(promotion.version_id == version.pk for promotion in promotions)
    return Standing(
        version,
        live=version == live,
        was_live=was_live,
        way=way_of(version, live=live, was_live=was_live),
        against=judged_against(version),
        current=live.number if live else None,
        waits=waits,
    )

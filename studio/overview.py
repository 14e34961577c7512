"""What a person finds when they arrive: their projects, and what waits in one of them. Only reads."""

from itertools import groupby
from typing import Any, TypeGuard

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings

from annotation.browse import filters, ways
from annotation.models import Answer, Seat
from annotation.policy import most, new_demonstrations
from studio import attention, first_steps
from studio.models import Project, Role, User
from training.evidence import TITLES
from training.models import ModelVersion, Score

AT_A_GLANCE = ("stereotyped_answer_rate", "abs_llr", "bits_per_byte", "exact_match")
ENOUGH = 1000
"""Counting stops here: "1000+" tells a reviewer as much as the true number, and costs the same on a million items."""
MANY = 10_000
"""Here, of what is settled: a team wants to see it grow for longer."""


def default_base_model() -> str:
    return settings.DEFAULT_BASE_MODEL


def projects_of(user: User) -> list[Project]:
    """The projects `user` sees, each with `role`, `waiting` and `live`."""
    projects = list(Project.objects.visible_to(user))
    for project in projects:
        project.role = user.role_in(project)  # type: ignore[attr-defined]
        project.waiting = waiting_for(project, user)  # type: ignore[attr-defined]
        project.live = ModelVersion.objects.current(project)  # type: ignore[attr-defined]
    return projects


def waiting_for(project: Project, user: User) -> int:
    """Items this person could answer now, counted up to ENOUGH."""
    return Seat.objects.open_to(user, project)[:ENOUGH].count()


def in_state(project: Project, state: str, enough: int = ENOUGH) -> int:
    """Items in one of `annotation.browse.items.STATES`, counted up to `enough`."""
    return min(ways.count(filters.found(project, {"state": state}), enough), enough)


def of(project: Project, user: User) -> dict[str, Any]:
    """Everything the overview page shows of one project."""
    role = user.role_in(project)
    new, prompts = new_demonstrations(project), project.prompts.count()
    disputed = in_state(project, "disputed") if _curates(role) else None
    last_round = project.rounds.select_related("snapshot").first()
    return {
        "waiting": waiting_for(project, user),
        "answered_by_me": Answer.objects.standing()
        .filter(annotator=user, item__project=project, seat__isnull=False)
        .count(),
        "disputed": disputed,
        "unread": in_state(project, "unread"),
        "settled": in_state(project, "settled", MANY),
        "many": MANY,
        "new_demonstrations": new,
        "most_demonstrations": most(project),
        "missing_demonstrations": max(0, project.round_every - new) if project.round_every else None,
        "live": ModelVersion.objects.current(project),
        "active_round": project.rounds.active().first(),
        "last_round": last_round,
        "prompts": prompts,
        "steps": first_steps.of(project, role, prompts=prompts) if _curates(role) and not last_round else [],
        "refill": project.refills.order_by("-pk").first(),
        "enough": ENOUGH,
        "matters": attention.matters(project, user, role, disputed=disputed) if role else [],
        **measured(project),
    }


def measured(project: Project, *, newest: int = 6) -> dict[str, Any]:
    """What the newest versions scored: `metrics`, each a title and its axes, and `versions`, with a Score per axis."""
    scores = Score.objects.filter(evaluation__version__project=project, group="all", metric__in=AT_A_GLANCE)
    found: dict[ModelVersion, dict[tuple[str, str], Score]] = {}
    for score in scores.select_related("evaluation__version").order_by("evaluation__version__number", "evaluation_id"):
        found.setdefault(score.evaluation.version, {})[score.metric, score.axis] = score
    keys = sorted({key for row in found.values() for key in row}, key=lambda key: (AT_A_GLANCE.index(key[0]), key[1]))
    many = {metric for metric, axis in keys if axis != "all"}  # where axes are told apart, their total says little
    keys = [(metric, axis) for metric, axis in keys if axis != "all" or metric not in many]
    return {
        "metrics": [
            (TITLES[metric][0], [axis for _, axis in axes]) for metric, axes in groupby(keys, key=lambda key: key[0])
        ],
        "versions": [(version, [row.get(key) for key in keys]) for version, row in list(found.items())[-newest:]],
    }


def _curates(role: Role | None) -> TypeGuard[Role]:
    return role is not None and role.includes(Role.CURATOR)


def taxonomy(project: Project) -> dict[str, str]:
    """The categories as the settings page edits them: one per line, ``Name: description``."""
    return {"categories": "\n".join(f"{c.name}: {c.description}".rstrip(": ") for c in project.categories.all())}


def backgrounds(project: Project) -> dict[str, str]:
    """The backgrounds as the settings page edits them: one per line."""
    return {"backgrounds": "\n".join(b.name for b in project.backgrounds.all())}


def own_settings(user: User) -> dict[str, Any]:
    """What the form of one's own settings starts from."""
    blur = "" if user.blur_from is None else str(user.blur_from)
    named = {"name": user.get_full_name(), "language": user.language}
    return {**named, "blur_from": blur, "single_keys": user.single_keys}


def account(user: User) -> dict[str, Any]:
    """How somebody logs in, and the projects they are in."""
    return {
        "projects": Project.objects.visible_to(user).filter(memberships__user=user).distinct(),
        "second_factor": is_mfa_enabled(user),
        "sso": settings.SOCIALACCOUNT_PROVIDERS.get("oidc", {}).get("APP"),
        "sso_accounts": user.socialaccount_set.all(),  # type: ignore[attr-defined]
    }

"""What waits in a project for one person to do something about it, in sentences with a door behind each. Only reads."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from annotation.models import Gold, Notice, Proposal
from annotation.person import wellbeing
from annotation.queue import onboarding
from studio.models import Project, Role, User
from training.models import ModelVersion, Promotion

ENOUGH = 100
"""Counting stops here; what comes after it is as much."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to attend to."""

    text: str
    url: str


def matters(project: Project, user: User, role: Role, *, disputed: int | None) -> list[Matter]:
    """Everything that waits for this person in this role, the most personal first; `disputed` items are counted."""
    found = [*_own(project, user)]
    if role.may_curate:
        found += _curators(project, disputed or 0)
    if role.may_administer:
        found += _admins(project)
    return found


def _own(project: Project, user: User) -> Iterator[Matter]:
    def at(name: str) -> str:
        return reverse(f"annotation:{name}", args=[project.slug])

    if onboarding.is_new(project, user):
        now = onboarding.standing(project, user)
        if now.is_over:
            yield Matter("You have answered the first items; a curator looks at how they went.", at("mine"))
        else:
            yield Matter(f"First of all come {now.of} items to learn from; {now.answered} are done.", at("review"))
    unread = Notice.objects.filter(project=project, user=user, read_at=None)[:ENOUGH].count()
    if unread:
        yield Matter(f"{_many(unread, 'notice')} you have not read.", at("notices"))
    if wellbeing.check_in_due(project, user):
        yield Matter("Two questions about your week; only the team's average is ever shown.", at("check-in"))


def _curators(project: Project, disputed: int) -> Iterator[Matter]:
    def at(name: str) -> str:
        return reverse(f"annotation:{name}", args=[project.slug])

    if disputed:
        yield Matter(f"{_many(min(disputed, ENOUGH), 'item')} on which the readers disagree.", at("disputed"))
    wished = Proposal.objects.filter(topic__project=project, state=Proposal.State.OPEN)[:ENOUGH].count()
    if wished:
        yield Matter(f"{_many(wished, 'proposal')} for a values statement, not decided.", at("proposals"))
    if (project.gold_percent or project.onboarding_items) and not onboarding.in_force(project):
        yield Matter("Gold items are asked for, but no item is marked as gold.", at("gold"))
    elif project.onboarding_items:
        new = onboarding.waiting(project)[:ENOUGH].count()
        gold = Gold.objects.filter(is_active=True, item__project=project)[: project.onboarding_items].count()
        if new and gold < project.onboarding_items:
            yield Matter(
                f"The onboarding asks for {project.onboarding_items} gold items, and there are {gold}.", at("gold")
            )


def _admins(project: Project) -> Iterator[Matter]:
    promoted = (
        Promotion.objects.filter(project=project).order_by("-pk").values_list("version__number", flat=True).first()
    )
    newest = ModelVersion.objects.filter(project=project, round__state="passed").order_by("-number").first()
    if newest and newest.number > (promoted or 0) and not newest.promotions.exists():
        yield Matter(
            f"{newest} passed the gate and waits to go live.", reverse("training:versions", args=[project.slug])
        )


def _many(count: int, noun: str) -> str:
    return f"{count}{'+' if count == ENOUGH else ''} {noun}{'' if count == 1 else 's'}"

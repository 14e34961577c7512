"""The way from an empty project to its first round, for those who build it up. Only reads; nothing of it is stored."""

from dataclasses import dataclass

from django.urls import reverse

from annotation.models import Answer, Guideline
from studio.models import Project, Role


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a project needs before its first round; `url` is empty where somebody else must do it."""

    title: str
    why: str
    url: str
    done: bool


def of(project: Project, role: Role, *, prompts: int) -> list[Step]:
    """The five steps in their order, for a project in which no round has been opened and that has so many prompts."""

    def at(name: str) -> str:
        return reverse(name, args=[project.slug])

    admin = role.may_administer
    return [
        Step(
            "Add prompts",
            "The model is asked these; its answers become the review queue.",
            at("annotation:stock"),
            prompts > 0,
        ),
        Step(
            "Write a values statement",
            "What counts as biased here, and what as fair: everybody reads it before they judge.",
            at("annotation:guidelines"),
            Guideline.objects.filter(topic__project=project).exists(),
        ),
        Step(
            "Invite people",
            "Annotators read the answers, curators settle where they disagree.",
            at("invitations") if admin else "",
            project.memberships.all()[:2].count() > 1,
        ),
        Step(
            "Review the first answers",
            "Judge a few yourself: it shows whether the statement says enough.",
            at("annotation:review"),
            Answer.objects.standing().filter(item__project=project, seat__isnull=False).exists(),
        ),
        Step(
            "Open the first round",
            "Freeze what is settled; the round trains a model on it and measures what became of it.",
            at("training:snapshots") if admin else "",
            False,
        ),
    ]

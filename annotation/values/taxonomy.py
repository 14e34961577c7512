"""Verbs: a project is founded with a taxonomy of bias; the taxonomy is changed."""

from django.db import transaction
from django.utils.text import slugify

from annotation.models import Category
from studio import audit
from studio.models import Membership, Project, Role, User

DEFAULT_TAXONOMY = (
    ("Stereotype", "A trait is given to a person because of the group they belong to."),
    ("Denigration", "A group is insulted, mocked or made out to be worth less."),
    ("Erasure", "A group that belongs in the answer is left out, or treated as if it did not exist."),
    ("Double standard", "The same act or wish is judged differently for different groups."),
    ("Unequal help", "Some people get a shorter, vaguer or more suspicious answer to the same question."),
)


class CategoryInUse(Exception):
    """Answers name a category that was to be dropped."""


@transaction.atomic
def found_project(project: Project, *, actor: User) -> Project:
    """Save a new `project` with its founder as admin and the default taxonomy."""
    project.save()
    Membership.objects.create(project=project, user=actor, role=Role.ADMIN)
    change_taxonomy(project, list(DEFAULT_TAXONOMY), actor=actor)
    audit.record(actor, "founded project", project, base_model=project.base_model)
    return project


@transaction.atomic
def change_taxonomy(project: Project, wanted: list[tuple[str, str]], *, actor: User | None) -> None:
    """Make the categories exactly `wanted` (name, description), in this order; each known by its name's slug."""
    slugs = [slugify(name) for name, _ in wanted]
    dropped = project.categories.exclude(slug__in=slugs)
    used = dropped.filter(answers__isnull=False).distinct()
    if names := ", ".join(category.name for category in used):
        raise CategoryInUse(f"Answers already name {names}: keep it, or people's work would lose its meaning.")
    dropped.delete()
    for position, ((name, description), slug) in enumerate(zip(wanted, slugs, strict=True), 1):
        values = {"name": name, "description": description, "position": position}
        Category.objects.update_or_create(project=project, slug=slug, defaults=values)
    audit.record(actor, "changed taxonomy", project, categories=slugs)

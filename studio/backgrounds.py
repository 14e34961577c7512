"""Verbs on backgrounds: an admin says which a project asks for; each person says, or does not say, which are theirs.

What a person chose is written nowhere else: no audit entry, no export, no page of another person, the admins' included.
"""

from collections.abc import Iterable

from django.db import transaction

from studio import audit
from studio.models import Background, Membership, Project, User


@transaction.atomic
def change_backgrounds(project: Project, wanted: list[str], *, actor: User) -> None:
    """Make the project's backgrounds exactly `wanted`; who had chosen a dropped one has no longer chosen it."""
    known = set(project.backgrounds.values_list("name", flat=True))
    if known == set(wanted):
        return
    project.backgrounds.exclude(name__in=wanted).delete()
    Background.objects.bulk_create(
        [Background(project=project, name=name) for name in wanted if name not in known], ignore_conflicts=True
    )
    audit.record(actor, "changed backgrounds", project, backgrounds=wanted)


@transaction.atomic
def say_mine(membership: Membership, chosen: Iterable[Background]) -> None:
    """These, and no others, are this person's. Only they themselves call it."""
    membership.backgrounds.set(membership.project.backgrounds.filter(pk__in=[b.pk for b in chosen]))

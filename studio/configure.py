"""Verb: change a project's settings."""

from typing import Any

from django.db import transaction

from studio import audit
from studio.models import Project, User


@transaction.atomic
def change_settings(project: Project, wanted: dict[str, Any], *, actor: User | None) -> dict[str, list[Any]]:
    """Write those of the `wanted` values that differ, and only those columns; return {name: [old, new]}."""
    now = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    changes = {name: [getattr(now, name), value] for name, value in wanted.items() if getattr(now, name) != value}
    if changes:
        Project.objects.filter(pk=project.pk).update(**{name: new for name, (_, new) in changes.items()})
        audit.record(actor, "changed settings", project, changes=changes)
    return changes

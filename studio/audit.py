"""The only way to write an audit entry."""

from typing import Any

from django.db import models

from studio.models import AuditEntry, Project, User


def record(
    actor: User | None,
    verb: str,
    target: models.Model | None = None,
    *,
    project: Project | None = None,
    reason: str = "",
    **data: Any,
) -> AuditEntry:
    """Write down that `actor` (None: the studio) did `verb` to `target`; call it inside the verb's transaction."""
    if project is None and target is not None:
        project = target if isinstance(target, Project) else getattr(target, "project", None)
    return AuditEntry.objects.create(
        actor=actor,
        verb=verb,
        project=project,
        target_type=target._meta.label if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_name=str(target)[:200] if target is not None else "",
        reason=reason,
        data=data,
    )

"""What must not change has no way to change; who sees which project and which entries."""

import pytest
from django.contrib.auth.models import AnonymousUser

from studio import audit
from studio.models import AuditEntry, Frozen, Project, Role
from tests.cast import make_user


def test_an_audit_entry_cannot_be_changed_or_deleted(cast):
    entry = audit.record(cast.max, "looked", cast.project, reason="why not")
    for attempt in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(verb="other"),
        lambda: AuditEntry.objects.all().delete(),
    ):
        with pytest.raises(Frozen):
            attempt()
    assert AuditEntry.objects.get().verb == "looked"


def test_roles_include_the_ones_below():
    assert Role.ADMIN.includes(Role.ANNOTATOR)
    assert Role.CURATOR.includes(Role.CURATOR)
    assert not Role.ANNOTATOR.includes(Role.CURATOR)


def test_projects_are_visible_to_members_and_superusers_only(cast):
    assert list(Project.objects.visible_to(cast.ada)) == [cast.project]
    assert list(Project.objects.visible_to(cast.eve)) == [cast.other]
    assert not Project.objects.visible_to(AnonymousUser()).exists()
    assert Project.objects.visible_to(make_user("root", is_superuser=True)).count() == 2


def test_audit_entries_are_visible_to_admins_of_their_project(cast):
    audit.record(cast.max, "looked", cast.project)
    assert AuditEntry.objects.visible_to(cast.max).count() == 1
    assert not AuditEntry.objects.visible_to(cast.iris).exists()
    assert not AuditEntry.objects.visible_to(cast.eve).exists()


def test_a_visible_project_comes_with_the_persons_own_role(cast):
    for name, role in (("ada", "annotator"), ("iris", "curator"), ("max", "admin")):
        assert Project.objects.visible_to(getattr(cast, name)).get().my_role == role

"""Verbs on invitations: make a link, take it back, join a project by it, with an account or by making one.

A link's secret is 32 random bytes; only its SHA-256 is kept, so a copy of the database opens nothing. Whether a link is
unknown, expired, used up or taken back is not told apart to who holds it. It works once for each person: else a link
for many would bring back whoever was removed, and make whoever was made less what they were.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from studio import audit
from studio.accounts import make_account
from studio.models import Invitation, Membership, Project, Role, User


class NotInvited(Exception):
    """The link opens nothing, whatever the reason."""

    def __init__(self) -> None:
        super().__init__(
            "This invitation cannot be used: it has expired, was used up or taken back, or its address is not "
            "complete. Ask an admin of the project for a new one."
        )


class UsedBefore(Exception):
    """This person has used the link; what became of their membership since then, it does not change."""

    def __init__(self, project: Project) -> None:
        self.project = project
        super().__init__(
            "You have used this link, and it works once for each person. If you are not in the project any more, or "
            "need another role, ask an admin of the project."
        )


@transaction.atomic
def invite(
    project: Project, role: Role, *, days: int, uses: int, note: str = "", actor: User
) -> tuple[Invitation, str]:
    """A new link and its secret, which is not kept: show it once."""
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        project=project,
        digest=digest_of(secret),
        role=role,
        note=note,
        uses_left=uses,
        expires_at=timezone.now() + timedelta(days=days),
        created_by=actor,
    )
    audit.record(actor, "made invitation", invitation, role=role, days=days, uses=uses, note=note)
    return invitation, secret


@transaction.atomic
def revoke(invitation: Invitation, *, actor: User) -> bool:
    """Take a link back; who has joined by it stays. False if it was taken back before."""
    mine = Invitation.objects.filter(pk=invitation.pk, revoked_at=None)
    if not mine.update(revoked_at=timezone.now()):
        return False
    audit.record(actor, "took back invitation", invitation, role=invitation.role, note=invitation.note)
    return True


def find(secret: str, user: User | None = None) -> Invitation:
    """The open invitation with this secret, or NotInvited; UsedBefore, open or not, if `user` has used it."""
    mine = Invitation.objects.select_related("project").filter(digest=digest_of(secret))
    if user is not None and (used := mine.filter(used_by=user).first()):
        raise UsedBefore(used.project)
    invitation = mine.open().first()
    if invitation is None:
        raise NotInvited
    return invitation


@transaction.atomic
def join(secret: str, user: User, *, new_account: bool = False) -> Membership:
    """Make `user` a member as the link says. Who is one already keeps a role as high, and uses nothing up."""
    invitation = find(secret, user)
    if (mine := _member(invitation, user)) is not None:
        invitation.used_by.add(user)
        return mine
    if not Invitation.objects.open().filter(pk=invitation.pk).update(uses_left=F("uses_left") - 1):
        raise NotInvited
    # From here on, whoever else joins by this link waits for this transaction: look again. What is raised undoes it.
    if invitation.used_by.filter(pk=user.pk).exists():
        raise UsedBefore(invitation.project)
    invitation.used_by.add(user)
    membership, made = Membership.objects.select_for_update().get_or_create(
        project=invitation.project, user=user, defaults={"role": invitation.role}
    )
    old = None if made else membership.role
    if not made and not Role(membership.role).includes(Role(invitation.role)):
        membership.role = invitation.role
        membership.save(update_fields=["role"])
    audit.record(
        user,
        "joined by invitation",
        membership,
        invitation=invitation.pk,
        old=old,
        role=membership.role,
        new_account=new_account,
        user=user.pk,
    )
    return membership


@transaction.atomic
def join_anew(secret: str, username: str, name: str, password: str) -> User:
    """Make an account and join with it: both, or neither."""
    find(secret)
    user = make_account(username, name=name, password=password)
    join(secret, user, new_account=True)
    return user


def usable_by(user: User, project: Project, *, role: Role | None) -> QuerySet[Invitation]:
    """The open links to `project` by which this person, who has `role` there, could come in or rise."""
    more = [other for other in Role if role is None or not role.includes(other)]
    return Invitation.objects.open().filter(project=project, role__in=more).exclude(used_by=user)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _member(invitation: Invitation, user: User) -> Membership | None:
    """This person's membership, if it says as much as the invitation or more."""
    mine = Membership.objects.filter(project=invitation.project_id, user=user).first()
    return mine if mine is not None and Role(mine.role).includes(Role(invitation.role)) else None

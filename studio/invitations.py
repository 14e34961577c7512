"""Verbs on invitations: make a link, take it back, join a project by it, with an account or by making one.

A link's secret is 32 random bytes; only its SHA-256 is kept, so a copy of the database opens nothing. Whether a link is
unknown, expired, used up or taken back is not told apart to who holds it.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from studio import audit
from studio.models import Invitation, Membership, Project, Role, User


class NotInvited(Exception):
    """The link opens nothing, whatever the reason."""

    def __init__(self) -> None:
        super().__init__(
            "This invitation cannot be used: it has expired, was used up or taken back, or its address is not "
            "complete. Ask an admin of the project for a new one."
        )


class NameTaken(Exception):
    """Somebody else made an account of that name in the same moment."""


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


def find(secret: str) -> Invitation:
    """The open invitation with this secret, or NotInvited."""
    invitation = Invitation.objects.open().select_related("project").filter(digest=digest_of(secret)).first()
    if invitation is None:
        raise NotInvited
    return invitation


@transaction.atomic
def join(secret: str, user: User) -> Membership:
    """Make `user` a member as the link says. Who is one already keeps a role as high, and uses nothing up."""
    invitation = Invitation.objects.select_related("project").filter(digest=digest_of(secret)).first()
    if invitation is None:
        raise NotInvited
    if (mine := _member(invitation, user)) is not None:
        return mine
    if not Invitation.objects.open().filter(pk=invitation.pk).update(uses_left=F("uses_left") - 1):
        raise NotInvited
    # From here on, whoever else joins by this link waits for this transaction: look again.
    if (mine := _member(invitation, user)) is not None:
        Invitation.objects.filter(pk=invitation.pk).update(uses_left=F("uses_left") + 1)
        return mine
    membership, made = Membership.objects.get_or_create(
        project=invitation.project, user=user, defaults={"role": invitation.role}
    )
    old = None if made else membership.role
    if not made:
        membership.role = invitation.role
        membership.save(update_fields=["role"])
    audit.record(user, "joined by invitation", membership, invitation=invitation.pk, old=old, role=invitation.role)
    return membership


@transaction.atomic
def join_anew(secret: str, username: str, name: str, password: str) -> User:
    """Make an account and join with it: both, or neither."""
    find(secret)
    user = User(username=username, first_name=name)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as refusal:
        raise NameTaken("This name is taken: choose another, or log in if it is yours.") from refusal
    join(secret, user)
    return user


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _member(invitation: Invitation, user: User) -> Membership | None:
    """This person's membership, if it says as much as the invitation or more."""
    mine = Membership.objects.filter(project=invitation.project_id, user=user).first()
    return mine if mine is not None and Role(mine.role).includes(Role(invitation.role)) else None

"""Verbs on people: give somebody a role in a project, change it, take it away, hand out a new password."""

import secrets
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from studio import audit
from studio.accounts import find_account, make_account
from studio.models import AuditEntry, Invitation, Membership, Project, Role, User


class LastAdmin(Exception):
    """A project would be left without an admin."""


class NotYours(Exception):
    """An account that reaches beyond what the acting admin administers."""


class HasLeft(Exception):
    """The membership ended in the meantime."""


class AlreadyMember(Exception):
    """That person is in the project already."""


@dataclass(frozen=True)
class Welcome:
    """A membership, and the password to hand over if an account was made for it: shown once, kept nowhere."""

    membership: Membership
    password: str | None


@transaction.atomic
def add_member(project: Project, username: str, role: Role, *, actor: User | None) -> Welcome:
    """Give `username` a role in `project`; an unknown name becomes a new account with a random password."""
    user, password = find_account(username), None
    if made := user is None:
        password = secrets.token_urlsafe(12)
        user = make_account(username, password=password)
    membership, joined = Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
    if not joined:
        raise AlreadyMember(f"{user} is already in this project, as {membership.role}.")
    audit.record(actor, "added member", membership, role=role, new_account=made, user=user.pk)
    return Welcome(membership, password)


@transaction.atomic
def change_role(membership: Membership, role: Role, *, actor: User) -> None:
    """Give a member another role; the last admin cannot be made less."""
    _keep_an_admin(membership, unless=role == Role.ADMIN)
    old = _role_now(membership)
    Membership.objects.filter(pk=membership.pk).update(role=role)
    membership.role = role
    ended = 0 if role == Role.ADMIN else _end_invitations(membership)
    audit.record(actor, "changed role", membership, old=old, new=role, invitations_ended=ended)


@transaction.atomic
def remove_member(membership: Membership, *, actor: User) -> None:
    """End a membership; what the person answered stays, under their pseudonym."""
    _keep_an_admin(membership)
    role, known_as = _role_now(membership), membership.pseudonym
    ended = _end_invitations(membership)
    audit.record(actor, "removed member", membership, role=role, pseudonym=known_as, invitations_ended=ended)
    membership.delete()


@transaction.atomic
def reset_password(membership: Membership, *, actor: User) -> str:
    """A new random password for a member, to hand over once.

    Whoever hands it out could log in with it: so nobody may who does not administer every project it opens, nor for an
    account that was not made for one of these, or that is known by the single sign-on.
    """
    _refuse_what_is_not_theirs(membership.user, "for a new password", actor=actor)
    password = new_password(membership.user)
    audit.record(actor, "reset password", membership)
    return password


@transaction.atomic
def reset_second_factor(membership: Membership, *, actor: User) -> None:
    """Forget a member's second factor, which they have lost. It protects all that the account opens, so the same
    accounts are out of reach as for a new password."""
    _refuse_what_is_not_theirs(membership.user, "to do that", actor=actor)
    Authenticator.objects.filter(user=membership.user).delete()
    audit.record(actor, "reset second factor", membership)


def members_of(project: Project) -> QuerySet[Membership]:
    """Everybody in `project` by name, each with `second_factor`: whether their log-in asks for one."""
    theirs = Authenticator.objects.filter(user=OuterRef("user")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return project.memberships.select_related("user").annotate(second_factor=Exists(theirs)).order_by("user__username")


def new_password(user: User) -> str:
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _end_invitations(membership: Membership) -> int:
    """The links that somebody made as an admin end with their being one: they may still know them."""
    theirs = Invitation.objects.open().filter(project=membership.project_id, created_by=membership.user_id)
    return theirs.update(revoked_at=timezone.now())


def _refuse_what_is_not_theirs(user: User, what_for: str, *, actor: User) -> None:
    if not _administers(actor, user):
        raise NotYours(
            f"{user} is also in projects that you do not administer, or administers this studio: "
            f"ask an administrator of the studio {what_for}."
        )
    if not _made_for(actor, user):
        raise NotYours(
            f"The account of {user} was not made in a project of yours, or logs in by single sign-on: "
            f"ask an administrator of the studio {what_for}."
        )


def _administers(actor: User, user: User) -> bool:
    if actor.is_superuser:
        return True
    mine = Membership.objects.filter(user=actor, role=Role.ADMIN).values("project")
    return not (user.is_superuser or user.is_staff or user.memberships.exclude(project__in=mine).exists())


def _made_for(actor: User, user: User) -> bool:
    """Whether the book says that `user` got this account by a project that `actor` administers, and nobody else's."""
    if actor.is_superuser:
        return True
    if SocialAccount.objects.filter(user=user).exists():
        return False
    mine = Membership.objects.filter(user=actor, role=Role.ADMIN).values("project")
    came = AuditEntry.objects.filter(verb__in=("added member", "joined by invitation"), data__user=user.pk)
    return (
        came.filter(project__in=mine, data__new_account=True).exists() and not came.exclude(project__in=mine).exists()
    )


def _role_now(membership: Membership) -> str:
    """The role as it is, kept as it is until this transaction ends; somebody else may have ended the membership."""
    role = Membership.objects.select_for_update().filter(pk=membership.pk).values_list("role", flat=True).first()
    if role is None:
        raise HasLeft(f"{membership.user} left this project in the meantime.")
    return role


def _keep_an_admin(membership: Membership, *, unless: bool = False) -> None:
    # The rows are locked, so that two admins who remove each other in the same second do not both succeed.
    admins = Membership.objects.select_for_update().filter(project=membership.project_id, role=Role.ADMIN)
    if not unless and set(admins.values_list("pk", flat=True)) == {membership.pk}:
        raise LastAdmin(f"{membership.user} is the only admin of this project: make somebody else admin first.")

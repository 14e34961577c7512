"""Whose account it is when somebody comes from the single sign-on, and who gets a new one."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from studio import invitations
from studio.models import Membership, User
from studio.sso import INVITATION


def verified(sociallogin: Any) -> list[str]:
    """The addresses that the server vouches for; see `provider.extract_email_addresses`."""
    return [address.email for address in sociallogin.email_addresses if address.verified]


def once_more(request: HttpRequest, sociallogin: Any, refusal: IntegrityError) -> ImmediateHttpResponse:
    """Another of the same name, id or address was made in the same moment: whoever tries again finds it made."""
    return ImmediateHttpResponse(render_authentication_error(request, sociallogin.provider, exception=refusal))


class Door(DefaultSocialAccountAdapter):
    """A known person is let in; a new one if the studio is open to all of that server's people, or invited them."""

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """The one account with an address that the server has verified; where two have it, neither.

        Addresses change hands: an account that this server's people know by another id is not opened by one, nor are
        those that reach the back room; their owners connect them when logged in.

        Nobody sets an account's address by themselves: it comes from this door, or from who runs the studio. So it is
        noted as verified, and the account keeps its password, which allauth would take away from an unverified one.
        """
        for email in verified(sociallogin):
            noted = Q(emailaddress__email__iexact=email, emailaddress__verified=True)
            people = User.objects.filter(Q(email__iexact=email) | noted).distinct()[:2]
            if len(people) == 1 and self._opened(people[0], email, sociallogin):
                return people[0], email
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OIDC_OPEN or self._is_invited(request))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """A new account; where it takes an invitation, the account joins by it: both, or neither."""
        try:
            with transaction.atomic():
                user: User = super().save_user(request, sociallogin, form)
                self._must_hold(user, verified(sociallogin))
                membership = None if settings.OIDC_OPEN else self._joined(request, user)
        except invitations.NotInvited as refusal:  # somebody else used it up since it was looked at
            raise SignupClosedException from refusal
        except IntegrityError as refusal:
            raise once_more(request, sociallogin, refusal) from refusal
        if membership is not None:
            request.session.pop(INVITATION, None)
            sociallogin.state["next"] = reverse("project", args=[membership.project.slug])
            messages.success(request, f"Welcome to {membership.project}, {user.display_name}.")
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("me")

    def _opened(self, user: User, email: str, sociallogin: Any) -> bool:
        """Whether `user` had no account of that server; now it has this one.

        Looked up and connected under a lock on the person's row: of two ids that come with one address in the same
        second, the second finds the first. Who connects by themselves, logged in, is not connected here: allauth asks
        them for their password first.
        """
        try:
            with transaction.atomic():
                person = User.objects.select_for_update().get(pk=user.pk)
                if not self._is_free(person, sociallogin.account.provider):
                    return False
                others = EmailAddress.objects.filter(user=person, primary=True).exclude(email=email.lower())
                others.update(primary=False)  # a person has one primary address
                EmailAddress.objects.update_or_create(
                    user=person, email=email.lower(), defaults={"verified": True, "primary": True}
                )
                if sociallogin.state.get("process") != AuthProcess.CONNECT:
                    sociallogin.account.user = person
                    sociallogin.account.save()
        except IntegrityError as refusal:
            raise once_more(self.request, sociallogin, refusal) from refusal
        return True

    @staticmethod
    def _must_hold(user: User, emails: list[str]) -> None:
        """One account per verified address is a constraint; allauth leaves out an address that another just took, and
        would make a second account that only looks like its owner's."""
        held = EmailAddress.objects.filter(user=user, verified=True, email__in=[email.lower() for email in emails])
        if held.count() != len(set(emails)):
            raise IntegrityError("another account took this address in the same moment")

    @staticmethod
    def _joined(request: HttpRequest, user: User) -> Membership:
        return invitations.join(request.session.get(INVITATION, ""), user, new_account=True)

    @staticmethod
    def _is_free(user: User, provider: str) -> bool:
        linked = SocialAccount.objects.filter(user=user, provider=provider)
        return not (user.is_superuser or user.is_staff or linked.exists())

    @staticmethod
    def _is_invited(request: HttpRequest) -> bool:
        try:
            invitations.find(request.session.get(INVITATION, ""))
        except invitations.NotInvited:
            return False
        return True

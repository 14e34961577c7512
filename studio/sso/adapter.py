"""Whose account it is when somebody comes from the single sign-on, and who gets a new one."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from studio import invitations
from studio.models import User
from studio.sso import INVITATION


class Door(DefaultSocialAccountAdapter):
    """A known person is let in; a new one if the studio is open to all of that server's people, or invited them."""

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """The one account with an address that the server has verified; where two have it, neither.

        Nobody sets an account's address by themselves: it comes from this door, or from who runs the studio. So it is
        noted as verified, and the account keeps its password, which allauth would take away from an unverified one.
        """
        for email in [address.email for address in sociallogin.email_addresses if address.verified]:
            noted = Q(emailaddress__email__iexact=email, emailaddress__verified=True)
            people = User.objects.filter(Q(email__iexact=email) | noted).distinct()[:2]
            if len(people) == 1:
                EmailAddress.objects.update_or_create(
                    user=people[0], email=email.lower(), defaults={"verified": True, "primary": True}
                )
                return people[0], email
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OIDC_OPEN or self._is_invited(request))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("me")

    @staticmethod
    def _is_invited(request: HttpRequest) -> bool:
        try:
            invitations.find(request.session.get(INVITATION, ""))
        except invitations.NotInvited:
            return False
        return True

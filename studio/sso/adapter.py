"""Whose account it is when somebody comes from the single sign-on, and who gets a new one."""

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from studio import invitations
from studio.sso import INVITATION


class Door(DefaultSocialAccountAdapter):
    """A known person is let in; a new one if the studio is open to all of that server's people, or invited them."""

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

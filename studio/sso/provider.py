"""What the single sign-on's server is asked, and which of its words are believed. Found by allauth by its name."""

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from requests import RequestException

from studio.sso.exchange import Exchange


class Provider(OpenIDConnectProvider):
    """One server, from the environment."""

    id = "oidc"
    oauth2_adapter_class = Exchange
    pkce_enabled_default = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("oidc_login", query=kwargs or None)

    def get_callback_url(self) -> str:
        return reverse("oidc_callback")

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Never more than we say, whatever the address of the log-in says."""
        return self.get_scope()

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        return self.get_auth_params()

    def redirect(self, request: HttpRequest, process: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """To the server, with a nonce that its token must bring back; what goes wrong is a page, not a crash."""
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {**self.get_auth_params(), "nonce": nonce}
        try:
            return super().redirect(request, process, *args, nonce=nonce, **kwargs)
        except (RequestException, KeyError) as error:  # it does not answer, or not as a server of OpenID Connect
            return render_authentication_error(request, self, exception=error)

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Only an address that the server has verified: an unverified one is somebody's claim."""
        claims = data.get("userinfo") or data
        if claims.get("email") and claims.get("email_verified") in (True, "true"):
            return [EmailAddress(email=claims["email"], verified=True, primary=True)]
        return []

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        known = super().extract_common_fields(data)
        return known if self.extract_email_addresses(data) else {**known, "email": None}


provider_classes = [Provider]

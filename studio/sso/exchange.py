"""The code against a token: the token's signature, nonce and subject are checked, each time."""

from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from jwt import PyJWTError

PROVIDER = "oidc"


class Exchange(OpenIDConnectOAuth2Adapter):
    """allauth trusts a token that came over TLS unsigned and sends no nonce; here neither is left to the channel."""

    nonce = ""

    def __init__(self, request: HttpRequest, provider_id: str = PROVIDER):
        super().__init__(request, PROVIDER)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        try:
            return self._complete(request, app, token, kwargs["response"])
        except (KeyError, TypeError, ValueError, AttributeError, PyJWTError) as error:
            raise OAuth2Error("the server's answer lacks what OpenID Connect asks for") from error

    def _complete(self, request: HttpRequest, app: Any, token: Any, response: dict[str, Any]) -> SocialLogin:
        claims = jwtkit.verify_and_decode(
            credential=response["id_token"],
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        if not self.nonce or not constant_time_compare(str(claims.get("nonce", "")), self.nonce):
            raise OAuth2Error("the id_token was made for another log-in")
        data: dict[str, Any] = {"id_token": claims}
        if "userinfo_endpoint" in self.openid_config:
            info = self._fetch_user_info(token.token)
            if info["sub"] != claims["sub"]:
                raise OAuth2Error("the user info is somebody else's")
            data["userinfo"] = {**claims, **info}
        return self.get_provider().sociallogin_from_response(request, data)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("oidc_callback"))

"""The two doors of the single sign-on."""

from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from studio.sso.exchange import Exchange


class Callback(OAuth2CallbackView):
    """allauth's, which tells the exchange the nonce it kept in the state."""

    adapter: Exchange

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[dict[str, Any] | None, HttpResponse | None]:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


@never_cache
@login_not_required
def login(request: HttpRequest) -> HttpResponse:
    """Asks first, unless it is a POST; then to the server, by a page that goes there by itself.

    A redirect would not do: browsers hold a form's whole chain of redirects against `form-action`, and where the server
    sends people on is not ours to know.
    """
    response = _at_the_exchange(OAuth2LoginView, request)
    if not isinstance(response, HttpResponseRedirect) or not response.url.startswith(("https://", "http://")):
        return response
    return render(request, "socialaccount/going.html", {"address": response.url})


@never_cache
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    return _at_the_exchange(Callback, request)


@login_not_required
def no_account(request: HttpRequest) -> HttpResponse:
    """Where allauth would ask for another name or address: here these are not the person's to choose."""
    return render(request, "account/signup_closed.html", status=403)


def _at_the_exchange(view: Any, request: HttpRequest) -> HttpResponse:
    try:
        return view.adapter_view(Exchange(request))(request)
    except SocialApp.DoesNotExist as error:
        raise Http404("This studio has no single sign-on.") from error

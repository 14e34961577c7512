"""What is answered when something broke: 503 and "try again" where the database is away, else 500; and who opens an
address that is no page is told so.

Both pages need nothing that could be what is broken: no request, no row, no list of static files.

A page that hears 503 sends the same again after a moment; so does any client that keeps to Retry-After.
"""

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.defaults import server_error

AGAIN_AFTER = "2"
"""Seconds; a database that was restarted answers within that, or soon after."""
SENTENCE = "The database does not answer just now. Nothing that was saved is lost: try again in a moment."


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler of uncaught exceptions: it is called while the exception is being handled."""
    if not isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return server_error(request)
    if "json" in request.headers.get("Accept", "") or request.content_type == "application/json":
        response: HttpResponse = JsonResponse({"error": SENTENCE}, status=503)
    else:
        response = render(None, "503.html", {"sentence": SENTENCE}, status=503)  # no request: nobody may be asked for
    response["Retry-After"] = AGAIN_AFTER
    return response


def no_page(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: Django's 405 is empty, and a browser shows it as a fault of its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and "text/html" in request.headers.get("Accept", ""):
            slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
            home = reverse("project", args=[slug]) if slug else reverse("home")
            response.content = render_to_string("405.html", {"slug": slug, "home": home}, request)
            response["Content-Type"] = "text/html; charset=utf-8"
        return response

    return answer

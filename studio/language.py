"""The language of a page: the one a person chose for themselves, else what their browser asks for.

A page that is not translated yet is in English throughout: half of it in another language, and the whole from right to
left, would serve nobody. `TRANSLATED` names those that are; what their doors answer is in the same language.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_noop

TRANSLATED = {
    "annotation:review",
    "annotation:review-submit",
    "annotation:review-skip",
    "annotation:review-undo",
    "annotation:review-draft",
    "annotation:review-heartbeat",
    "annotation:review-guideline",
    "annotation:review-variants",
    "annotation:review-preferences",
    "annotation:check-in",
}
ROLES = (gettext_noop("annotator"), gettext_noop("curator"), gettext_noop("admin"))
"""Said in the navigation; here so that they are collected with it, and not with the help of every settings page."""


class OwnLanguageMiddleware:
    """Stands below LocaleMiddleware, which has read the browser's wish, and below the one that knows the person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.wished_language = translation.get_language()  # type: ignore[attr-defined]
        speak(request, settings.LANGUAGE_CODE)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        if request.resolver_match and request.resolver_match.view_name in TRANSLATED:
            chosen = getattr(request.user, "language", "")
            known = chosen in dict(settings.LANGUAGES)
            speak(request, chosen if known else request.wished_language)  # type: ignore[attr-defined]


def speak(request: HttpRequest, language: str) -> None:
    translation.activate(language)
    request.LANGUAGE_CODE = language  # type: ignore[attr-defined]

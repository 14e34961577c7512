"""studio/language.py: in which language a page speaks."""

import pytest
from django.test import Client
from django.urls import reverse

from studio.models import User
from tests.cast import Cast


def review(client: Client, cast: Cast, **headers: str) -> str:
    return client.get(reverse("annotation:review", args=[cast.project.slug]), headers=headers).content.decode()


@pytest.mark.parametrize(
    ("chosen", "browser", "language", "direction", "words"),
    [
        ("", "", "en", "ltr", "Pass on this item"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de", "ltr", "Diese Aufgabe auslassen"),
        ("", "fr", "en", "ltr", "Pass on this item"),
        ("ar", "de", "ar", "rtl", "تجاوز هذا العنصر"),
        ("en", "de", "en", "ltr", "Pass on this item"),
        ("xx", "de", "de", "ltr", "Diese Aufgabe auslassen"),
    ],
)
def test_ones_own_choice_goes_before_the_browsers_wish(
    client: Client, cast: Cast, chosen: str, browser: str, language: str, direction: str, words: str
) -> None:
    User.objects.filter(pk=cast.ada.pk).update(language=chosen)
    client.force_login(cast.ada)
    html = review(client, cast, **({"accept-language": browser} if browser else {}))
    assert f'<html lang="{language}" dir="{direction}">' in html
    assert words in html


def test_a_page_that_is_not_translated_is_in_english_throughout(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.ada.pk).update(language="ar")
    client.force_login(cast.ada)
    assert '<html lang="en" dir="ltr">' in client.get(f"/p/{cast.project.slug}/").content.decode()
    assert '<html lang="en" dir="ltr">' in client.get("/no/such/page/").content.decode()
    assert "تجاوز" in review(client, cast)
    assert '<html lang="en" dir="ltr">' in client.get(f"/p/{cast.project.slug}/").content.decode()


def test_nobody_is_asked_in_english(client: Client, cast: Cast) -> None:
    html = client.get(reverse("account_login"), headers={"accept-language": "de"}).content.decode()
    assert '<html lang="en"' in html


def test_the_screens_doors_answer_in_its_language(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.ada.pk).update(language="de")
    client.force_login(cast.ada)
    address = reverse("annotation:review-submit", args=[cast.project.slug])
    body = {"key": "6a1f6f0e-6a0e-4a9e-9a63-0d2f6f3c7b11", "seat": 1, "outcome": "perhaps"}
    reply = client.post(address, body, content_type="application/json")
    assert reply.status_code == 400
    assert reply.json()["error"].startswith("Sagen Sie, ob die Antwort in Ordnung")

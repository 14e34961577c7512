"""A database that is away is a wait, not a fault: 503 with Retry-After, as a sentence or as JSON. No page fails."""

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import InterfaceError, OperationalError
from django.urls import reverse

from studio.away import SENTENCE


@pytest.fixture
def ask(client, cast, monkeypatch):
    """ask(error, **headers): the overview's answer when its first query meets `error`."""
    client.force_login(cast.ada)
    client.raise_request_exception = False

    def get(error, **headers):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("studio.access.get_object_or_404", fail)
        return client.get(reverse("project", args=[cast.project.slug]), headers=headers)

    return get


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_page_is_told_to_try_again(ask, error):
    page = ask(error)
    assert page.status_code == 503
    assert page["Retry-After"] == "2"
    assert SENTENCE in page.content.decode()


def test_a_script_is_told_in_its_own_language(ask):
    reply = ask(OperationalError("gone"), accept="application/json")
    assert (reply.status_code, reply.json()) == (503, {"error": SENTENCE})


def test_the_session_may_be_what_cannot_be_read(client, cast, monkeypatch):
    client.force_login(cast.ada)
    client.raise_request_exception = False

    def away(*_):
        raise OperationalError("gone")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    assert client.get("/").status_code == 503


def test_every_other_fault_stays_a_fault(ask):
    page = ask(RuntimeError("a bug"))
    assert page.status_code == 500
    assert "Something broke on our side" in page.content.decode()


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("a bug"), 500), (OperationalError("gone"), 503)])
def test_the_page_comes_also_where_the_static_files_were_never_collected(ask, settings, error, status):
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "studio.statics.Storage"}}
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        staticfiles_storage.url("studio/css/base.css")
    page = ask(error)
    assert page.status_code == status
    assert 'href="/static/studio/css/base.css"' in page.content.decode()


def test_an_address_that_only_takes_what_is_sent_says_so_to_a_browser_and_leads_back(client, cast):
    client.force_login(cast.iris)
    address = reverse("annotation:freeze", args=[cast.project.slug])
    page = client.get(address, headers={"accept": "text/html,*/*"})
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "This is not a page" in page.content.decode()
    assert reverse("project", args=[cast.project.slug]) in page.content.decode()
    assert client.get(address, headers={"accept": "application/json"}).content == b""

"""Single sign-on against a small server of its own: the whole flow, whose account it is, and what is not believed."""

import html
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.internal.flows import signup
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from studio.access import ClosedDoor
from studio.models import Role, User
from studio.sso.adapter import Door
from tests.cast import make_user
from tests.studio.server import Server
from tests.studio.test_invitations import make_link


@pytest.fixture(scope="module")
def running():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(running, settings, db):
    cache.clear()
    running.claims = {"sub": "u-1", "email": "noor@example.org", "email_verified": True, "preferred_username": "noor"}
    running.claims["name"] = "Noor Said"
    running.wrong = ""
    running.asked.clear()
    app = {"provider_id": "oidc", "name": "the lab", "client_id": "studio", "secret": "hush"}
    settings.SOCIALACCOUNT_PROVIDERS = {"oidc": {"APP": {**app, "settings": {"server_url": running.url}}}}
    settings.OIDC_OPEN = False
    return running


def begin(client, **sent) -> str:
    """Press the button: the server's address to which the page goes."""
    page = client.post(reverse("oidc_login"), sent)
    assert page.status_code == 200, page.status_code
    return html.unescape(re.search(r'content="0; url=([^"]+)"', page.content.decode())[1])


def come_back(client, address: str):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def log_in(client, server, **sent):
    return come_back(client, server.log_in_at(begin(client, **sent)))


def who(client) -> User | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None


def test_nothing_of_it_is_there_while_it_is_not_set_up(cast, client):
    assert "Log in with" not in client.get(reverse("account_login")).content.decode()
    for method in ("get", "post"):
        assert getattr(client, method)(reverse("oidc_login")).status_code == 404
        assert getattr(client, method)(reverse("oidc_callback")).status_code == 404
    client.force_login(cast.ada)
    assert "not connected" not in client.get(reverse("me")).content.decode()


def test_the_log_in_offers_it_and_asks_with_state_nonce_and_pkce(client, server):
    assert "Log in with the lab" in client.get(reverse("account_login")).content.decode()
    server.log_in_at(begin(client))
    asked = server.asked[0]
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://testserver/accounts/sso/callback/"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) >= 16


def test_an_address_changes_neither_scope_nor_parameters(client, server):
    page = client.post(reverse("oidc_login") + "?scope=admin&auth_params=prompt%3Dnone%26nonce%3Dmine")
    address = html.unescape(page.content.decode())
    assert "prompt=none" not in address
    assert "nonce=mine" not in address
    assert "admin" not in re.search(r"scope=([^&\"]+)", address)[1]


def test_a_get_asks_first(client, server):
    page = client.get(reverse("oidc_login"))
    assert page.status_code == 200
    assert "Log in with the lab?" in page.content.decode()
    assert not server.asked


def test_a_stranger_gets_no_account(client, server):
    page = log_in(client, server)
    assert "no account here yet" in page.content.decode()
    assert who(client) is None
    assert not User.objects.exists()


def test_where_the_studio_is_open_everybody_of_the_server_gets_one(client, server, settings):
    settings.OIDC_OPEN = True
    assert log_in(client, server).url == reverse("home")
    noor = who(client)
    assert (noor.username, noor.display_name, noor.email) == ("noor", "Noor Said", "noor@example.org")
    assert not noor.has_usable_password()
    client.logout()
    log_in(client, server)
    assert who(client) == noor
    assert User.objects.count() == 1


def test_who_was_invited_gets_an_account_and_joins(cast, client, server):
    join = reverse("join", args=[make_link(cast)])
    assert "Log in with the lab" in client.get(join).content.decode()
    answer = log_in(client, server, next=join)
    assert answer.url == reverse("project", args=["peoples"])
    assert "Welcome to Peoples, Noor Said" in client.get(answer.url).content.decode()
    assert who(client).role_in(cast.project) == Role.ANNOTATOR
    assert cast.project.invitations.get().uses_left == 0
    assert "You have used this link" in client.get(join).content.decode()


def test_an_invitation_for_one_makes_one_account(cast, client, server):
    from django.test import Client

    join = reverse("join", args=[make_link(cast)])
    other = Client()
    for browser in (client, other):
        browser.get(join)
    log_in(client, server, next=join)
    server.claims |= {"sub": "u-2", "email": "nour@example.org", "preferred_username": "nour"}
    assert "no account here yet" in log_in(other, server, next=join).content.decode()
    assert who(other) is None
    assert not User.objects.filter(username="nour").exists()


def test_an_invitation_used_up_in_the_same_moment_leaves_no_account(cast, client, server, monkeypatch):
    join = reverse("join", args=[make_link(cast)])
    client.get(join)
    cast.project.invitations.update(uses_left=0)
    monkeypatch.setattr(Door, "_is_invited", lambda *_: True)  # as it was a moment ago
    assert "no account here yet" in log_in(client, server, next=join).content.decode()
    assert who(client) is None
    assert not User.objects.filter(username="noor").exists()
    assert not SocialAccount.objects.exists()


def test_a_name_that_was_taken_in_the_same_moment_is_a_page(client, server, settings, monkeypatch):
    settings.OIDC_OPEN = True
    make_user("NOOR")
    monkeypatch.setattr(ClosedDoor, "clean_username", lambda self, name, shallow=False: name)
    answer = log_in(client, server)
    assert "Try once more" in answer.content.decode()
    assert who(client) is None
    assert not SocialAccount.objects.exists()


def test_an_address_that_changed_hands_does_not_open_its_first_owners_account(cast, client, server):
    mine = make_user("somebody", email="noor@example.org")
    log_in(client, server)
    assert who(client) == mine
    client.logout()
    client.get(reverse("join", args=[make_link(cast)]))
    server.claims["sub"] = "u-2"
    log_in(client, server)
    assert who(client) is None
    assert SocialAccount.objects.get().uid == "u-1"


@pytest.mark.django_db(transaction=True)
def test_of_two_ids_with_one_address_in_the_same_second_one_opens_the_account(monkeypatch):
    mine = make_user("somebody", email="noor@example.org")
    both, looked = threading.Barrier(2, timeout=5), Door._is_free

    def is_free(user, provider):
        free = looked(user, provider)
        with suppress(threading.BrokenBarrierError):  # the lock lets nobody else come this far
            both.wait(timeout=0.5)
        return free

    monkeypatch.setattr(Door, "_is_free", staticmethod(is_free))

    def come(uid):
        address = EmailAddress(email="noor@example.org", verified=True)
        try:
            return Door().authenticate_by_email(
                SocialLogin(account=SocialAccount(provider="oidc", uid=uid), email_addresses=[address])
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        came = list(pool.map(come, ("u-1", "u-2")))
    assert came.count(None) == 1
    assert SocialAccount.objects.filter(user=mine).count() == 1


def test_an_address_that_another_new_account_took_in_the_same_moment_makes_no_second(
    client, server, settings, monkeypatch
):
    settings.OIDC_OPEN = True

    def free_a_moment_ago(email):
        first = make_user("first", email=email)
        EmailAddress.objects.create(user=first, email=email, verified=True, primary=True)
        return True

    monkeypatch.setattr(signup, "assess_unique_email", free_a_moment_ago)
    assert "Try once more" in log_in(client, server).content.decode()
    assert who(client) is None
    assert User.objects.get().username == "first"
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("right", ["is_superuser", "is_staff"])
def test_an_address_does_not_open_an_account_that_reaches_the_back_room(client, server, settings, right):
    settings.OIDC_OPEN = True
    head = make_user("head", email="noor@example.org", **{right: True})
    answer = log_in(client, server)
    assert who(client) is None
    assert "connect the single sign-on" in client.get(answer.url).content.decode()
    client.force_login(head)
    log_in(client, server, process="connect", next=reverse("me"))
    client.logout()
    log_in(client, server)
    assert who(client) == head


def test_an_invitation_that_died_meanwhile_lets_nobody_in(cast, client, server):
    secret = make_link(cast)
    client.get(reverse("join", args=[secret]))
    cast.project.invitations.update(uses_left=0)
    log_in(client, server, next=reverse("join", args=[secret]))
    assert who(client) is None
    assert not User.objects.filter(username="noor").exists()


def test_a_name_that_is_taken_gets_another(cast, client, server, settings):
    settings.OIDC_OPEN = True
    server.claims["preferred_username"] = "ada"
    log_in(client, server)
    assert who(client) != cast.ada
    assert who(client).username != "ada"


def test_an_account_with_the_verified_address_is_the_same_person(client, server):
    mine = make_user("somebody", email="Noor@example.org", password=make_password("a long walk by the sea"))
    log_in(client, server)
    assert who(client) == mine
    assert who(client).has_usable_password()
    server.claims["email"] = "moved@example.org"  # from now on the server's own id counts
    client.logout()
    log_in(client, server)
    assert who(client) == mine


def test_who_has_another_primary_address_comes_in_by_the_verified_one(client, server):
    mine = make_user("somebody", email="noor@example.org")
    EmailAddress.objects.create(user=mine, email="before@example.org", verified=True, primary=True)
    log_in(client, server)
    assert who(client) == mine
    assert [one.email for one in mine.emailaddress_set.filter(primary=True)] == ["noor@example.org"]


def test_an_address_that_two_accounts_have_opens_neither(client, server, settings):
    settings.OIDC_OPEN = True
    make_user("somebody", email="noor@example.org")
    make_user("somebody-else", email="NOOR@example.org")
    answer = log_in(client, server)
    assert answer.url == reverse("socialaccount_signup")
    assert client.get(answer.url).status_code == 403
    assert who(client) is None


@pytest.mark.parametrize("verified", [False, None, "false", 0])
@pytest.mark.parametrize("open_to_all", [True, False])
def test_an_address_that_nobody_verified_opens_nobodys_account(client, server, settings, verified, open_to_all):
    settings.OIDC_OPEN = open_to_all
    mine = make_user("somebody", email="noor@example.org")
    server.claims["email_verified"] = verified
    log_in(client, server)
    assert who(client) != mine
    if open_to_all:
        assert who(client).email == ""
        assert not EmailAddress.objects.exists()


def test_who_is_logged_in_connects_it_and_disconnects_it(cast, client, server):
    cast.ada.set_password("a long walk by the sea")
    cast.ada.save()
    client.force_login(cast.ada)
    assert "Connect the lab" in client.get(reverse("me")).content.decode()
    log_in(client, server, process="connect", next=reverse("me"))
    assert SocialAccount.objects.get().user == cast.ada
    client.logout()
    log_in(client, server)
    assert who(client) == cast.ada
    page = client.get(reverse("socialaccount_connections"))
    assert page.status_code == 200
    client.post(reverse("socialaccount_connections"), {"account": SocialAccount.objects.get().pk})
    assert not SocialAccount.objects.exists()


def test_an_account_that_was_switched_off_stays_out(client, server):
    make_user("somebody", email="noor@example.org", is_active=False)
    answer = log_in(client, server)
    assert who(client) is None
    page = client.get(answer.url) if answer.status_code == 302 else answer
    assert page.status_code == 200


WRONG = (
    "issuer", "audience", "expired", "nonce", "signature", "unsigned", "kid", "subject", "no id_token",
)  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_an_answer_that_cannot_be_trusted_logs_nobody_in(client, server, settings, wrong):
    settings.OIDC_OPEN = True
    server.wrong = wrong
    answer = log_in(client, server)
    assert answer.status_code == 401
    assert "The log-in did not work" in answer.content.decode()
    assert who(client) is None
    assert not User.objects.exists()


def test_a_code_of_another_browser_is_refused(client, server, settings):
    from django.test import Client

    settings.OIDC_OPEN = True
    theirs = Client()
    back = server.log_in_at(begin(theirs))
    assert come_back(client, back).status_code == 401
    assert who(client) is None
    assert come_back(theirs, back).status_code == 302
    assert come_back(theirs, back).status_code == 401  # once is enough


def test_turning_back_there_is_no_error(client, server):
    server.wrong = "cancelled"
    answer = log_in(client, server)
    assert answer.url == reverse("socialaccount_login_cancelled")
    assert "You turned back" in client.get(answer.url).content.decode()


@pytest.mark.parametrize("how", ["gone", "discovery"])
def test_a_server_that_does_not_answer_is_a_page_not_a_crash(client, server, settings, how):
    if how == "gone":
        settings.SOCIALACCOUNT_PROVIDERS["oidc"]["APP"]["settings"]["server_url"] = "http://127.0.0.1:9"
    server.wrong = how
    answer = client.post(reverse("oidc_login"))
    assert answer.status_code == 401
    assert "does not answer" in answer.content.decode()


def test_the_way_there_leads_nowhere_else(client, server, settings):
    settings.OIDC_OPEN = True
    assert log_in(client, server, next="https://evil.example/").url == reverse("home")

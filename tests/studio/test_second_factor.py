"""Logging in: too many wrong passwords are refused, and a second factor is asked for where somebody has set one up."""

import json
import logging

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.urls import reverse

from studio import audit
from studio.logs import PlainRefusals
from studio.models import AuditEntry, Membership

PASSWORD = "a long walk by the sea"


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def ada(cast):
    cast.ada.set_password(PASSWORD)
    cast.ada.save()
    return cast.ada


def code_now(secret: str) -> str:
    import time

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def log_in(client, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": "ada", "password": password})


def confirm(client, name: str) -> None:
    """The step before a change: the password once more; it leads back."""
    asked = client.get(reverse(name))
    answer = client.post(asked.url, {"password": PASSWORD, "next": reverse(name)})
    assert answer.url == reverse(name)


def switch_on(user) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def test_too_many_wrong_passwords_are_refused_even_when_the_right_one_comes(ada, client):
    for _ in range(5):
        assert "not correct" in log_in(client, "wrong").content.decode()
    answer = log_in(client)
    assert "Too many failed login attempts" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_another_person_is_not_locked_out_with_them(ada, cast, client):
    cast.bo.set_password(PASSWORD)
    cast.bo.save()
    for _ in range(5):
        log_in(client, "wrong")
    assert client.post(reverse("account_login"), {"login": "bo", "password": PASSWORD}).status_code == 302


def test_many_log_ins_from_one_address_are_refused(ada, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "3/m/ip"}
    answers = [log_in(client, "wrong").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert "That was too often" in log_in(client).content.decode()


def test_without_one_the_password_lets_in(ada, client):
    assert log_in(client).url == reverse("home")


def test_it_is_set_up_with_the_app_and_then_asked_for(ada, client):
    log_in(client)
    confirm(client, "mfa_activate_totp")
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert "data:image/svg+xml" in page.content.decode()
    refused = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "Incorrect code" in refused.content.decode()
    assert client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)}).status_code == 302
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(codes) == 10
    client.post(reverse("account_logout"))
    assert log_in(client).url == reverse("mfa_authenticate")
    assert client.get(reverse("home")).url.startswith(reverse("account_login"))
    assert client.post(reverse("mfa_authenticate"), {"code": codes[0]}).url == reverse("home")
    client.post(reverse("account_logout"))
    log_in(client)
    assert "Incorrect code" in client.post(reverse("mfa_authenticate"), {"code": codes[0]}).content.decode()


def test_guessing_codes_is_refused(ada, client):
    secret = switch_on(ada)
    log_in(client)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert "Too many failed login attempts" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_secrets_are_not_readable_in_the_database(ada):
    secret = switch_on(ada)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code_now(secret))


@pytest.mark.parametrize(
    "name", ["mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"]
)
def test_changing_it_asks_who_it_is_when_the_log_in_is_old(ada, client, name):
    switch_on(ada)
    if name == "mfa_activate_totp":
        Authenticator.objects.all().delete()
    client.force_login(ada)  # without a password: as after a long time
    assert client.get(reverse(name)).url.startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("name", ["mfa_index", "mfa_activate_totp", "mfa_view_recovery_codes", "mfa_authenticate"])
def test_a_stranger_is_sent_to_the_log_in(db, client, name):
    assert client.get(reverse(name)).url.startswith(reverse("account_login"))


def test_pages_of_ones_own_second_factor(ada, client):
    secret = switch_on(ada)
    log_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    confirm(client, "mfa_view_recovery_codes")
    for name in ("mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        page = client.get(reverse(name))
        assert page.status_code == 200, name
        assert "Counterweight" in page.content.decode()
    assert client.get(reverse("mfa_download_recovery_codes"))["Content-Type"].startswith("text/plain")
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()


def test_an_admin_resets_it_for_who_has_lost_it(ada, cast, client):
    switch_on(ada)
    client.force_login(cast.max)
    theirs = Membership.objects.get(user=ada)
    url = reverse("member", args=["peoples", theirs.pk])
    assert (
        "was not made in a project of yours" in client.post(url, {"do": "second-factor"}, follow=True).content.decode()
    )
    audit.record(cast.max, "added member", theirs, new_account=True, user=ada.pk)
    assert "second factor on" in client.get(reverse("members", args=["peoples"])).content.decode()
    client.post(url, {"do": "second-factor"})
    assert not Authenticator.objects.exists()
    assert AuditEntry.objects.get(verb="reset second factor").target_name.startswith("ada")


@pytest.mark.parametrize("who", ["iris", "ada", "eve"])
def test_others_do_not_reset_it(ada, cast, client, who):
    switch_on(cast.bo)
    client.force_login(getattr(cast, who))
    url = reverse("member", args=["peoples", Membership.objects.get(user=cast.bo).pk])
    assert client.post(url, {"do": "second-factor"}).status_code in (403, 404)
    assert Authenticator.objects.exists()


def test_an_admin_does_not_reset_that_of_somebody_who_is_also_elsewhere(cast, client):
    Membership.objects.create(project=cast.other, user=cast.bo, role="annotator")
    switch_on(cast.bo)
    client.force_login(cast.max)
    url = reverse("member", args=["peoples", Membership.objects.get(user=cast.bo, project=cast.project).pk])
    assert (
        "ask an administrator of the studio" in client.post(url, {"do": "second-factor"}, follow=True).content.decode()
    )
    assert Authenticator.objects.exists()


def test_a_refusal_is_one_line_in_the_log_and_a_crash_is_not():
    def record(status: int) -> logging.LogRecord:
        made = logging.LogRecord(
            "django.request", logging.WARNING, "", 0, "Forbidden: /x", (), (ValueError, ValueError(), None)
        )
        made.status_code = status
        assert PlainRefusals().filter(made)
        return made

    assert record(403).exc_info is None
    assert record(500).exc_info is not None


def test_the_terminal_hears_of_refusals_in_that_way():
    handlers = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    assert handlers
    assert all(any(isinstance(f, PlainRefusals) for f in handler.filters) for handler in handlers)

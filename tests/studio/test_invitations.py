"""Links by which people join: who may make them, what they open, and when they open nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from studio import invitations, people
from studio.forms import AccountForm
from studio.models import AuditEntry, Invitation, Membership, Role, User
from tests.cast import make_user

PASSWORD = "a long walk by the sea"


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def make_link(cast, role=Role.ANNOTATOR, **fields) -> str:
    invitation, secret = invitations.invite(
        cast.project, role, **{"days": 7, "uses": 1, **{k: v for k, v in fields.items() if k in ("days", "uses")}},
        actor=cast.max,
    )  # fmt: skip
    rest = {k: v for k, v in fields.items() if k not in ("days", "uses")}
    if rest:
        Invitation.objects.filter(pk=invitation.pk).update(**rest)
    return secret


def new_account(client, secret, **fields):
    return client.post(reverse("join", args=[secret]), {"username": "noor", "password": PASSWORD, **fields})


def test_the_secret_is_shown_once_and_only_its_digest_is_kept(cast, client):
    client.force_login(cast.max)
    url = reverse("invitations", args=["peoples"])
    page = client.post(url, {"role": "curator", "days": "3", "uses": "2", "note": "for the class"})
    secret = page.context["link"].rsplit("/", 2)[1]
    kept = Invitation.objects.get()
    assert (kept.digest, kept.role, kept.uses_left) == (invitations.digest_of(secret), "curator", 2)
    assert page.context["link"] in page.content.decode()
    again = client.get(url).content.decode()
    assert secret not in again
    assert "for the class" in again
    assert "2 uses left" in again
    assert secret not in str(AuditEntry.objects.get(verb="made invitation").data)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("days", "0", "greater than"),
        ("uses", "0", "greater than"),
        ("role", "owner", "not one of"),
        ("days", "", "req"),
    ],
)
def test_a_wrong_wish_is_named(cast, client, field, value, sentence):
    client.force_login(cast.max)
    good = {"role": "annotator", "days": "3", "uses": "2", "note": ""}
    page = client.post(reverse("invitations", args=["peoples"]), {**good, field: value})
    assert page.status_code == 400
    assert sentence in str(page.context["form"].errors[field])
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("max", 200), ("iris", 403), ("ada", 403), ("eve", 404)])
def test_only_admins_of_the_project_make_links(cast, client, who, status):
    client.force_login(getattr(cast, who))
    assert client.get(reverse("invitations", args=["peoples"])).status_code == status


@pytest.mark.parametrize(("who", "status"), [("max", 302), ("iris", 403), ("ada", 403), ("eve", 404)])
def test_only_admins_of_the_project_take_links_back(cast, client, who, status):
    make_link(cast)
    client.force_login(getattr(cast, who))
    url = reverse("invitation-revoke", args=["peoples", Invitation.objects.get().pk])
    assert client.post(url).status_code == status
    assert (Invitation.objects.get().revoked_at is not None) == (status == 302)
    assert client.get(url).status_code in (405, status)


def test_an_invitation_of_another_project_cannot_be_taken_back_by_way_of_ones_own(cast, client):
    make_link(cast)
    client.force_login(cast.eve)
    url = reverse("invitation-revoke", args=["elsewhere", Invitation.objects.get().pk])
    assert client.post(url).status_code == 404


def test_who_is_logged_in_is_asked_and_then_joins(cast, client):
    secret = make_link(cast, Role.CURATOR)
    client.force_login(cast.eve)
    page = client.get(reverse("join", args=[secret])).content.decode()
    assert "Join Peoples" in page
    assert "curator" in page
    assert cast.eve.role_in(cast.project) is None
    assert client.post(reverse("join", args=[secret])).url == reverse("project", args=["peoples"])
    assert cast.eve.role_in(cast.project) == Role.CURATOR
    assert Invitation.objects.get().uses_left == 0
    assert AuditEntry.objects.get(verb="joined by invitation").actor == cast.eve


def test_who_has_no_account_makes_one_and_is_in(cast, client):
    secret = make_link(cast)
    answer = new_account(client, secret, name="Noor Said")
    assert answer.url == reverse("project", args=["peoples"])
    noor = User.objects.get(username="noor")
    assert noor.check_password(PASSWORD)
    assert noor.display_name == "Noor Said"
    assert noor.role_in(cast.project) == Role.ANNOTATOR
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"username": "ADA"}, "username", "is taken"),
        ({"username": "a b"}, "username", "only"),
        ({"username": "noor\n"}, "username", "only"),
        ({"username": ""}, "username", "required"),
        ({"password": "short"}, "password", "too short"),
        ({"password": "password1"}, "password", "too common"),
        ({"password": "noor.said", "username": "noor.said"}, "password", "too similar"),
    ],
)
def test_a_bad_name_or_password_makes_no_account(cast, client, fields, name, sentence):
    secret = make_link(cast)
    before = User.objects.count()
    page = new_account(client, secret, **fields)
    assert page.status_code == 400, fields
    assert sentence in str(page.context["form"].errors[name])
    assert (User.objects.count(), Invitation.objects.get().uses_left) == (before, 1)


DEAD = {
    "expired": {"expires_at": timezone.now() - timedelta(minutes=1)},
    "used up": {"uses_left": 0},
    "taken back": {"revoked_at": timezone.now()},
}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["eve", "nobody"])
def test_a_dead_link_and_an_unknown_one_say_the_same(cast, client, who, method):
    links = {"unknown": "x" * 43, "odd": "%00é", **{why: make_link(cast, **fields) for why, fields in DEAD.items()}}
    if who == "eve":
        client.force_login(cast.eve)
    said = set()
    for secret in links.values():
        answer = getattr(client, method)(reverse("join", args=[secret]), {"username": "noor", "password": PASSWORD})
        assert answer.status_code == 404
        said.add(str(answer.context["refusal"]))
    assert len(said) == 1
    assert "Ask an admin of the project for a new one" in said.pop()
    assert not Membership.objects.filter(user=cast.eve, project=cast.project).exists()
    assert not User.objects.filter(username="noor").exists()


def test_joining_twice_is_harmless_and_uses_the_link_once(cast, client):
    secret = make_link(cast, uses=2)
    invitations.join(secret, cast.eve)
    client.force_login(cast.eve)
    for method in ("get", "post"):
        page = getattr(client, method)(reverse("join", args=[secret]))
        assert page.status_code == 409
        assert "You have used this link" in page.content.decode()
        assert reverse("project", args=["peoples"]) in page.content.decode()
    assert Invitation.objects.get().uses_left == 1
    assert cast.eve.memberships.filter(project=cast.project).count() == 1


@pytest.mark.parametrize("is_open", [True, False])
def test_a_link_brings_back_nobody_who_was_removed(cast, client, is_open):
    secret = make_link(cast, uses=3)
    people.remove_member(invitations.join(secret, cast.eve), actor=cast.max)
    if not is_open:
        Invitation.objects.update(uses_left=0)
    client.force_login(cast.eve)
    for method in ("get", "post"):
        page = getattr(client, method)(reverse("join", args=[secret]))
        assert page.status_code == 409
        assert "You have used this link" in page.content.decode()
        assert reverse("project", args=["peoples"]) not in page.content.decode()
    assert cast.eve.role_in(cast.project) is None
    assert Invitation.objects.get().uses_left == (2 if is_open else 0)


def test_a_link_undoes_no_demotion(cast):
    secret = make_link(cast, Role.CURATOR, uses=3)
    membership = invitations.join(secret, cast.eve)
    people.change_role(membership, Role.ANNOTATOR, actor=cast.max)
    with pytest.raises(invitations.UsedBefore):
        invitations.join(secret, cast.eve)
    assert cast.eve.role_in(cast.project) == Role.ANNOTATOR


def test_a_link_of_which_a_member_made_no_use_has_been_used_by_them_nevertheless(cast):
    secret = make_link(cast, uses=3)
    invitations.join(secret, cast.iris)
    people.remove_member(cast.iris.memberships.get(), actor=cast.max)
    with pytest.raises(invitations.UsedBefore):
        invitations.join(secret, cast.iris)
    assert Invitation.objects.get().uses_left == 3
    assert invitations.join(secret, cast.eve).role == Role.ANNOTATOR


def test_a_name_that_was_taken_meanwhile_uses_nothing_up(cast, client, monkeypatch):
    secret = make_link(cast)
    monkeypatch.setattr(AccountForm, "clean_username", lambda form: form.cleaned_data["username"])
    page = new_account(client, secret, username="ADA")
    assert page.status_code == 400
    assert "is taken" in str(page.context["form"].errors["username"])
    assert Invitation.objects.get().uses_left == 1


@pytest.mark.parametrize(
    ("who", "link", "then", "left"),
    [
        ("iris", Role.ANNOTATOR, Role.CURATOR, 1),
        ("max", Role.ANNOTATOR, Role.ADMIN, 1),
        ("ada", Role.ADMIN, Role.ADMIN, 0),
    ],
)
def test_a_link_raises_a_role_and_never_lowers_one(cast, client, who, link, then, left):
    secret = make_link(cast, link)
    client.force_login(getattr(cast, who))
    client.post(reverse("join", args=[secret]))
    assert getattr(cast, who).role_in(cast.project) == then
    assert Invitation.objects.get().uses_left == left


def test_whoever_tries_links_is_soon_refused(cast, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "join": "3/m/ip"}
    answers = [client.get(reverse("join", args=[f"guess-{n}"])).status_code for n in range(5)]
    assert answers == [404, 404, 404, 429, 429]


def test_signing_up_without_a_link_stays_closed(db, client):
    assert client.get(reverse("account_signup")).status_code == 404
    assert client.post(reverse("account_signup"), {"username": "noor", "password1": PASSWORD}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_people_on_the_last_use_one_wins(transactional_db):
    from tests.cast import Cast

    cast = Cast()
    secret = make_link(cast, uses=1)
    people = [make_user(f"racer-{n}") for n in range(4)]

    def try_to_join(user):
        try:
            invitations.join(secret, user)
            return True
        except invitations.NotInvited:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(try_to_join, people))
    assert sum(won) == 1
    assert Invitation.objects.get().uses_left == 0
    assert Membership.objects.filter(user__in=people).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_person_in_four_tabs_uses_a_link_once(transactional_db):
    from tests.cast import Cast

    cast = Cast()
    secret = make_link(cast, uses=9)

    def try_to_join(_):
        try:
            return invitations.join(secret, User.objects.get(username="eve")).pk
        except invitations.UsedBefore:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        won = [pk for pk in pool.map(try_to_join, range(4)) if pk]
    assert len(set(won)) == 1
    assert Invitation.objects.get().uses_left == 8
    assert list(Invitation.objects.get().used_by.all()) == [cast.eve]

"""Verbs on people, and the page that offers them."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse

from studio import invitations, people
from studio.models import AuditEntry, Membership, Role, User
from tests.cast import make_user


def test_a_new_name_becomes_an_account_with_a_password_shown_once(cast, client):
    client.force_login(cast.max)
    page = client.post(reverse("members", args=["peoples"]), {"username": "noor", "role": "annotator"})
    noor = User.objects.get(username="noor")
    password = page.context["welcome"].password
    assert noor.check_password(password)
    assert password in page.content.decode()
    assert password not in client.get(reverse("members", args=["peoples"])).content.decode()
    assert noor.role_in(cast.project) == Role.ANNOTATOR


def test_an_existing_account_keeps_its_password(cast):
    cast.eve.set_password("known only to eve")
    cast.eve.save()
    assert people.add_member(cast.project, "eve", Role.ANNOTATOR, actor=cast.max).password is None
    assert User.objects.get(username="eve").check_password("known only to eve")


def test_nobody_joins_twice(cast):
    with pytest.raises(people.AlreadyMember, match="as annotator"):
        people.add_member(cast.project, "ada", Role.ADMIN, actor=cast.max)


@pytest.mark.parametrize("act", ["remove", "annotator"])
def test_the_last_admin_stays(cast, client, act):
    client.force_login(cast.max)
    mine = Membership.objects.get(project=cast.project, user=cast.max)
    page = client.post(reverse("member", args=["peoples", mine.pk]), {"do": act}, follow=True)
    assert "only admin" in page.content.decode()
    assert page.redirect_chain == [(reverse("members", args=["peoples"]), 302)]
    assert cast.max.role_in(cast.project) == Role.ADMIN


def test_who_gives_up_being_admin_comes_to_the_project_and_who_leaves_to_the_others(cast, client):
    people.add_member(cast.project, "head", Role.ADMIN, actor=cast.max)
    mine = cast.project.memberships.get(user=cast.max)
    client.force_login(cast.max)
    url = reverse("member", args=["peoples", mine.pk])
    assert client.post(url, {"do": "curator"}).url == reverse("project", args=["peoples"])
    cast.project.memberships.filter(pk=mine.pk).update(role=Role.ADMIN)
    assert client.post(url, {"do": "remove"}).url == reverse("home")


def test_a_member_can_be_promoted_given_a_password_and_removed(cast, client):
    client.force_login(cast.max)
    membership = people.add_member(cast.project, "noor", Role.ANNOTATOR, actor=cast.max).membership
    noor, url = membership.user, reverse("member", args=["peoples", membership.pk])
    client.post(url, {"do": "curator"})
    assert noor.role_in(cast.project) == Role.CURATOR
    page = client.post(url, {"do": "password"}, follow=True)
    noor.refresh_from_db()
    shown = next(word for word in page.content.decode().split() if noor.check_password(word))
    assert len(shown) >= 12
    client.post(url, {"do": "remove"})
    assert noor.role_in(cast.project) is None
    verbs = set(AuditEntry.objects.filter(actor=cast.max).values_list("verb", flat=True))
    assert verbs == {"added member", "changed role", "reset password", "removed member"}


@pytest.mark.parametrize("who", ["eve", "root"])
def test_nobody_gets_at_an_account_that_opens_more_than_their_own_projects(cast, client, who):
    target = cast.eve if who == "eve" else make_user("root", is_superuser=True)
    client.force_login(cast.max)
    client.post(reverse("members", args=["peoples"]), {"username": target.username, "role": "annotator"})
    membership = Membership.objects.get(project=cast.project, user=target)
    before = User.objects.get(pk=target.pk).password
    page = client.post(reverse("member", args=["peoples", membership.pk]), {"do": "password"}, follow=True)
    assert "ask an administrator of the studio" in page.content.decode()
    assert User.objects.get(pk=target.pk).password == before
    client.force_login(make_user("head", is_superuser=True))
    client.post(reverse("member", args=["peoples", membership.pk]), {"do": "password"})
    assert User.objects.get(pk=target.pk).password != before


def test_a_member_of_another_project_cannot_be_reached(cast, client):
    client.force_login(cast.max)
    eve = Membership.objects.get(user=cast.eve)
    assert client.post(reverse("member", args=["peoples", eve.pk]), {"do": "remove"}).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("max", 200), ("iris", 403), ("ada", 403), ("eve", 404)])
@pytest.mark.parametrize("page", ["members", "project-settings", "audit"])
def test_admin_pages_are_for_admins(cast, client, who, status, page):
    client.force_login(getattr(cast, who))
    assert client.get(reverse(page, args=["peoples"])).status_code == status


@pytest.mark.parametrize("page", ["members", "project-settings", "audit", "project"])
def test_strangers_are_sent_to_the_login(cast, client, page):
    assert client.get(reverse(page, args=["peoples"])).url.startswith(reverse("account_login"))


@pytest.mark.parametrize("how", ["removed", "made less"])
def test_the_links_of_an_admin_end_with_their_being_one(cast, how):
    head = people.add_member(cast.project, "head", Role.ADMIN, actor=cast.max).membership
    _, theirs = invitations.invite(cast.project, Role.ADMIN, days=7, uses=5, actor=head.user)
    _, others = invitations.invite(cast.project, Role.ANNOTATOR, days=7, uses=5, actor=cast.max)
    if how == "removed":
        people.remove_member(head, actor=cast.max)
    else:
        people.change_role(head, Role.CURATOR, actor=cast.max)
    with pytest.raises(invitations.NotInvited):
        invitations.join(theirs, head.user)
    assert head.user.role_in(cast.project) != Role.ADMIN
    assert invitations.find(others)


def test_a_name_is_the_same_in_any_case(cast, client):
    root = make_user("root", is_superuser=True, password=make_password("known only to root"))
    client.force_login(cast.max)
    page = client.post(reverse("members", args=["peoples"]), {"username": "ROOT", "role": "annotator"})
    assert page.context["welcome"].membership.user == root
    assert page.context["welcome"].password is None
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("Root")
    client.logout()
    client.post(reverse("account_login"), {"login": "root", "password": "known only to root"})
    assert client.session["_auth_user_id"] == str(root.pk)


def test_two_who_make_the_same_name_in_the_same_second_get_a_sentence(cast, client, monkeypatch):
    make_user("Noor")
    monkeypatch.setattr(people, "find_account", lambda username: None)  # as it was a moment ago
    client.force_login(cast.max)
    page = client.post(reverse("members", args=["peoples"]), {"username": "noor", "role": "annotator"})
    assert page.status_code == 400
    assert "is taken" in str(page.context["form"].errors["username"])
    assert User.objects.filter(username__iexact="noor").count() == 1


def test_an_account_that_was_there_before_gets_no_password_from_a_project(cast):
    theirs = people.add_member(cast.project, make_user("noor").username, Role.ANNOTATOR, actor=cast.max).membership
    with pytest.raises(people.NotYours, match="was not made in a project of yours"):
        people.reset_password(theirs, actor=cast.max)


def test_an_account_made_here_that_was_in_another_project_meanwhile_gets_no_password_from_this_one(cast):
    mine = people.add_member(cast.project, "noor", Role.ANNOTATOR, actor=cast.max).membership
    assert people.reset_password(mine, actor=cast.max)
    there = people.add_member(cast.other, "noor", Role.ANNOTATOR, actor=cast.eve).membership
    people.remove_member(there, actor=cast.eve)
    with pytest.raises(people.NotYours):
        people.reset_password(mine, actor=cast.max)


def test_an_account_of_the_single_sign_on_gets_no_password_from_a_project(cast):
    mine = people.add_member(cast.project, "noor", Role.ANNOTATOR, actor=cast.max).membership
    SocialAccount.objects.create(user=mine.user, provider="oidc", uid="u-1")
    with pytest.raises(people.NotYours, match="single sign-on"):
        people.reset_password(mine, actor=cast.max)
    assert people.reset_password(mine, actor=make_user("head", is_superuser=True))


def test_who_made_their_account_by_an_invitation_gets_a_new_password_from_its_project(cast):
    _, secret = invitations.invite(cast.project, Role.ANNOTATOR, days=7, uses=1, actor=cast.max)
    noor = invitations.join_anew(secret, "noor", "", "a long walk by the sea")
    assert people.reset_password(noor.memberships.get(), actor=cast.max)


def test_who_removes_somebody_or_makes_them_less_hears_of_links_that_are_still_open(cast, client):
    client.force_login(cast.max)
    _, secret = invitations.invite(cast.project, Role.CURATOR, days=7, uses=5, actor=cast.max)
    ada, iris = (user.memberships.get(project=cast.project) for user in (cast.ada, cast.iris))

    def said(membership, do):
        page = client.post(reverse("member", args=["peoples", membership.pk]), {"do": do}, follow=True)
        return "1 invitation link is still open" in page.content.decode()

    assert said(iris, "annotator")
    assert not said(iris, "curator")
    assert said(ada, "remove")
    invitations.join(secret, cast.iris)
    assert not said(iris, "remove")


@pytest.mark.parametrize("do", ["curator", "remove"])
def test_who_left_in_the_same_second_is_no_crash(cast, client, monkeypatch, do):
    client.force_login(cast.max)
    theirs = cast.ada.memberships.get()
    lock = people._keep_an_admin

    def meanwhile(membership, **said):
        lock(membership, **said)
        Membership.objects.filter(pk=membership.pk).delete()

    monkeypatch.setattr(people, "_keep_an_admin", meanwhile)
    page = client.post(reverse("member", args=["peoples", theirs.pk]), {"do": do}, follow=True)
    assert "left this project in the meantime" in page.content.decode()
    assert not AuditEntry.objects.filter(verb__in=("changed role", "removed member")).exists()

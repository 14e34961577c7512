"""Verbs on people, and the page that offers them."""

import pytest
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
    assert cast.max.role_in(cast.project) == Role.ADMIN


def test_a_member_can_be_promoted_given_a_password_and_removed(cast, client):
    client.force_login(cast.max)
    ada = Membership.objects.get(project=cast.project, user=cast.ada)
    url = reverse("member", args=["peoples", ada.pk])
    client.post(url, {"do": "curator"})
    assert cast.ada.role_in(cast.project) == Role.CURATOR
    page = client.post(url, {"do": "password"}, follow=True)
    cast.ada.refresh_from_db()
    shown = next(word for word in page.content.decode().split() if cast.ada.check_password(word))
    assert len(shown) >= 12
    client.post(url, {"do": "remove"})
    assert cast.ada.role_in(cast.project) is None
    verbs = set(AuditEntry.objects.filter(actor=cast.max).values_list("verb", flat=True))
    assert verbs == {"changed role", "reset password", "removed member"}


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

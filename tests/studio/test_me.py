"""One's own settings, and what one says of oneself in a project, which nobody else sees."""

import re

import pytest
from django.urls import reverse

from annotation.freeze import freeze
from studio.models import SMALLEST_GROUP, AuditEntry, Background, Membership, User
from tests.cast import make_user, settle_item


def test_ones_own_settings_are_saved_and_show_again(cast, client):
    client.force_login(cast.ada)
    sent = {"name": "Ada L.", "language": "ar", "blur_from": "2"}
    assert client.post(reverse("me"), sent).url == reverse("me")
    ada = User.objects.get(pk=cast.ada.pk)
    assert (ada.display_name, ada.language, ada.blur_from, ada.single_keys) == ("Ada L.", "ar", 2, False)
    form = client.get(reverse("me")).context["form"]
    assert [form[name].value() for name in form.fields] == ["Ada L.", "ar", "2", False]
    client.post(reverse("me"), {"name": "", "language": "", "blur_from": "", "single_keys": "on"})
    ada.refresh_from_db()
    assert (ada.display_name, ada.language, ada.blur_from, ada.single_keys) == ("ada", "", None, True)


@pytest.mark.parametrize(("field", "value"), [("blur_from", "4"), ("language", "xx"), ("name", "n" * 151)])
def test_what_is_not_offered_is_refused_at_its_field(cast, client, field, value):
    client.force_login(cast.ada)
    page = client.post(reverse("me"), {"name": "Ada", field: value})
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    assert User.objects.get(pk=cast.ada.pk).first_name == ""


def test_the_page_is_ones_own_or_the_log_in(cast, client):
    assert client.get(reverse("me")).url.startswith(reverse("account_login"))
    assert client.get(reverse("project-me", args=["peoples"])).url.startswith(reverse("account_login"))
    client.force_login(cast.eve)
    assert client.get(reverse("me")).status_code == 200
    assert client.get(reverse("project-me", args=["peoples"])).status_code == 404


@pytest.fixture
def groups(cast):
    return [Background.objects.create(project=cast.project, name=name) for name in ("grew up abroad", "a wheelchair")]


def test_admins_list_the_backgrounds(cast, client):
    client.force_login(cast.max)
    url = reverse("backgrounds", args=["peoples"])
    client.post(url, {"backgrounds": "grew up   abroad\n\nuses a wheelchair\ngrew up abroad"})
    assert list(cast.project.backgrounds.values_list("name", flat=True)) == ["grew up abroad", "uses a wheelchair"]
    assert AuditEntry.objects.get(verb="changed backgrounds").data["backgrounds"][0] == "grew up abroad"
    assert "at most 120 letters" in client.post(url, {"backgrounds": "b" * 121}).content.decode()
    page = client.post(url, {"backgrounds": "\n".join(map(str, range(41)))})
    assert page.status_code == 400
    assert "At most 40" in page.content.decode()


@pytest.mark.parametrize(("who", "status"), [("iris", 403), ("ada", 403), ("eve", 404)])
def test_others_do_not_list_them(cast, client, who, status):
    client.force_login(getattr(cast, who))
    assert client.post(reverse("backgrounds", args=["peoples"]), {"backgrounds": "x"}).status_code == status
    assert not Background.objects.exists()


def test_a_background_that_stays_keeps_who_chose_it(cast, client, groups):
    Membership.objects.get(user=cast.ada).backgrounds.set(groups)
    client.force_login(cast.max)
    client.post(reverse("backgrounds", args=["peoples"]), {"backgrounds": "a wheelchair\nnew here"})
    assert [b.name for b in Membership.objects.get(user=cast.ada).backgrounds.all()] == ["a wheelchair"]


def test_people_say_it_of_themselves_and_take_it_back(cast, client, groups):
    client.force_login(cast.ada)
    url = reverse("project-me", args=["peoples"])
    client.post(url, {"backgrounds": [groups[0].pk]})
    assert list(Membership.objects.get(user=cast.ada).backgrounds.all()) == [groups[0]]
    client.post(url, {})
    assert not Membership.objects.get(user=cast.ada).backgrounds.exists()


def test_a_background_of_another_project_cannot_be_chosen(cast, client, groups):
    foreign = Background.objects.create(project=cast.other, name="elsewhere")
    client.force_login(cast.ada)
    page = client.post(reverse("project-me", args=["peoples"]), {"backgrounds": [foreign.pk]})
    assert page.status_code == 400
    assert not Membership.objects.get(user=cast.ada).backgrounds.exists()


def test_nobody_else_sees_who_chose_what(cast, client, groups, own_data_folder):
    """No page of an admin or a superuser names a background, but for the form that lists them; nor does any file."""
    client.force_login(cast.ada)
    client.post(reverse("project-me", args=["peoples"]), {"backgrounds": [groups[0].pk]})
    assert not AuditEntry.objects.exists()
    item = cast.item()
    settle_item(item, by=cast.ada)
    snapshot = freeze(cast.project, actor=cast.max)
    for reader in (cast.max, make_user("root", is_superuser=True, is_staff=True)):
        client.force_login(reader)
        for name in ("members", "project", "audit", "invitations", "project-me"):
            page = client.get(reverse(name, args=["peoples"])).content.decode()
            assert ("grew up abroad" in page) == (name == "project-me" and reader == cast.max), name
        assert not client.get(reverse("project-me", args=["peoples"])).context["form"]["backgrounds"].value()
        assert client.get("/admin/studio/membership/").status_code in (302, 404)
    written = [path for path in own_data_folder.rglob("*") if path.is_file() and path.suffix == ".jsonl"]
    assert snapshot.path in written
    assert all("grew up abroad" not in path.read_text() for path in written)


def test_the_smallest_group_is_five_and_the_page_says_so(cast, client, groups):
    client.force_login(cast.ada)
    assert SMALLEST_GROUP == 5
    assert "5 people or more" in client.get(reverse("project-me", args=["peoples"])).content.decode()


def test_a_superuser_who_is_no_member_says_nothing_here(cast, client, groups):
    client.force_login(make_user("root", is_superuser=True))
    url = reverse("project-me", args=["peoples"])
    assert "You are not a member" in client.get(url).content.decode()
    assert client.post(url, {"backgrounds": [groups[0].pk]}).status_code == 200


@pytest.mark.parametrize("name", ["me", "project-me"])
def test_every_link_of_the_page_opens(cast, client, name):
    client.force_login(cast.ada)
    page = client.get(reverse(name, args=["peoples"] if name == "project-me" else [])).content.decode()
    links = set(re.findall(r'<a href="(/[^"#]*)', page[page.index("<main") :]))
    assert {link: client.get(link, follow=True).status_code for link in links} == dict.fromkeys(links, 200)
    assert len(links) >= 2

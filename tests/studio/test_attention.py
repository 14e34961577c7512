"""What the overview says waits for whom."""

import pytest
from django.urls import reverse

from annotation.models import Notice, Proposal
from annotation.queue.gold import mark
from studio import overview
from studio.models import Role
from studio.templatetags.nav import unread_notices
from tests.cast import make_round, make_version, settle_item
from tests.ui.world import disputed


def said(cast, who: str) -> str:
    person = getattr(cast, who)
    return " ".join(matter.text for matter in overview.of(cast.project, person)["matters"])


def test_nothing_waits_in_a_new_project(cast):
    assert [said(cast, who) for who in ("ada", "iris", "max")] == ["", "", ""]


def test_notices_wait_for_who_has_not_read_them(cast, client):
    for _ in range(2):
        Notice.objects.create(project=cast.project, user=cast.ada, kind="mention")
    Notice.objects.create(project=cast.other, user=cast.ada, kind="mention")
    assert said(cast, "ada") == "2 notices you have not read."
    assert said(cast, "bo") == ""
    client.force_login(cast.ada)
    page = client.get(reverse("project", args=["peoples"])).content.decode()
    assert '<span class="nav-count">2<span class="visually-hidden"> unread</span></span>' in page
    assert "2 notices you have not read." in page


def test_disputes_and_proposals_wait_for_curators_only(cast):
    cast.project.overlap = 2
    cast.project.save()
    item = cast.item(text="They are caring women, and need a man’s firm hand.")
    disputed(item, cast)
    Proposal.objects.create(topic=cast.topic, text="Better", author=cast.ada)
    assert said(cast, "ada") == ""
    for who in ("iris", "max"):
        assert "1 item on which the readers disagree." in said(cast, who)
        assert "1 proposal for a values statement, not decided." in said(cast, who)


def test_an_onboarding_is_announced_to_the_new_and_its_lack_of_gold_to_curators(cast):
    cast.project.onboarding_items = 2
    cast.project.save()
    assert said(cast, "ada") == ""
    assert "no item is marked as gold" in said(cast, "iris")
    item = cast.item()
    settle_item(item)
    mark(item, actor=cast.iris)
    assert "First of all come 1 items" in said(cast, "ada").replace("come 1 item ", "come 1 items ")
    assert "asks for 2 gold items, and there are 1." in said(cast, "iris")


@pytest.mark.parametrize(("who", "hears"), [("max", True), ("iris", False)])
def test_a_version_that_passed_waits_for_admins(cast, who, hears):
    make_version(cast.project, 0, live=True)
    make_version(cast.project, 1, round=make_round(cast.project, state="passed"))
    assert ("v1 passed the gate" in said(cast, who)) == hears


def test_a_superuser_who_is_no_member_sees_it_as_an_admin(cast, client):
    from tests.cast import make_user

    root = make_user("root", is_superuser=True)
    assert root.role_in(cast.project) == Role.ADMIN
    client.force_login(root)
    assert client.get(reverse("project", args=["peoples"])).status_code == 200


def test_the_count_beside_notices_costs_one_query(cast, rf, django_assert_num_queries):
    Notice.objects.create(project=cast.project, user=cast.ada, kind="mention")
    request = rf.get("/")
    request.user, request.project = cast.ada, cast.project
    with django_assert_num_queries(1):
        assert unread_notices({"request": request}) == 1


def test_the_overview_asks_a_bounded_number_of_questions(cast, client, django_assert_max_num_queries):
    client.force_login(cast.max)
    client.get(reverse("project", args=["peoples"]))
    with django_assert_max_num_queries(40):
        client.get(reverse("project", args=["peoples"]))

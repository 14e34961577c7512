"""The pages about assignment: overview, a topic, the project's numbers, people, gold."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation import tasks
from annotation.models import Gold, OverlapChange, Seat, Topic
from annotation.queue import overlap
from studio.models import AuditEntry, Membership, Project
from tests.annotation.test_assignment import answer_next, make_gold, member
from tests.cast import Cast, make_item, settle_item


def url(cast: Cast, name: str = "assignment", *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


@pytest.fixture
def iris(client: Client, cast: Cast) -> Client:
    client.force_login(cast.iris)
    return client


def test_the_page_says_who_gets_what_in_the_order_of_the_alphabet(iris: Client, cast: Cast) -> None:
    cast.item(overlap=2)
    cast.topic.readers.set([member(cast, cast.bo), member(cast, cast.ada)])
    context = iris.get(url(cast)).context
    (row,) = context["topics"]
    assert (row["readers"], row["waiting"], row["overlap"], row["is_own"]) == (["ada", "bo"], 2, 1, False)
    assert [row["name"] for row in context["people"]] == ["ada", "bo", "iris", "max"]


def test_gold_results_are_fractions(iris: Client, cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(gold_percent=50)
    cast.project.refresh_from_db()
    for outcome in ("fine", "biased"):
        make_gold(cast, outcome)
        cast.item()
    for _ in range(4):
        answer_next(cast, cast.ada, "fine")
    html = iris.get(url(cast)).content.decode()
    assert "1 of 2" in html


def test_the_page_costs_the_same_for_many_topics_and_people(
    iris: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for n in range(6):
        Topic.objects.create(project=cast.project, slug=f"t{n}", name=f"T{n}").readers.set([member(cast, cast.bo)])
        make_gold(cast)
    with django_assert_max_num_queries(17):
        iris.get(url(cast))
    with django_assert_max_num_queries(10):
        assert len(iris.get(url(cast, "gold")).context["page"]) == 6


@pytest.mark.parametrize("name", ["assignment", "gold", "assignment-topic", "assignment-person"])
def test_annotators_and_strangers_have_no_business_there(client: Client, cast: Cast, name: str) -> None:
    args = {"assignment-topic": [cast.topic.pk], "assignment-person": [member(cast, cast.ada).pk]}.get(name, [])
    assert client.post(url(cast, name, *args)).status_code == 302
    for user, status in ((cast.ada, 403), (cast.eve, 404)):
        client.force_login(user)
        assert client.post(url(cast, name, *args), {"do": "let-in"}).status_code == status
        if name != "assignment-person":
            assert client.get(url(cast, name, *args)).status_code == status
    assert not AuditEntry.objects.exists()


def test_things_of_another_project_are_not_there(iris: Client, cast: Cast) -> None:
    topic = Topic.objects.create(project=cast.other, slug="x", name="X")
    assert iris.get(url(cast, "assignment-topic", topic.pk)).status_code == 404
    theirs = Membership.objects.get(project=cast.other)
    assert iris.post(url(cast, "assignment-person", theirs.pk), {"do": "let-in"}).status_code == 404
    assert iris.post(url(cast, "gold"), {"unmark": "9"}).status_code == 404
    assert iris.post(url(cast, "gold"), {"unmark": "x"}).status_code == 404


# ---------------------------------------------------------------- a topic


def test_a_change_of_overlap_says_first_what_it_touches(iris: Client, cast: Cast) -> None:
    cast.item()
    cast.item()
    address, wanted = url(cast, "assignment-topic", cast.topic.pk), {"overlap": "3", "warning": "Slurs."}
    reply = iris.post(address, wanted)
    assert reply.context["reach"] == overlap.Reach(more=2, fewer=0)
    assert "This changes 2 items" in reply.content.decode()
    assert not AuditEntry.objects.exists()
    assert iris.post(address, {**wanted, "sure": "1"}).status_code == 302
    cast.topic.refresh_from_db()
    assert (cast.topic.overlap, cast.topic.warning, Seat.objects.count()) == (3, "Slurs.", 6)
    assert {entry.verb for entry in AuditEntry.objects.all()} == {"changed overlap", "changed warning"}


def test_readers_are_named_without_asking_twice(iris: Client, cast: Cast) -> None:
    cast.item()
    reply = iris.post(
        url(cast, "assignment-topic", cast.topic.pk), {"overlap": "", "readers": [member(cast, cast.bo).pk]}
    )
    assert reply.status_code == 302
    assert [one.user for one in cast.topic.readers.all()] == [cast.bo]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"overlap": "0"}, "overlap"), ({"overlap": "26"}, "overlap"), ({"overlap": "x"}, "overlap"),
     ({"warning": "x" * 301}, "warning"), ({"readers": ["999"]}, "readers")],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(iris: Client, cast: Cast, wrong: dict[str, Any], field: str) -> None:
    reply = iris.post(url(cast, "assignment-topic", cast.topic.pk), wrong)
    assert (reply.status_code, list(reply.context["form"].errors)) == (400, [field])


def test_a_long_queue_is_changed_by_a_worker(iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(overlap, "FEW", 0)
    monkeypatch.setattr(tasks.apply_overlap, "delay_on_commit", lambda *ids: sent.append(ids))
    cast.item()
    iris.post(url(cast, "assignment-topic", cast.topic.pk), {"overlap": "2", "sure": "1"})
    assert sent == [(cast.project.pk, cast.topic.pk)]
    assert Seat.objects.count() == 1
    tasks.apply_overlap(*sent[0])
    assert Seat.objects.count() == 2


def test_a_broker_that_is_away_is_no_error_and_the_timer_sees_to_it(
    iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise tasks.NoBroker

    monkeypatch.setattr(overlap, "FEW", 0)
    monkeypatch.setattr(tasks.apply_overlap, "delay_on_commit", away)
    cast.item()
    reply = iris.post(url(cast, "assignment-topic", cast.topic.pk), {"overlap": "2", "sure": "1"})
    assert reply.status_code == 302
    assert OverlapChange.objects.waiting().get().topic == cast.topic


# ---------------------------------------------------------------- the project's numbers


def test_the_numbers_are_the_admins(client: Client, cast: Cast) -> None:
    wanted = {"overlap": "2", "gold_percent": "10", "onboarding_items": "5", "onboarding_percent": "70"}
    cast.item(topic=None)
    client.force_login(cast.iris)
    assert client.get(url(cast, "assignment-numbers")).status_code == 403
    client.force_login(cast.max)
    assert client.post(url(cast, "assignment-numbers"), wanted).context["reach"].items == 1
    assert client.post(url(cast, "assignment-numbers"), {**wanted, "sure": "1"}).status_code == 302
    now = Project.objects.get(pk=cast.project.pk)
    assert (now.overlap, now.gold_percent, now.onboarding_items, now.onboarding_percent) == (2, 10, 5, 70)
    assert Seat.objects.count() == 2
    assert AuditEntry.objects.get().verb == "changed settings"
    reply = client.post(url(cast, "assignment-numbers"), {**wanted, "gold_percent": "51"})
    assert (reply.status_code, list(reply.context["form"].errors)) == (400, ["gold_percent"])


# ---------------------------------------------------------------- people


def test_a_curator_lets_somebody_in_or_lets_them_try_again(iris: Client, cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(onboarding_items=1)
    cast.project.refresh_from_db()
    make_gold(cast, "biased")
    answer_next(cast, cast.ada)
    page = iris.get(url(cast)).content.decode()
    assert "0 of 1 right" in page
    ada = url(cast, "assignment-person", member(cast, cast.ada).pk)
    assert "has had every gold item" in iris.post(ada, {"do": "again"}, follow=True).content.decode()
    make_gold(cast)
    assert "with 1 items that are new" in iris.post(ada, {"do": "again"}, follow=True).content.decode()
    assert "ada is in." in iris.post(ada, {"do": "let-in"}, follow=True).content.decode()
    assert "was in already" in iris.post(ada, {"do": "let-in"}, follow=True).content.decode()
    assert member(cast, cast.ada).onboarded_at is not None


# ---------------------------------------------------------------- gold


def test_a_settled_item_is_marked_and_unmarked(iris: Client, cast: Cast) -> None:
    item = cast.item()
    settle_item(item)
    address = f"http://testserver{url(cast, 'item', item.uuid)}?from=elsewhere"
    assert iris.post(url(cast, "gold"), {"item": address, "explanation": "Why."}).status_code == 302
    marked = Gold.objects.get()
    assert (marked.item, marked.explanation, marked.created_by) == (item, "Why.", cast.iris)
    assert "nobody yet" in iris.get(url(cast, "gold")).content.decode()
    iris.post(url(cast, "gold"), {"unmark": marked.pk})
    assert "no longer mixed in" in iris.get(url(cast, "gold")).content.decode()
    assert Gold.objects.filter(is_active=False).count() == 1


def test_what_cannot_be_gold_is_refused_in_a_sentence(iris: Client, cast: Cast) -> None:
    theirs = make_item(cast.other)
    settle_item(theirs)
    for wrong, sentence in (
        (str(cast.item().uuid), "Only a settled item"),
        (str(theirs.uuid), "no such item"),
        ("x", "no item&#x27;s name"),
        (str(uuid.uuid4()), "no such item"),
        ("", "required"),
    ):
        reply = iris.post(url(cast, "gold"), {"item": wrong})
        assert reply.status_code == 400
        assert sentence in reply.content.decode()
    assert not Gold.objects.exists()


def test_the_list_says_how_people_answered_but_not_who(iris: Client, cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(gold_percent=50)
    cast.project.refresh_from_db()
    make_gold(cast)
    cast.item()
    for reader, outcome in ((cast.ada, "fine"), (cast.bo, "cannot_judge")):
        answer_next(cast, reader, outcome)
        cast.item()
    html = iris.get(url(cast, "gold")).content.decode()
    assert "1 of 2 the same" in html
    assert "Cannot judge 1" in html
    assert ">ada<" not in html

"""Values statements: who reads and who writes them, what each version changed, what the review screen is told."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.claim import claim
from annotation.models import Answer, Guideline, Topic
from annotation.values import guidelines, markdown, proposals, topics
from studio.models import AuditEntry
from tests.cast import Cast

HOSTILE = "<script>alert(1)</script> Be **kind**."


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


@pytest.fixture
def iris(client: Client, cast: Cast) -> Client:
    client.force_login(cast.iris)
    return client


def answer_as_ada(cast: Cast, guideline: Guideline | None) -> Answer:
    item = cast.item()
    seat = item.seats.get()
    return Answer.objects.create(
        key=uuid.uuid4(), seat=seat, item=item, annotator=cast.ada, outcome="fine", guideline=guideline
    )


@pytest.mark.parametrize(
    ("name", "method", "least"),
    [
        *(("guidelines", "get", "ada"), ("statement", "get", "ada"), ("statement-preview", "post", "ada")),
        *(("proposal-new", "get", "ada"), ("review-guideline", "get", "ada"), ("statement-write", "get", "iris")),
    ],
)
def test_members_read_and_curators_write(client: Client, cast: Cast, name: str, method: str, least: str) -> None:
    address = url(cast, name, *([] if name == "guidelines" else [cast.topic.pk]))
    assert getattr(client, method)(address).url.startswith(reverse("account_login"))
    for person, status in (("iris", 200), ("ada", 200 if least == "ada" else 403), ("eve", 404)):
        client.force_login(getattr(cast, person))
        assert getattr(client, method)(address).status_code == status


@pytest.mark.parametrize("name", ["statement", "statement-write", "statement-preview", "review-guideline"])
def test_a_topic_of_another_project_does_not_exist_here(iris: Client, cast: Cast, name: str) -> None:
    theirs = Topic.objects.create(project=cast.other, slug="theirs", name="Theirs")
    method = iris.post if name == "statement-preview" else iris.get
    assert method(url(cast, name, theirs.pk)).status_code == 404


def test_the_statement_of_a_topic_with_named_readers_is_for_them_and_for_curators(client: Client, cast: Cast) -> None:
    topics.name_readers(cast.topic, [cast.ada.memberships.get()], actor=cast.iris)
    wish = proposals.propose(cast.topic, "Another.", "Because.", actor=cast.ada, seen=1)
    doors = [("proposal", wish.pk), *((name, cast.topic.pk) for name in ("statement", "proposal-new"))]
    for person, status in (("ada", 200), ("iris", 200), ("max", 200), ("bo", 404), ("eve", 404)):
        client.force_login(getattr(cast, person))
        for name, pk in [*doors, ("review-guideline", cast.topic.pk)]:
            assert client.get(url(cast, name, pk)).status_code == status, (person, name)
        assert client.post(url(cast, "statement-preview", cast.topic.pk), {"text": "?"}).status_code == status
    client.force_login(cast.bo)
    reply = client.post(url(cast, "proposal-new", cast.topic.pk), {"text": "Mine.", "reason": "x", "seen": 1})
    assert reply.status_code == 404
    assert not client.get(url(cast, "guidelines")).context["topics"]
    assert not client.get(url(cast, "proposals")).context["page"].object_list


def test_who_opted_out_reads_on_and_so_does_who_still_has_an_item_of_the_topic(client: Client, cast: Cast) -> None:
    topics.opt(cast.topic, cast.ada, out=True)
    cast.item()
    claim(cast.project, cast.bo, want=1)
    topics.name_readers(cast.topic, [cast.ada.memberships.get()], actor=cast.iris)
    for person in (cast.ada, cast.bo):
        client.force_login(person)
        assert client.get(url(cast, "review-guideline", cast.topic.pk)).status_code == 200


def test_annotators_read_the_statement_and_find_where_to_propose_another(client: Client, cast: Cast) -> None:
    client.force_login(cast.ada)
    html = client.get(url(cast, "guidelines")).content.decode()
    assert "Judge the person, not the job." in html
    assert url(cast, "proposal-new", cast.topic.pk) in html
    assert url(cast, "statement-write", cast.topic.pk) not in html
    assert client.post(url(cast, "guidelines"), {"name": "Health"}).status_code == 403


class TestWriting:
    def write(self, client: Client, cast: Cast, **data: Any) -> Any:
        return client.post(url(cast, "statement-write", cast.topic.pk), {"seen": 1, "text": "New.", **data})

    def test_a_change_is_a_new_version_and_the_old_one_stays(self, iris: Client, cast: Cast) -> None:
        assert self.write(iris, cast, text=HOSTILE).status_code == 302
        assert cast.topic.guideline == Guideline.objects.get(version=2, created_by=cast.iris)
        assert AuditEntry.objects.get(verb="changed guideline").actor == cast.iris
        html = iris.get(url(cast, "statement", cast.topic.pk)).content.decode()
        assert "<script>alert" not in html
        assert "<strong>kind</strong>" in html
        assert "<del>Judge" in html
        assert "Judge the person, not the job." in html

    def test_what_somebody_else_put_in_force_meanwhile_is_not_written_over(self, iris: Client, cast: Cast) -> None:
        guidelines.change(cast.topic, "Judge the person.", actor=cast.max)
        reply = self.write(iris, cast)
        html = reply.content.decode()
        assert reply.status_code == 409
        assert "changed while you wrote: version 2" in html
        assert ">\nNew.</textarea>" in html
        assert 'name="seen" value="2"' in html
        assert self.write(iris, cast, seen=2).status_code == 302
        assert cast.topic.guideline is not None
        assert (cast.topic.guideline.version, cast.topic.guideline.text) == (3, "New.")

    @pytest.mark.parametrize(
        ("text", "status", "sentence"),
        [
            ("Judge the person, not the job.", 409, "is as it was"),
            (" ", 400, "needs words"),
            ("a\0b", 400, "NUL"),
            ("x" * 20_001, 400, "at most 20000 characters"),
        ],
    )
    def test_what_cannot_be_is_said_and_nothing_is_lost(
        self, iris: Client, cast: Cast, text: str, status: int, sentence: str
    ) -> None:
        reply = self.write(iris, cast, text=text)
        assert reply.status_code == status
        assert sentence in reply.content.decode()
        assert Guideline.objects.count() == 1

    def test_line_breaks_of_windows_are_no_change(self, iris: Client, cast: Cast) -> None:
        self.write(iris, cast, text="One.\r\n\r\nTwo.")
        assert Guideline.objects.get(version=2).text == "One.\n\nTwo."
        assert self.write(iris, cast, text="One.\n\nTwo.\n", seen=2).status_code == 409

    def test_the_preview_shows_how_it_reads_and_what_changes(self, iris: Client, cast: Cast) -> None:
        reply = iris.post(url(cast, "statement-preview", cast.topic.pk), {"text": "Judge the *person*, not the job."})
        html = reply.content.decode()
        assert "<em>person</em>" in html
        assert "<ins>*person*, </ins>" in html
        assert Guideline.objects.count() == 1

    def test_the_preview_says_where_each_part_will_stand(self, iris: Client, cast: Cast) -> None:
        text = "Be kind.\n\n## How grave is it?\nAsk.\n\n## Examples\nOne."
        reply = iris.post(url(cast, "statement-preview", cast.topic.pk), {"text": text})
        assert reply.context["headings"] == [
            ("How grave is it?", "under Severity"),
            ("Examples", "shows only in the whole"),
        ]
        assert "shows only in the whole" in reply.content.decode()
        assert (
            "no headings" in iris.post(url(cast, "statement-preview", cast.topic.pk), {"text": "Be."}).content.decode()
        )

    def test_a_text_that_is_too_long_is_not_previewed_but_counted(self, iris: Client, cast: Cast) -> None:
        reply = iris.post(url(cast, "statement-preview", cast.topic.pk), {"text": "[" * 100_000})
        assert reply.status_code == 200
        assert "it has 100000 characters, of 20000 at most" in reply.content.decode()
        whole = iris.post(url(cast, "statement-write", cast.topic.pk), {"text": "[" * 100_000, "seen": 1})
        assert "it has 100000 characters" in whole.content.decode()

    def test_a_preview_is_not_kept_and_a_version_is(self, iris: Client, cast: Cast) -> None:
        markdown.version.cache_clear()
        iris.post(url(cast, "statement-preview", cast.topic.pk), {"text": "Judge nobody."})
        assert markdown.version.cache_info().currsize == 0
        iris.get(url(cast, "statement", cast.topic.pk))
        assert markdown.version.cache_info().currsize == 1


class TestTopics:
    @pytest.mark.parametrize(
        ("data", "status", "sentence"),
        [
            ({"name": "Work", "text": "x"}, 409, "cannot be added"),
            ({"name": "!!!", "text": "x"}, 409, "no letters"),
            ({"text": "x"}, 400, "Name the topic"),
            ({"name": "a\0b"}, 400, "haracter"),
        ],
    )
    def test_what_cannot_be_is_said(self, iris: Client, cast: Cast, data: Any, status: int, sentence: str) -> None:
        reply = iris.post(url(cast, "guidelines"), data)
        assert reply.status_code == status
        assert sentence in reply.content.decode()
        assert Topic.objects.filter(project=cast.project).count() == 1

    def test_two_curators_who_add_one_topic_at_once_are_told(
        self, iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(Topic.objects.all()), "exists", lambda _: False)  # the other's is not there yet
        reply = iris.post(url(cast, "guidelines"), {"name": "Work", "text": "Be kind."})
        assert reply.status_code == 409
        assert Topic.objects.filter(project=cast.project).count() == 1

    def test_one_can_be_added_with_its_first_statement(self, iris: Client, cast: Cast) -> None:
        data = {"name": "Gesundheit & Körper", "text": "Be kind."}
        assert iris.post(url(cast, "guidelines"), data).status_code == 302
        topic = Topic.objects.get(slug="gesundheit-körper")
        assert topic.guideline is not None
        assert topic.guideline.version == 1

    def test_the_page_costs_the_same_for_many(
        self, iris: Client, cast: Cast, django_assert_max_num_queries: Any
    ) -> None:
        for n in range(10):
            topic = Topic.objects.create(project=cast.project, slug=f"t{n}", name=f"T{n}")
            for version in (1, 2, 3):
                Guideline.objects.create(topic=topic, version=version, text=f"Rule {version}", created_by=cast.iris)
        with django_assert_max_num_queries(8):
            html = iris.get(url(cast, "guidelines")).content.decode()
        assert html.count("Rule 3") == 10
        assert "Rule 2" not in html

    def test_a_statements_page_costs_the_same_for_many_versions(
        self, iris: Client, cast: Cast, django_assert_max_num_queries: Any
    ) -> None:
        for version in range(2, 30):
            Guideline.objects.create(topic=cast.topic, version=version, text=f"R {version}", created_by=cast.iris)
        with django_assert_max_num_queries(8):
            iris.get(url(cast, "statement", cast.topic.pk))


class TestForTheReviewScreen:
    def ask(self, client: Client, cast: Cast) -> Any:
        client.force_login(cast.ada)
        return client.get(url(cast, "review-guideline", cast.topic.pk)).json()

    def test_it_gets_the_statement_as_html(self, client: Client, cast: Cast) -> None:
        found = self.ask(client, cast)
        assert found["changed"] is None
        assert (found["id"], found["name"], found["version"]) == (cast.topic.pk, "Work", 1)
        assert found["html"] == '<section data-part=""><p>Judge the person, not the job.</p>\n</section>'

    def test_it_is_told_what_changed_since_this_persons_last_answer(self, client: Client, cast: Cast) -> None:
        answer_as_ada(cast, cast.guideline)
        guidelines.change(cast.topic, "Judge the person, never the job.", actor=cast.iris)
        found = self.ask(client, cast)
        assert (found["version"], found["changed"]["from"]) == (2, 1)
        assert "<del>not </del><ins>never </ins>" in found["changed"]["html"]

    def test_once_they_answered_under_it_nothing_is_new(self, client: Client, cast: Cast) -> None:
        answer_as_ada(cast, cast.guideline)
        answer_as_ada(cast, guidelines.change(cast.topic, "Judge nobody.", actor=cast.iris))
        assert self.ask(client, cast)["changed"] is None

    def test_a_topic_without_a_statement_says_so(self, client: Client, cast: Cast) -> None:
        Guideline.objects.filter(pk=cast.guideline.pk)._raw_delete("default")
        found = self.ask(client, cast)
        assert (found["version"], found["html"], found["changed"]) == (None, "", None)

    def test_the_statements_in_force_come_by_one_query(self, cast: Cast, django_assert_num_queries: Any) -> None:
        guidelines.change(cast.topic, "## Severity\n\nAsk who is hurt.", actor=cast.iris)
        bare = Topic.objects.create(project=cast.project, slug="bare", name="Bare")
        with django_assert_num_queries(1):
            found = guidelines.in_force({cast.topic.pk, bare.pk})
        assert list(found) == [cast.topic.pk]
        assert found[cast.topic.pk]["version"] == 2
        assert 'data-part="severity"' in found[cast.topic.pk]["html"]
        with django_assert_num_queries(0):
            assert guidelines.in_force(set()) == {}

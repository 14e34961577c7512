"""A reader proposes another values statement, and one curator decides."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Guideline, Notice, Proposal
from annotation.values import guidelines, proposals
from studio.models import AuditEntry
from tests.cast import Cast, make_project

WISH = "Judge the person, never the job."


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


@pytest.fixture
def wish(cast: Cast) -> Proposal:
    return proposals.propose(cast.topic, WISH, "Midwives were met.", actor=cast.ada, seen=1)


@pytest.fixture
def iris(client: Client, cast: Cast) -> Client:
    client.force_login(cast.iris)
    return client


def decide(client: Client, cast: Cast, wish: Proposal, **data: Any) -> Any:
    return client.post(url(cast, "proposal", wish.pk), {"decision": "accept", "text": wish.text, "seen": 1, **data})


class TestProposing:
    def test_an_annotator_starts_from_the_statement_and_says_why(self, client: Client, cast: Cast) -> None:
        client.force_login(cast.ada)
        assert (
            "Judge the person, not the job.</textarea>"
            in client.get(url(cast, "proposal-new", cast.topic.pk)).content.decode()
        )
        reply = client.post(
            url(cast, "proposal-new", cast.topic.pk), {"text": WISH, "seen": 1, "reason": "Midwives were met."}
        )
        made = Proposal.objects.get()
        assert reply.url == url(cast, "proposal", made.pk)
        assert (made.author, made.based_on, made.state) == (cast.ada, cast.guideline, "open")
        assert AuditEntry.objects.get(verb="proposed guideline").reason == "Midwives were met."

    @pytest.mark.parametrize(
        ("data", "status", "sentence"),
        [
            ({"reason": ""}, 400, "Say why"),
            ({"text": ""}, 400, "needs words"),
            ({"text": "Judge the person, not the job."}, 409, "change something in it"),
            ({"reason": "x" * 2001}, 400, "at most 2000"),
        ],
    )
    def test_what_cannot_be_is_said_and_nothing_is_lost(
        self, client: Client, cast: Cast, data: dict[str, str], status: int, sentence: str
    ) -> None:
        client.force_login(cast.ada)
        sent = {"text": WISH, "seen": "1", "reason": "Because of midwives.", **data}
        reply = client.post(url(cast, "proposal-new", cast.topic.pk), sent)
        assert reply.status_code == status
        assert sentence in reply.content.decode()
        assert sent["text"] in reply.content.decode()
        assert not Proposal.objects.exists()


class TestWho:
    @pytest.mark.parametrize(("person", "status"), [("ada", 200), ("iris", 200), ("eve", 404)])
    def test_members_see_them_and_strangers_do_not(
        self, client: Client, cast: Cast, wish: Proposal, person: str, status: int
    ) -> None:
        for address in (url(cast, "proposals"), url(cast, "proposal", wish.pk)):
            assert client.get(address).url.startswith(reverse("account_login"))
        client.force_login(getattr(cast, person))
        for address in (url(cast, "proposals"), url(cast, "proposal", wish.pk)):
            assert client.get(address).status_code == status

    def test_annotators_do_not_decide(self, client: Client, cast: Cast, wish: Proposal) -> None:
        client.force_login(cast.bo)
        assert decide(client, cast, wish).status_code == 403
        assert 'value="accept"' not in client.get(url(cast, "proposal", wish.pk)).content.decode()

    def test_a_proposal_of_another_project_does_not_exist_here(self, iris: Client, cast: Cast, wish: Proposal) -> None:
        project = make_project("third")
        topic = project.topics.create(slug="t", name="T")
        theirs = Proposal.objects.create(topic=topic, text="x", author=cast.eve)
        assert iris.get(url(cast, "proposal", theirs.pk)).status_code == 404
        assert decide(iris, cast, theirs).status_code == 404


class TestDeciding:
    def test_accepted_it_is_the_next_version_and_the_author_is_told(
        self, iris: Client, cast: Cast, wish: Proposal
    ) -> None:
        assert decide(iris, cast, wish, remark="Thank you.").status_code == 302
        wish.refresh_from_db()
        assert (wish.state, wish.decided_by, wish.decision) == ("accepted", cast.iris, "Thank you.")
        assert wish.became == cast.topic.guideline == Guideline.objects.get(version=2, text=WISH)
        notice = Notice.objects.get(user=cast.ada, kind="proposal")
        assert "was accepted: version 2 is in force. Thank you." in notice.text
        assert AuditEntry.objects.get(verb="accepted proposal").data == {"version": 2}

    def test_a_curator_may_put_it_into_other_words(self, iris: Client, cast: Cast, wish: Proposal) -> None:
        decide(iris, cast, wish, text="Judge nobody.")
        assert cast.topic.guideline is not None
        assert cast.topic.guideline.text == "Judge nobody."
        assert "with changes" in Notice.objects.get().text

    def test_declining_needs_a_reason_which_the_author_reads(self, iris: Client, cast: Cast, wish: Proposal) -> None:
        reply = decide(iris, cast, wish, decision="decline", reason=" ")
        assert reply.status_code == 400
        assert "Say why" in reply.content.decode()
        assert decide(iris, cast, wish, decision="decline", reason="It is said above.").status_code == 302
        wish.refresh_from_db()
        assert (wish.state, wish.decision) == ("declined", "It is said above.")
        assert "It is said above." in Notice.objects.get(user=cast.ada).text
        assert cast.topic.guideline == cast.guideline

    def test_a_statement_changed_meanwhile_is_shown_before_it_is_replaced(
        self, iris: Client, cast: Cast, wish: Proposal
    ) -> None:
        page = iris.get(url(cast, "proposal", wish.pk)).content.decode()
        assert "What was changed meanwhile" not in page
        guidelines.change(cast.topic, "Judge the person, not the job. Name the source.", actor=cast.max)
        page = iris.get(url(cast, "proposal", wish.pk)).content.decode()
        assert "What was changed meanwhile" in page
        assert "Name the source." in page
        late = decide(iris, cast, wish)  # from a page opened before
        assert late.status_code == 409
        assert "version 2 is in force now" in late.content.decode()
        wish.refresh_from_db()
        assert wish.state == "open"
        assert decide(iris, cast, wish, seen=2, text=f"{WISH} Name the source.").status_code == 302
        assert Guideline.objects.get(version=3).text == f"{WISH} Name the source."

    def test_what_is_in_force_already_cannot_be_accepted(self, iris: Client, cast: Cast, wish: Proposal) -> None:
        guidelines.change(cast.topic, WISH, actor=cast.max)
        reply = decide(iris, cast, wish, seen=2)
        assert reply.status_code == 409
        assert "is as it was" in reply.content.decode()
        wish.refresh_from_db()
        assert wish.state == "open"

    def test_of_two_curators_one_decides_and_the_other_is_told(self, iris: Client, cast: Cast, wish: Proposal) -> None:
        stale = Proposal.objects.get(pk=wish.pk)
        proposals.decline(wish, "No.", actor=cast.max)
        with pytest.raises(proposals.AlreadyDecided):
            proposals.accept(stale, WISH, actor=cast.iris, seen=1)
        reply = iris.post(url(cast, "proposal", wish.pk), {"text": WISH, "seen": 1}, follow=True)
        assert "decided already" in reply.content.decode()
        assert Guideline.objects.count() == 1
        assert Notice.objects.count() == 1

    def test_nobody_is_told_of_their_own_decision(self, cast: Cast) -> None:
        own = proposals.propose(cast.topic, WISH, "Tidier.", actor=cast.iris, seen=1)
        proposals.accept(own, WISH, actor=cast.iris, seen=1)
        assert not Notice.objects.exists()

    def test_a_topic_without_a_statement_gets_its_first_one(self, cast: Cast) -> None:
        bare = cast.project.topics.create(slug="bare", name="Bare")
        wish = proposals.propose(bare, "Be kind.", "There is none.", actor=cast.ada, seen=0)
        assert proposals.accept(wish, "Be kind.", actor=cast.iris, seen=0).version == 1


def test_the_list_costs_the_same_for_many(iris: Client, cast: Cast, django_assert_max_num_queries: Any) -> None:
    for n in range(12):
        wish = proposals.propose(cast.topic, f"Rule {n}", "Why not.", actor=(cast.ada, cast.bo)[n % 2], seen=1)
        if n > 8:
            proposals.decline(wish, "No.", actor=cast.max)
    with django_assert_max_num_queries(8):
        html = iris.get(url(cast, "proposals") + "?state=all").content.decode()
    assert html.count("Why not.") == 12
    assert iris.get(url(cast, "proposals")).content.decode().count("Why not.") == 9
    assert iris.get(url(cast, "proposals") + "?state=accepted").content.decode().count("Why not.") == 0

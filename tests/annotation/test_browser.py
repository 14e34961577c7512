"""The data browser: every filter, alone and together; pages by neighbour; saved views."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.browse import browser
from annotation.models import Answer, Category, Collection, Generation, Gold, Item, SavedView, Seat, Span, Topic
from tests.annotation.test_settle import answered
from tests.cast import Cast, make_comparison, make_item, make_version, settle_item


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


@pytest.fixture
def iris(client: Client, cast: Cast) -> Client:
    cache.clear()
    client.force_login(cast.iris)
    return client


def shown(client: Client, cast: Cast, **filters: Any) -> list[Item]:
    reply = client.get(url(cast, "data"), filters)
    assert reply.status_code == 200
    return reply.context["page"].items


@pytest.fixture
def world(cast: Cast) -> dict[str, Item]:
    """One item of each kind; a filter that finds too much or too little finds a wrong one among them."""
    make_item(cast.other, text="Nurses of another project")
    version = make_version(cast.project, 1)
    items = {
        "plain": cast.item(text="Nothing special"),
        "topic": cast.item(topic=Topic.objects.create(project=cast.project, slug="origin", name="Origin")),
        "model": cast.item(version=version),
        "differ": cast.item(overlap=2),
        "agree": cast.item(overlap=2),
        "single": cast.item(),
        "gold": cast.item(),
        "collected": cast.item(),
        "onboarding": cast.item(),
        "second": make_comparison(cast.project, topic=cast.topic, text="A pigeon"),
        "both": make_comparison(cast.project, topic=cast.topic, version=version),
        "old": cast.item(),
    }
    Generation.objects.filter(compared_in=items["second"]).update(version=version, seed=1, model_name="v1")
    answered(items["differ"], cast.ada, "fine")
    biased = answered(items["differ"], cast.bo, "biased", severity=3)
    biased.categories.add(cast.category)
    Span.objects.create(answer=biased, start=0, end=3)
    answered(items["agree"], cast.ada, "fine")
    answered(items["agree"], cast.bo, "fine")
    answered(items["single"], cast.bo, "cannot_judge")
    verdict = settle_item(items["gold"], outcome="fine")
    Gold.objects.create(item=items["gold"], answer=verdict.answer)
    Collection.objects.create(project=cast.project, name="Best").items.add(items["collected"])
    Seat.objects.create(project=cast.project, item=items["onboarding"], position=1, purpose="onboarding")
    Item.objects.filter(pk=items["old"].pk).update(created_at=timezone.now() - timedelta(days=30))
    return items


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"topic": "origin"}, ["topic"]),
        ({"model": "v1"}, ["model", "second", "both"]),
        ({"model": "v1", "mode": "compare"}, ["second", "both"]),
        ({"model": "v1", "collection": "Best"}, []),
        ({"model": "v1", "q": "special"}, []),
        ({"model": "v1", "q": "pigeon"}, ["second"]),
        ({"state": "disputed"}, ["differ", "agree"]),  # agreed by hand here: nobody submitted, so no verdict came
        ({"state": "settled"}, ["gold"]),
        ({"annotator": "ada"}, ["differ", "agree"]),
        ({"annotator": "ada", "outcome": "biased"}, []),
        ({"annotator": "bo", "outcome": "biased", "severity": "3"}, ["differ"]),
        ({"outcome": "cannot_judge"}, ["single"]),
        ({"category": "stereotype"}, ["differ"]),
        ({"severity": "1"}, []),
        ({"agreement": "differ"}, ["differ"]),
        ({"agreement": "differ", "topic": "work"}, ["differ"]),
        ({"agreement": "differ", "topic": "origin"}, []),
        ({"agreement": "agree"}, ["agree"]),
        ({"agreement": "single"}, ["single"]),
        ({"span": "on"}, ["differ"]),
        ({"rewrite": "on"}, ["differ"]),
        ({"gold": "on"}, ["gold"]),
        ({"collection": "Best"}, ["collected"]),
        ({"q": "special"}, ["plain"]),
        ({"q": "special", "state": "unread", "topic": "work"}, ["plain"]),
        ({"model": "v1", "state": "unread"}, ["model", "second", "both"]),
        ({"model": "v1", "state": "settled"}, []),
        ({"topic": "work", "annotator": "bo", "agreement": "differ", "rewrite": "on"}, ["differ"]),
        ({"mode": "compare"}, ["second", "both"]),
        ({"mode": "demonstrate", "state": "unread"}, []),
        ({"collection": "Best", "gold": "on"}, []),
    ],
)
def test_filters_find_what_they_say_and_combine(
    iris: Client, cast: Cast, world: dict[str, Item], filters: dict[str, str], names: list[str]
) -> None:
    assert {item.pk for item in shown(iris, cast, **filters)} == {world[name].pk for name in names}


def test_days_are_inclusive(iris: Client, cast: Cast, world: dict[str, Item]) -> None:
    today, then = timezone.localdate(), timezone.localdate() - timedelta(days=30)
    Item.objects.exclude(pk=world["old"].pk).filter(pk__lt=world["old"].pk).update(created_at="2020-01-01T00:00Z")
    assert shown(iris, cast, since=then, until=then) == [world["old"]]
    assert shown(iris, cast, since=today) == []
    assert world["old"] not in shown(iris, cast, until=then - timedelta(days=1))


def test_onboarding_can_be_left_out(iris: Client, cast: Cast, world: dict[str, Item]) -> None:
    assert world["onboarding"] in shown(iris, cast)
    left = shown(iris, cast, no_onboarding="on")
    assert world["onboarding"] not in left
    assert len(left) == len(world) - 1


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ({"topic": "nowhere"}, "There is no topic “nowhere”"),
        ({"state": "nonsense"}, "State: “nonsense” is not one"),
        ({"annotator": "eve"}, "There is no member “eve”"),
        ({"category": "\0"}, "There is no category"),
        ({"severity": "9"}, "Severity: “9”"),
        ({"since": "yesterday"}, "From: “yesterday” is no date."),
        ({"since": "0001-01-01"}, "From: write a year from 1970"),
        ({"until": "9999-12-31"}, "To: write a year from 1970"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "The first day lies after"),
        ({"q": "!?"}, "There is no word in"),
        ({"q": "x" * 300}, "at most 200"),
        ({"model": "a\0"}, "Null characters"),
    ],
)
def test_an_unknown_value_is_a_sentence(iris: Client, cast: Cast, filters: dict[str, str], sentence: str) -> None:
    cast.item()
    reply = iris.get(url(cast, "data"), filters)
    assert reply.status_code == 200
    assert sentence in reply.content.decode()
    assert not reply.context["page"].items


@pytest.mark.parametrize(
    "filters", [{}, {"q": "nurses"}, {"topic": "work"}, {"model": "imported"}, {"state": "unread"}]
)
def test_pages_follow_one_another_and_lead_back(
    iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, filters: dict[str, str]
) -> None:
    monkeypatch.setattr(
        browser.page, "__kwdefaults__", {"before": None, "after": None, "oldest_first": False, "size": 2}
    )
    items = [cast.item() for _ in range(5)][::-1]
    first = iris.get(url(cast, "data"), filters).context["page"]
    second = iris.get(url(cast, "data"), {**filters, "before": first.older}).context["page"]
    third = iris.get(url(cast, "data"), {**filters, "before": second.older}).context["page"]
    assert [*first.items, *second.items, *third.items] == items
    assert (first.newer, third.older) == (None, None)
    back = iris.get(url(cast, "data"), {**filters, "after": third.newer}).context["page"]
    assert back.items == second.items
    again = iris.get(url(cast, "data"), {**filters, "after": back.newer}).context["page"]
    assert (again.items, again.newer) == (first.items, None)
    oldest = {**filters, "order": "oldest"}
    reply = iris.get(url(cast, "data"), oldest)
    begin = reply.context["page"]
    assert (begin.items, begin.older) == (items[:2:-1], None)
    assert 'aria-sort="ascending"' in reply.content.decode()
    then = iris.get(url(cast, "data"), {**oldest, "after": begin.newer}).context["page"]
    end = iris.get(url(cast, "data"), {**oldest, "after": then.newer}).context["page"]
    assert [*begin.items, *then.items, *end.items] == items[::-1]
    assert end.newer is None
    assert iris.get(url(cast, "data"), {**oldest, "before": end.older}).context["page"].items == then.items
    again = iris.get(url(cast, "data"), {**oldest, "before": then.older}).context["page"]
    assert (again.items, again.older) == (begin.items, None)
    for nonsense in ("x", "0", cast.other.slug, str(make_item(cast.other).uuid)):
        assert iris.get(url(cast, "data"), {**filters, "before": nonsense}).context["page"].items == first.items


def test_pages_of_a_model_lose_nothing_where_one_answer_is_in_many_comparisons(
    iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is met where it is the only one, and where it is the second of a comparison: at the same place."""
    monkeypatch.setattr(browser.page, "__kwdefaults__", {"before": None, "after": None, "size": 2})
    reviews = [cast.item() for _ in range(5)]
    rewrites = []
    for review in [*reviews[1:4], *[reviews[2]] * 7]:  # one is the second answer of eight comparisons
        against = make_comparison(cast.project, topic=cast.topic, author=cast.ada)
        Item.objects.filter(pk=against.pk).update(other=review.generation)
        rewrites.append(against.pk)
    seen, asked = [list[int]()], {"model": "imported"}
    page = iris.get(url(cast, "data"), asked).context["page"]
    while True:
        seen.append([item.pk for item in page.items])
        if page.older is None:
            break
        page = iris.get(url(cast, "data"), {**asked, "before": page.older}).context["page"]
    met = [pk for pks in seen for pk in pks]
    assert len(met) == len({*met})
    assert {*met} == {*(one.pk for one in reviews), *rewrites}
    back = iris.get(url(cast, "data"), {**asked, "after": page.newer}).context["page"]
    assert [item.pk for item in back.items] == seen[-2]


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"model": "imported"},
        {"state": "reading"},
        {"q": "nurses", "state": "reading", "topic": "work"},
        {"annotator": "ada", "category": "stereotype", "severity": "2", "span": "on", "since": "2026-01-01"},
    ],
)
def test_the_page_costs_the_same_for_one_item_as_for_a_full_page(
    iris: Client, cast: Cast, filters: dict[str, str]
) -> None:
    def one_more() -> None:
        answered(cast.item(overlap=2), cast.ada, "biased", severity=2).categories.add(Category.objects.get())
        Span.objects.create(answer=Answer.objects.last(), start=0, end=3)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert iris.get(url(cast, "data"), filters).context["page"].items
        return len(asked)

    one_more()
    alone = cost()
    for _ in range(29):
        one_more()
    assert cost() == alone <= 27


def test_the_rest_of_the_filters_comes_when_it_is_asked_for_or_in_use(iris: Client, cast: Cast) -> None:
    cast.item(version=make_version(cast.project, 1))
    address, annotator = url(cast, "data"), 'name="annotator"'
    for filters, is_there in (({"q": "a"}, False), ({"q": "a", "more": "1"}, True), ({"severity": "3"}, True)):
        assert (annotator in iris.get(address, filters).content.decode()) == is_there
    part = iris.get(address, {"q": "a", "more": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert annotator in part
    assert "<html" not in part
    assert 'name="q"' not in part
    names = iris.get(address, {"models": "1"}).content.decode()
    assert "<html" not in names
    assert '<option value="v1"></option>' in names
    assert iris.get(address, {"more": "1"}).context["query"] == ""  # no filter: nothing to keep as a view


def test_a_comparison_and_a_demonstration_have_rows_too(iris: Client, cast: Cast) -> None:
    review = cast.item()
    other = make_item(cast.project, text="Another <b>answer</b>").generation
    Item.objects.filter(pk=review.pk).update(mode="compare", other=other)
    Item.objects.create(project=cast.project, mode="demonstrate", prompt=review.prompt)
    html = iris.get(url(cast, "data")).content.decode()
    assert "(to be written)" in html
    assert "Another &lt;b&gt;answer" in html
    assert len(shown(iris, cast, mode="compare")) == len(shown(iris, cast, mode="demonstrate")) == 1


class TestSavedViews:
    def save(self, client: Client, cast: Cast, **fields: Any) -> None:
        values = {"name": "Grave", "query": "severity=3&before=x&state=", **fields}
        assert client.post(url(cast, "saved-views"), values).status_code == 302

    def test_a_view_is_kept_replaced_and_deleted(self, iris: Client, cast: Cast) -> None:
        self.save(iris, cast)
        assert SavedView.objects.get().query == "severity=3"
        self.save(iris, cast, query="severity=2")
        view = SavedView.objects.get()
        assert view.query == "severity=2"
        assert 'href="?severity=2"' in iris.get(url(cast, "data")).content.decode()
        iris.post(url(cast, "saved-view", view.pk))
        assert not SavedView.objects.exists()

    def test_a_shared_view_is_seen_by_other_curators_and_only_its_owner_deletes_it(
        self, iris: Client, client: Client, cast: Cast
    ) -> None:
        self.save(iris, cast, is_shared="on")
        self.save(iris, cast, name="Mine")
        iris.get(url(cast, "data"))  # where she reads that both are kept
        client.force_login(cast.max)
        html = client.get(url(cast, "data")).content.decode()
        assert "Grave" in html
        assert "Mine" not in html
        shared, mine = SavedView.objects.order_by("name")
        assert (
            "only they can delete it" in client.post(url(cast, "saved-view", shared.pk), follow=True).content.decode()
        )
        assert client.post(url(cast, "saved-view", mine.pk)).status_code == 404
        assert SavedView.objects.count() == 2

    def test_a_view_without_a_name_or_filter_is_a_sentence(self, iris: Client, cast: Cast) -> None:
        for fields in ({"name": ""}, {"query": ""}, {"query": "order=oldest&before=x"}, {"name": "x" * 121}):
            reply = iris.post(url(cast, "saved-views"), {"name": "a", "query": "q=b", **fields}, follow=True)
            assert "A view needs a name" in reply.content.decode()
        assert not SavedView.objects.exists()

    @pytest.mark.parametrize(("person", "status"), [("ada", 403), ("eve", 404)])
    def test_others_have_no_views_here(self, client: Client, cast: Cast, person: str, status: int) -> None:
        view = SavedView.objects.create(project=cast.project, owner=cast.iris, name="a", query="q=b", is_shared=True)
        client.force_login(getattr(cast, person))
        assert client.post(url(cast, "saved-views"), {"name": "a", "query": "q=b"}).status_code == status
        assert client.post(url(cast, "saved-view", view.pk)).status_code == status


def test_answers_taken_back_are_not_found(iris: Client, cast: Cast) -> None:
    item = cast.item()
    answered(item, cast.ada, "biased", severity=3)
    assert shown(iris, cast, severity="3") == [item]
    Answer.objects.update(undone_at=timezone.now())
    assert shown(iris, cast, severity="3") == []

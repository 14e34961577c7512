"""Agreement worked out from answers: what counts, what is grouped, when it is due; and the page that shows it."""

import csv
import io
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError as NoBroker

from annotation import freeze, tasks
from annotation.measures import agreement, agreement_page, attention, export_judgements, groups, reports, tally
from annotation.models import Answer, Item, Report, Span
from annotation.person import backgrounds
from annotation.science.agreement import krippendorff_alpha
from annotation.science.annotators import SENTENCES
from studio.models import Background, Role, pseudonym
from tests.annotation.readings import bare_item, busy, read
from tests.cast import Cast, join, make_comparison, make_user, settle_item

PAGE = "/p/peoples/agreement/"


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


def measured(cast: Cast) -> dict[str, Any]:
    return agreement.work_out(cast.project).data


def test_only_standing_answers_for_work_at_items_of_two_readers_count(cast: Cast):
    read(bare_item(cast), {cast.ada: "fine", cast.bo: "biased"})
    read(bare_item(cast), {cast.ada: "fine"})
    taken_back = bare_item(cast)
    read(taken_back, {cast.ada: "fine"})
    read(taken_back, {cast.bo: "biased"}, undone_at=timezone.now())
    gold = bare_item(cast)
    read(gold, {cast.ada: "fine"})
    read(gold, {cast.bo: "biased"}, purpose="gold")
    settle_item(cast.item(), by=cast.iris)
    data = measured(cast)
    assert (data["answers"], data["items"], data["people"]) == (2, 1, 2)
    assert data["questions"]["outcome"]["percent"]["value"] == 0


def test_each_question_is_asked_of_those_who_answered_it(cast: Cast):
    item = bare_item(cast)
    one, two, _ = read(item, {cast.ada: "biased", cast.bo: "biased", cast.iris: "fine"})
    one.categories.add(cast.category)
    Span.objects.create(answer=one, start=0, end=10)
    Span.objects.create(answer=two, start=5, end=15)
    compared = bare_item(cast)
    other = bare_item(cast)
    Item.objects.filter(pk=other.pk).delete()
    Item.objects.filter(pk=compared.pk).update(mode="compare", other=other.generation)
    read(compared, {cast.ada: "first", cast.bo: "tie"})
    found = tally.tally(cast.project)
    assert found.questions["outcome"] == {("biased", "biased", "fine"): 1}
    assert found.questions["severity"] == {(2, 2): 1}
    assert found.questions["harm"] == {(0, 2, 2): 1}
    assert found.questions["categories"] == {(frozenset(), frozenset(), frozenset({"stereotype"})): 1}
    assert found.questions["category:stereotype"] == {(False, False, True): 1}
    assert found.questions["preference"] == {("first", "tie"): 1}
    assert list(found.characters) == [0.5]
    assert list(found.stretches) == [0.0]
    data = measured(cast)
    assert data["rewrites"]["alike"]["value"] == 1
    assert 0 <= data["rewrites"]["kept"]["value"] < 0.5


def test_an_item_belongs_to_the_week_of_its_last_answer(cast: Cast):
    item = bare_item(cast)
    read(item, {cast.ada: "fine"}, created_at=timezone.now() - timedelta(weeks=3))
    read(item, {cast.bo: "fine"})
    year, week, _ = timezone.now().isocalendar()
    assert list(measured(cast)["weeks"]) == [f"{year}-W{week:02}"]


def test_what_is_not_defined_says_why(cast: Cast):
    for _ in range(12):
        read(bare_item(cast), {cast.ada: "fine", cast.bo: "fine"})
    alpha = measured(cast)["questions"]["outcome"]["alpha"]
    assert alpha == {"value": None, "n": 12, "reason": "all answers equal"}


def test_who_did_not_mark_rewrite_or_grade_is_said_to_not_and_no_question_vanishes(cast: Cast, client):
    for number in range(13):
        read(bare_item(cast), {cast.ada: "fine", cast.bo: "biased" if number else "fine"}, rewrite="")
    data = measured(cast)
    assert data["spans"]["characters"] == {"value": None, "n": 0, "reason": "no two readers of an item marked a place"}
    assert data["rewrites"]["alike"] == {"value": None, "n": 0, "reason": "no two readers of an item rewrote it"}
    assert data["questions"]["severity"]["alpha"]["reason"] == "no two readers of an item graded a severity"
    assert data["questions"]["preference"]["alpha"]["reason"] == "no two people read the same comparison"
    client.force_login(cast.iris)
    page = client.get(PAGE, {"question": "severity"}).content.decode()
    assert "fewer than two readers on any item" not in page
    for words in ("marked a place", "rewrote it", "graded a severity", "read the same comparison"):
        assert f"Not defined: no two {'people' if 'comparison' in words else 'readers of an item'} {words}." in page
    assert "There is no week in which two people answered this." in page
    rows = csv.DictReader(io.StringIO(client.get(PAGE, {"format": "csv"}).content.decode()))
    reasons = {(row["what"], row["of"]): row["reason"] for row in rows if row["figure"] in ("alpha", "alike")}
    assert reasons["question", "severity"] == "no two readers of an item graded a severity"
    assert reasons["rewrites", ""] == "no two readers of an item rewrote it"


def two_at_work(cast: Cast) -> None:
    """Ada and Bo at twelve reviews: they differ on two, grade, name and mark differently; and at one comparison."""
    for number in range(12):
        said = {cast.ada: "biased", cast.bo: "fine" if number < 2 else "biased"}
        answers = read(bare_item(cast), said, created_at=timezone.now() - timedelta(weeks=number % 2))
        for answer in answers:
            if answer.outcome == "biased":
                first = answer.annotator == cast.ada
                Answer.objects.filter(pk=answer.pk).update(
                    severity=1 + number % 3 if first else min(3, 2 + number % 3),
                    rewrite="People differ much."[: 14 + number],
                )
                answer.categories.add(cast.category)
                Span.objects.create(answer=answer, start=0 if first else 5, end=10 if first else 15)
    item = make_comparison(cast.project)
    item.seats.all().delete()
    read(item, {cast.ada: "first", cast.bo: "tie"})


def test_two_people_are_compared_on_every_question_or_told_why_not(cast: Cast):
    two_at_work(cast)
    measured(cast)
    (found,) = Report.objects.get(kind="pairs").data["pairs"]
    assert (found["people"], found["n"]) == (sorted([cast.ada.pk, cast.bo.pk]), 13)
    of = found["figures"]
    assert set(of) == {
        *("outcome", "severity", "harm", "categories", "category:stereotype", "preference", "spans", "rewrites")
    }
    assert (of["outcome"]["figure"]["value"], of["outcome"]["figure"]["n"]) == (0, 12)  # Ada always said biased
    assert of["outcome"]["percent"] == pytest.approx(10 / 12, abs=1e-6)
    assert of["severity"]["figure"]["n"] == 10
    graded = Counter((1 + number % 3, min(3, 2 + number % 3)) for number in range(2, 12))
    assert of["severity"]["figure"]["value"] == pytest.approx(
        krippendorff_alpha(graded, distance="ordinal", resamples=0).value, abs=1e-6
    )
    sets = Counter({(frozenset({"stereotype"}),) * 2: 10, (frozenset(), frozenset({"stereotype"})): 2})
    assert of["categories"]["figure"]["value"] == pytest.approx(
        krippendorff_alpha(sets, distance="masi", resamples=0).value, abs=1e-6
    )
    assert of["spans"]["figure"] == {"value": 0.5, "n": 10, "low": 0.5, "high": 0.5}
    assert of["rewrites"]["figure"]["value"] == 1
    assert of["preference"] == {"figure": {"value": None, "n": 1, "reason": "fewer than 5 answers in common"}}


def test_each_week_has_every_question_marks_and_rewrites_too(cast: Cast, client):
    two_at_work(cast)
    weeks = measured(cast)["weeks"]
    assert len(weeks) == 2
    for found in weeks.values():
        assert found["spans"]["characters"]["value"] == 0.5
        assert found["rewrites"]["alike"]["value"] == 1
        assert found["severity"]["alpha"]["n"] == 5
    before, now = sorted(weeks)
    assert weeks[before]["preference"]["alpha"]["reason"] == "no two people read the same comparison"
    assert weeks[now]["preference"]["alpha"]["n"] == 1
    client.force_login(cast.iris)
    chart = client.get(PAGE, {"question": "spans"}).context["chart"]
    assert chart.title == "Spans: F1 of characters by week"
    assert [row[:2] for row in chart.rows] == [[before, "0.50"], [now, "0.50"]]
    rows = csv.DictReader(io.StringIO(client.get(PAGE, {"format": "csv"}).content.decode()))
    assert {row["of"].split()[1] for row in rows if row["what"] == "week"} >= {"spans", "rewrites", "severity"}


def test_a_question_is_chosen_by_a_link_and_the_table_of_pairs_follows(cast: Cast, client):
    two_at_work(cast)
    measured(cast)
    client.force_login(cast.iris)
    for question, figure, same in (
        ("outcome", "Cohen’s κ", True),
        ("severity", "Krippendorff’s α, ordinal", True),
        ("categories", "Krippendorff’s α, MASI", True),
        ("category:stereotype", "Cohen’s κ", True),
        ("spans", "F1 of characters", False),
        ("rewrites", "Alike, word by word", False),
    ):
        page = client.get(PAGE, {"question": question}).content.decode()
        assert f'<th scope="col">{figure}</th>' in page
        assert ('<th scope="col">Same answer</th></tr>' in page) is same, question
        assert f'href="?question={question.replace(":", "%3A")}#question" aria-current="page"' in page
        assert ('aria-label="Category"' in page) is question.startswith("categor")
    page = client.get(PAGE, {"question": "preference"}).content.decode()
    assert "No two people have five answers to this in common yet." in page


def test_only_the_newest_table_of_pairs_is_kept(cast: Cast):
    two_at_work(cast)
    for _ in range(2):
        measured(cast)
    assert sorted(Report.objects.values_list("kind", flat=True)) == ["agreement", "agreement", "pairs"]


def test_what_the_models_say_is_read_by_the_agreement_page_alone(cast: Cast, client, monkeypatch):
    for number in range(3):
        read(bare_item(cast), {cast.ada: "fine", cast.bo: "biased" if number else "fine"}, created_at=LONG_AGO)
    settle_item(cast.item(), by=cast.ada)
    last = Answer.objects.order_by("pk").last()
    Answer.objects.filter(pk=last.pk).update(created_at=LONG_AGO)

    def told() -> list[Any]:
        data = measured(cast)
        lines = b"".join(export_judgements.as_lines(cast.project)).splitlines()[:-1]
        return [{**data, "seconds": 0, "groups": 0}, lines, list(freeze.rows(cast.project))]

    before = told()
    low = {"who": pseudonym(cast.project.pk, cast.bo.pk), "n": 40, "accuracy": 0.1, "competence": 0.0, "low": True}
    monkeypatch.setattr(attention, "ask", lambda answers: {**OPINION, "people": [low]})
    attention.work_out(cast.project)
    client.force_login(cast.max)
    with CaptureQueriesContext(connection) as asked:
        assert told() == before
        for page in ("", *CURATORS):
            assert client.get(f"/p/peoples/{page}").status_code == 200, page
    assert not [query["sql"] for query in asked if "'annotators'" in query["sql"]]
    with CaptureQueriesContext(connection) as asked:
        client.get(PAGE)
    assert [query["sql"] for query in asked if "'annotators'" in query["sql"]]


CURATORS = (
    "disputed/",
    "data/",
    "data/stock/",
    "assignment/",
    "insight/",
    "members/",
    "snapshots/",
    "rounds/",
    "mine/",
)
LONG_AGO = timezone.now() - timedelta(hours=1)


def test_nobody_is_ordered_by_speed_or_shown_with_it(cast: Cast, client):
    crowd = {name: join(make_user(name), cast.project, Role.ANNOTATOR) for name in ("aaron", "berta", "cleo")}
    for _ in range(6):
        item = bare_item(cast)
        for seconds, person in zip((777, 111, 444), crowd.values(), strict=True):  # berta, cleo, aaron by speed
            read(item, {person: "fine"}, active_ms=seconds * 1000, created_at=LONG_AGO)
    measured(cast)
    client.force_login(cast.max)
    for page in ("agreement/", "assignment/", "members/"):
        text = client.get(f"/p/peoples/{page}").content.decode()
        places = [text.rindex(name) for name in crowd]
        assert places == sorted(places), page
        assert not [seconds for seconds in ("777", "111", "444") if f"{seconds} s" in text]
    text = client.get("/p/peoples/insight/").content.decode()
    assert not [name for name in crowd if name in text]  # the team's median, and nobody's
    lines = [json.loads(line) for line in b"".join(export_judgements.as_lines(cast.project)).splitlines()]
    for said in (said for line in lines[:-1] for said in line["judgements"]):
        assert set(said) == {
            *("annotator", "purpose", "outcome", "severity", "categories", "spans", "rewrite", "guideline")
        }
    names = [said["annotator"] for said in lines[0]["judgements"]]
    assert names == sorted(names)


def test_gwets_ac1_stands_beside_alpha_only_where_one_answer_has_more_than_nine_in_ten(cast: Cast):
    for number in range(20):
        read(bare_item(cast), {cast.ada: "fine", cast.bo: "biased" if number == 0 else "fine"})
    found = measured(cast)["questions"]["outcome"]
    assert found["ac1"]["value"] > 0.9
    for _ in range(5):
        read(bare_item(cast), {cast.ada: "biased", cast.bo: "biased"})
    assert "ac1" not in measured(cast)["questions"]["outcome"]


def test_a_larger_project_is_sampled_and_says_so(cast: Cast):
    for _ in range(4):
        read(bare_item(cast), {cast.ada: "fine", cast.bo: "biased"})
    data = agreement.work_out(cast.project, most=4).data
    assert (data["answers"], data["total"], data["sampled"]) == (4, 8, True)


def test_a_group_is_measured_when_five_of_it_and_five_others_read(cast: Cast):
    group = Background.objects.create(project=cast.project, name="Parents")
    people = [join(make_user(f"p{i}"), cast.project, Role.ANNOTATOR) for i in range(10)]
    for person in people[:5]:
        person.memberships.get().backgrounds.add(group)
    for number in range(20):
        inside, outside = people[number % 5], people[5 + number % 4]
        yes = number % 2
        read(
            bare_item(cast),
            {inside: "biased", people[(number + 1) % 5]: "biased", outside: "biased" if yes else "fine"},
        )
    assert measured(cast)["groups"]["shown"] == []  # four others are too few
    for number in range(4):
        read(bare_item(cast), {people[number]: "biased", people[9]: "fine"})
    (found,) = measured(cast)["groups"]["shown"]
    assert found["name"] == "Parents"
    assert found["within"] == {"value": None, "reason": groups.UNTOLD}  # not: that all of them answered alike
    assert found["difference"]["value"] > 0.5
    assert found["difference"]["rare"] is True


def test_figures_of_groups_are_coarse_and_without_counts(cast: Cast, client):
    busy(cast, items=60)
    (found,) = measured(cast)["groups"]["shown"]
    assert set(found) == {"name", "within", "rest", "between", "difference"}
    for part in ("within", "rest", "between"):
        assert set(found[part]) == {"value"}
        assert found[part]["value"] == round(found[part]["value"], 1)
    assert set(found["difference"]) == {"value", "rare"}
    assert 20 * found["difference"]["value"] == pytest.approx(round(20 * found["difference"]["value"]))
    client.force_login(cast.iris)
    page = client.get(PAGE).content.decode()
    assert "worked out once a week, whatever the button does" in page
    rows = list(csv.DictReader(io.StringIO(client.get(PAGE, {"format": "csv"}).content.decode())))
    assert not any(row["n"] or row["low"] or row["high"] for row in rows if row["what"] == "group")


def test_figures_of_groups_stand_for_a_week_whatever_comes_in(cast: Cast, monkeypatch):
    crowd = busy(cast, items=60)
    first = measured(cast)["groups"]
    for person in crowd[5:]:
        person.memberships.get(project=cast.project).backgrounds.clear()
    for _ in range(30):
        read(bare_item(cast), {crowd[0]: "biased", crowd[9]: "fine"})
    assert measured(cast)["groups"] == first
    later = timezone.now() + timedelta(days=7, minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert measured(cast)["groups"]["at"] == later.isoformat()


def test_groups_that_few_people_tell_apart_are_not_both_shown():
    people = set(range(30))
    said = {"A": set(range(10)), "B": set(range(11)), "C": set(range(12, 30)), "D": set(range(20, 30))}
    assert list(backgrounds.shown(said, people)) == ["A", "D"]  # C is nearly all that are not in A
    assert backgrounds.shown({"A": set(range(26))}, people) == {}


def test_what_says_how_often_a_group_calls_something_biased_is_a_rounded_sentence():
    says = agreement_page.group_says
    assert "biased about 15 points more often than the others" in says({"difference": {"value": 0.15, "rare": True}})
    assert "biased about as often as the others" in says({"difference": {"value": 0.0, "rare": False}})
    assert "p not below 0.05" in says({"difference": {"value": -0.05, "rare": False}})


def test_old_reports_are_thinned_to_one_of_each_kind_and_week(cast: Cast, monkeypatch):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
    monkeypatch.setattr(timezone, "now", lambda: now)
    days = [0, 1, 6, 8, 9, 10, 11, 12, 13, 20]  # 8 to 11 days ago: a week's Monday to Thursday
    made = {}
    for kind in ("agreement", "severity"):
        for day in reversed(days):
            report = Report.objects.create(project=cast.project, kind=kind, data={})
            Report.objects.filter(pk=report.pk).update(at=now - timedelta(days=day))
            made[kind, day] = report.pk
    tasks.measure_where_due()
    kept = {place for place, pk in made.items() if Report.objects.filter(pk=pk).exists()}
    assert kept == {(kind, day) for kind in ("agreement", "severity") for day in (0, 1, 6, 8, 12, 20)}
    assert Report.objects.thin() == 0


def test_a_shared_minority_view_is_said_not_to_be_inattention(cast: Cast):
    few = [join(make_user(f"few{i}"), cast.project, Role.ANNOTATOR) for i in range(3)]
    many = [join(make_user(f"many{i}"), cast.project, Role.ANNOTATOR) for i in range(6)]
    for number in range(80):
        harm, other_harm = number % 2 == 0, number % 5 < 2
        said = dict.fromkeys((few[number % 3], few[(number + 1) % 3]), "biased" if other_harm else "fine")
        said |= {many[(number + i) % 6]: "biased" if harm else "fine" for i in range(3)}
        read(bare_item(cast), said)
    data = attention.work_out(cast.project).data
    (circle,) = data["circles"]
    assert circle["kind"] == "minority"
    assert "a minority's view, not inattention" in circle["sentence"]
    assert sorted(circle["who"]) == sorted(pseudonym(cast.project.pk, person.pk) for person in few)
    assert {person["who"] for person in data["people"]} == {
        pseudonym(cast.project.pk, person.pk) for person in (*few, *many)
    }


def test_it_is_due_when_enough_is_new_and_never_for_first_readings(cast: Cast, monkeypatch):
    assert not reports.due(cast.project)
    read(bare_item(cast), {cast.ada: "fine"})
    assert not reports.due(cast.project)
    read(bare_item(cast), {cast.ada: "fine", cast.bo: "fine"})
    assert reports.due(cast.project)
    measured(cast)
    assert not reports.due(cast.project)
    read(bare_item(cast), {cast.ada: "fine", cast.bo: "fine"})
    assert not reports.due(cast.project)  # at most every five minutes
    later = timezone.now() + timedelta(minutes=6)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert reports.due(cast.project)


def test_who_answers_last_at_the_first_seat_is_news_too(cast: Cast):
    item = bare_item(cast)
    read(item, {cast.ada: "fine", cast.bo: "fine"})
    first = Answer.objects.get(seat__position=0)
    last = Answer.objects.get(seat__position=1)
    Answer.objects.filter(pk=first.pk).update(undone_at=timezone.now())
    new = Answer.objects.create(key=uuid.uuid4(), seat=first.seat, item=item, annotator=cast.ada, outcome="biased")
    assert list(reports.new_answers(cast.project, last.pk)) == [new]
    read(bare_item(cast), {cast.ada: "fine"})
    assert list(reports.new_answers(cast.project, new.pk)) == []


def test_one_projects_trouble_does_not_keep_the_timer_from_the_others(cast: Cast, monkeypatch):
    asked: list[int] = []

    def due(project):
        if project == cast.project:
            raise RuntimeError("a report without its data")
        return True

    monkeypatch.setattr(reports, "due", due)
    monkeypatch.setattr(tasks.measure_agreement, "delay_on_commit", lambda pk, whole: asked.append(pk))
    tasks.measure_where_due()
    assert asked == [cast.other.pk]


def test_the_timer_measures_where_it_is_due(cast: Cast, monkeypatch):
    asked: list[tuple[int, bool]] = []
    monkeypatch.setattr(tasks.measure_agreement, "delay_on_commit", lambda pk, whole: asked.append((pk, whole)))
    read(bare_item(cast), {cast.ada: "fine", cast.bo: "fine"})
    tasks.measure_where_due()
    assert asked == [(cast.project.pk, False)]


def test_the_task_makes_both_reports_and_one_at_a_time(cast: Cast, monkeypatch):
    monkeypatch.setattr(attention, "ask", lambda answers: OPINION)
    read(bare_item(cast), {cast.ada: "fine", cast.bo: "fine"})
    cache.set(f"measuring/{cast.project.pk}", True)
    tasks.measure_agreement(cast.project.pk)
    assert not Report.objects.exists()
    cache.clear()
    tasks.measure_agreement(cast.project.pk)
    assert sorted(Report.objects.values_list("kind", flat=True)) == ["agreement", "annotators", "pairs"]
    tasks.measure_agreement(cast.project.pk, whole=False)  # the models were asked a moment ago
    assert sorted(Report.objects.values_list("kind", flat=True)) == ["agreement", "agreement", "annotators", "pairs"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_curators_see_it_annotators_do_not_and_strangers_find_nothing(cast: Cast, client, monkeypatch, method: str):
    monkeypatch.setattr(tasks.measure_agreement, "delay_on_commit", lambda pk: None)
    for person, status in ((cast.iris, {"get": 200, "post": 302}[method]), (cast.ada, 403), (cast.eve, 404)):
        client.force_login(person)
        assert getattr(client, method)(PAGE).status_code == status


def test_a_project_of_single_readings_says_what_to_set(cast: Cast, client):
    client.force_login(cast.iris)
    page = client.get(PAGE).content.decode()
    assert "Agreement needs items that two people read. The overlap of this project is 1" in page
    assert "/p/peoples/assignment/" in page
    cast.project.overlap = 2
    cast.project.save()
    assert "Nothing is worked out yet" in client.get(PAGE).content.decode()


OPINION = {
    "people": [
        {"who": "p-2", "n": 40, "accuracy": 0.5, "competence": 0.1, "low": True},
        {"who": "p-1", "n": 3, "accuracy": None, "competence": None, "low": False},
    ],
    "circles": [
        {
            "who": ["p-2"],
            "kind": "alone",
            "sentence": SENTENCES["alone"],
            "within": {"value": None, "n": 0, "reason": "fewer than two readers on any item"},
            "between": {"value": 0.1, "n": 40, "low": -0.1, "high": 0.3},
        }
    ],
    "answers": 43,
}


def test_the_page_shows_every_figure_and_names_in_the_order_of_names(
    cast: Cast, client, monkeypatch, django_assert_max_num_queries
):
    busy(cast, items=40)
    measured(cast)
    monkeypatch.setattr(attention, "ask", lambda answers: OPINION)
    attention.work_out(cast.project)
    client.force_login(cast.iris)
    with django_assert_max_num_queries(14):
        page = client.get(PAGE)
    text = page.content.decode()
    for words in (
        "Krippendorff’s α",
        "Fleiss’ κ",
        "Disagreement is data",
        "Grew up elsewhere",
        "Category by category",
        SENTENCES["alone"],
    ):
        assert words in text
    assert [pair["names"] for pair in page.context["pairs"]] == sorted(
        (pair["names"] for pair in page.context["pairs"]), key=lambda names: [name.casefold() for name in names]
    )
    assert client.get(PAGE, {"question": "category:kind-2"}).context["question"] == "category:kind-2"
    assert client.get(PAGE, {"question": "no such"}).context["question"] == "outcome"


def test_what_the_models_say_cannot_be_matched_with_names_by_counts(cast: Cast, monkeypatch):
    monkeypatch.setattr(attention, "ask", lambda answers: OPINION)
    data = attention.work_out(cast.project).data
    assert [person["read"] for person in data["people"]] == ["under 100", "under 20"]
    assert not any("n" in part for part in data["people"])
    (circle,) = data["circles"]
    assert circle["between"] == {"value": 0.1}
    assert "n" not in circle["within"]


def test_downloads_hold_the_figures_and_pseudonyms_only(cast: Cast, client):
    busy(cast, items=40)
    cast.project.backgrounds.update(name="=1+1")
    measured(cast)
    client.force_login(cast.iris)
    whole = client.get(PAGE, {"format": "json"})
    assert "attachment" in whole["Content-Disposition"]
    assert "pairs" not in whole.json()["agreement"]  # the page has the same numbers beside names
    rows = list(csv.DictReader(io.StringIO(client.get(PAGE, {"format": "csv"}).content.decode())))
    assert {row["what"] for row in rows} == {"question", "spans", "rewrites", "group", "week"}
    assert {row["of"] for row in rows if row["what"] == "group"} == {"'=1+1"}
    assert "Ama Boateng" not in client.get(PAGE, {"format": "csv"}).content.decode()
    assert client.get(PAGE, {"format": "exe"}).status_code == 404


def test_asking_waits_for_the_report_and_then_brings_the_page(cast: Cast, client, monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(tasks.measure_agreement, "delay_on_commit", lambda pk: asked.append(pk))
    read(bare_item(cast), {cast.ada: "fine", cast.bo: "biased"})
    client.force_login(cast.iris)
    for _ in range(3):
        assert client.post(PAGE).status_code == 302
    assert asked == [cast.project.pk]  # once, however often it is pressed
    poll = {"HTTP_HX_REQUEST": "true"}
    waiting = client.get(PAGE, **poll)
    assert "hx-trigger" in waiting.content.decode()
    assert "HX-Refresh" not in waiting
    measured(cast)
    assert client.get(PAGE, **poll)["HX-Refresh"] == "true"
    assert "hx-trigger" not in client.get(PAGE).content.decode()
    client.post(PAGE)
    assert len(asked) == 2


def test_no_worker_is_said_and_not_waited_for(cast: Cast, client, monkeypatch):
    def refuse(pk: int) -> None:
        raise NoBroker("nobody listens")

    monkeypatch.setattr(tasks.measure_agreement, "delay_on_commit", refuse)
    client.force_login(cast.iris)
    page = client.post(PAGE, follow=True).content.decode()
    assert "No worker can be reached" in page
    assert "hx-trigger" not in page


def test_says_never_calls_a_number_good_or_bad():
    says = agreement_page.says
    assert "beyond chance: 40 %" in says({"value": 0.4, "low": 0.3, "high": 0.5, "n": 90})
    assert "cannot tell" in says({"value": 0.1, "low": -0.1, "high": 0.3, "n": 90})
    assert "opposite" in says({"value": -0.4, "low": -0.5, "high": -0.3, "n": 90})
    assert "too few" in says({"value": 0.4, "n": 4})
    assert says({"value": None, "reason": "all answers equal", "n": 3}) == "Not defined: all answers equal."

"""The dashboard: what is counted, by whom it is seen, what it says where there is nothing."""

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError as NoBroker

from annotation.measures import agreement, insight_counts, pictures
from annotation.measures.insight_counts import Filters, median
from annotation.models import Answer, Seat
from annotation.tasks import count_insight
from studio import charts
from studio.models import Background, Role
from tests.annotation.readings import bare_item, busy, read
from tests.cast import Cast, join, make_comparison, make_user, make_version

PAGE = "/p/peoples/insight/"
NAMES = (
    *("throughput", "versions", "agreement", "topics", "groups", "backgrounds", "severity", "time", "queue", "modes"),
)


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


def test_an_annotator_does_not_see_it_and_a_stranger_finds_nothing(cast: Cast, client):
    for person, status in ((cast.iris, 200), (cast.max, 200), (cast.ada, 403), (cast.eve, 404)):
        client.force_login(person)
        assert client.get(PAGE).status_code == status
        assert client.get(f"{PAGE}throughput.svg").status_code == (404 if status == 200 else status)


def test_an_empty_project_says_what_is_missing_and_how_to_get_it(cast: Cast, client):
    client.force_login(cast.iris)
    page = client.get(PAGE).content.decode()
    assert "No answers in this period." in page
    assert "Agreement needs an overlap of 2" in page
    assert "metadata such as" in page
    assert "<svg xmlns" not in page
    assert "one way of working" not in page  # there are no answers that could be
    assert "the readers it wants" not in page  # nor items
    assert page.count('class="card"') == 1  # all in one list, and no empty cards


def test_charts_of_answers_show_what_was_counted(cast: Cast):
    now = timezone.now()
    before = now - timedelta(days=1)
    read(bare_item(cast), {cast.ada: "biased", cast.bo: "fine"}, created_at=before)
    read(bare_item(cast), {cast.ada: "biased"}, severity=3, created_at=now)
    read(bare_item(cast), {cast.ada: "cannot_judge", cast.bo: "biased"}, created_at=now)
    compared = make_comparison(cast.project)
    compared.seats.all().delete()
    read(compared, {cast.ada: "first"}, created_at=now)
    facts = counted(cast)
    days = pictures.throughput(insight_counts.count(cast.project, Filters(weeks=4)), Filters(weeks=4))
    assert days.columns == ["Day", "fine", "biased", "cannot judge", "comparisons and demonstrations"]
    assert days.rows[-2:] == [
        [pictures.short_day(before.date()), "1", "1", "0", "0"],
        [pictures.short_day(now.date()), "0", "2", "1", "1"],
    ]
    assert all(row[1:] == ["0"] * 4 for row in days.rows[:-2])
    severity = pictures.severity(facts)
    assert [row[1] for row in severity.rows] == ["0", "2", "1"]
    modes = pictures.modes(facts, Filters(weeks=None))
    assert modes.columns[1:] == ["reviews", "comparisons", "demonstrations"]
    assert [sum(int(row[column]) for row in modes.rows) for column in (1, 2, 3)] == [5, 1, 0]
    tall = {mark.says: mark.at["height"] for mark in severity.marks if mark.look == "bar"}
    assert len(tall) == 2
    assert max(tall.values()) == pytest.approx(2 * min(tall.values()))


def test_no_name_on_an_axis_is_cut_off_in_a_file():
    days = [(f"{number} Nov", [1.0]) for number in range(1, 29)]
    long = [f"a column with a long name {number}" for number in range(12)]
    for chart in (
        charts.bars("b", "t", "a", data=days, series=["n"], first="x"),
        charts.lines("l", "t", "a", points=[charts.Point(name, 0.5) for name, _ in days], heads=["a"] * 4),
        charts.heat("h", "t", "a", rows=["row"], columns=long, cells=[[0.5] * 12], first="c"),
    ):
        for mark in (mark for mark in chart.marks if mark.look == "axis"):
            wide = 6 * len(mark.text) * (math.cos(math.radians(32)) if "transform" in mark.at else 1)
            right = mark.at["x"] + wide * {"end": 0, "middle": 0.5}.get(mark.at.get("text-anchor", ""), 1)
            assert right <= charts.WIDTH, (chart.name, mark.text)


def test_every_chart_has_a_title_a_description_a_table_and_a_file(cast: Cast, client):
    busy(cast, items=40)
    read(make_comparison(cast.project), {cast.ada: "first"})
    agreement.work_out(cast.project)
    client.force_login(cast.iris)
    page = client.get(f"{PAGE}?period=12").content.decode()
    for name in NAMES:
        assert f'aria-labelledby="{name}-title {name}-about"' in page, name
        assert f"{name}.svg?period=12" in page
        answer = client.get(f"{PAGE}{name}.svg?period=12")
        assert answer["Content-Type"] == "image/svg+xml"
        picture = ET.fromstring(answer.content.decode())
        assert 'class="' not in answer.content.decode()
        assert picture.find("{http://www.w3.org/2000/svg}title").text
        assert picture.find("{http://www.w3.org/2000/svg}desc").text
    assert page.count('role="img"') == page.count("As a table") == len(NAMES)
    assert "Not drawn" not in page
    assert 'data-name="peoples-throughput.png"' in page  # as its SVG is called
    assert f'filename="peoples-{NAMES[-1]}.svg"' in answer["Content-Disposition"]


def test_how_many_queries_it_takes_does_not_depend_on_how_much_there_is(cast: Cast, client, django_assert_num_queries):
    busy(cast, items=10)
    client.force_login(cast.iris)
    client.get(PAGE)
    cache.clear()
    with django_assert_num_queries(17):
        client.get(PAGE)
    with django_assert_num_queries(6):  # what was counted a moment ago is shown again
        client.get(PAGE)
    cache.clear()
    busy_more(cast)
    with django_assert_num_queries(17):
        client.get(PAGE)


def busy_more(cast: Cast) -> None:
    for _ in range(30):
        read(bare_item(cast), {cast.ada: "biased", cast.bo: "fine"})


def counted(cast: Cast, **filters: Any) -> insight_counts.Facts:
    return insight_counts.count(cast.project, Filters(**{"weeks": None, **filters}))


def test_what_is_taken_back_or_given_on_gold_does_not_count(cast: Cast):
    read(bare_item(cast), {cast.ada: "biased"})
    read(bare_item(cast), {cast.ada: "fine"}, purpose="gold")
    read(bare_item(cast), {cast.ada: "fine"}, purpose="onboarding")
    read(bare_item(cast), {cast.ada: "fine"}, undone_at=timezone.now())
    assert sum(cell.n for cell in counted(cast).cells) == 1


def test_filters_hold_for_topic_mode_and_period(cast: Cast):
    read(bare_item(cast), {cast.ada: "fine"})
    read(bare_item(cast, topic=None), {cast.ada: "fine"})
    read(bare_item(cast), {cast.ada: "fine"}, created_at=timezone.now() - timedelta(weeks=6))
    assert sum(cell.n for cell in counted(cast).cells) == 3
    assert sum(cell.n for cell in counted(cast, topic="work").cells) == 2
    assert sum(cell.n for cell in counted(cast, mode="compare").cells) == 0
    assert sum(cell.n for cell in counted(cast, weeks=4).cells) == 2


def test_models_are_compared_by_one_reading_per_item(cast: Cast):
    old, new = make_version(cast.project, 0), make_version(cast.project, 1)
    for _ in range(3):
        read(bare_item(cast, version=old), {cast.ada: "biased", cast.bo: "fine"})
    read(bare_item(cast, version=new), {cast.ada: "fine", cast.bo: "biased"})
    read(bare_item(cast, version=new), {cast.ada: "cannot_judge"})
    chart = pictures.versions(counted(cast))
    assert [row[:2] + row[3:] for row in chart.rows] == [["version 0", "100 %", "3"], ["version 1", "0 %", "1"]]
    assert chart.rows[0][2] == "44 % to 100 %"  # Wilson's, of 3 in 3


def test_the_reading_that_stands_first_counts_wherever_its_reader_sat(cast: Cast):
    version = make_version(cast.project, 0)
    first, _ = read(bare_item(cast, version=version), {cast.ada: "fine", cast.bo: "biased"})
    Answer.objects.filter(pk=first.pk).update(undone_at=timezone.now())
    item = cast.item(version=version)  # its first seat is open still
    read(item, {cast.bo: "biased"})
    chart = pictures.versions(counted(cast))
    assert [row[:2] + row[3:] for row in chart.rows] == [["version 0", "100 %", "2"]]


def test_a_prompt_may_name_several_groups_and_counts_for_each(cast: Cast, client):
    for group in (["nurses", "men"], "nurses", 7, [], ["", None, ["a"]], {"a": 1}, True):
        item = bare_item(cast)
        item.prompt.metadata = {"group": group}
        item.prompt.save()
        (answer,) = read(item, {cast.ada: "biased"})
        if group != "nurses":
            answer.categories.add(cast.category)
    found = counted(cast).groups
    assert (found.columns, found.cells, found.n) == (["7", "men", "nurses"], [[1.0, 1.0, 0.5]], [1, 1, 2])
    client.force_login(cast.iris)
    assert client.get(PAGE, {"period": "all"}).status_code == 200
    assert client.get(f"{PAGE}groups.svg").status_code == 200


def test_a_category_is_a_share_of_those_who_judged(cast: Cast):
    (answer,) = read(bare_item(cast), {cast.ada: "biased"})
    answer.categories.add(cast.category)
    read(bare_item(cast), {cast.ada: "fine"})
    read(bare_item(cast), {cast.ada: "cannot_judge"})
    found = counted(cast).topics
    assert (found.rows, found.columns, found.cells, found.n) == (["Stereotype"], ["Work"], [[0.5]], [2])


def test_a_background_is_shown_when_enough_belong_to_it_and_enough_do_not(cast: Cast):
    group = Background.objects.create(project=cast.project, name="Parents")
    people = [join(make_user(f"p{i}"), cast.project, Role.ANNOTATOR) for i in range(9)]
    for person in people[:5]:
        person.memberships.get().backgrounds.add(group)
    for person in people:
        (answer,) = read(bare_item(cast), {person: "biased"})
        if person in people[:2]:
            answer.categories.add(cast.category)
    assert counted(cast).backgrounds.columns == []  # four others are too few
    late = join(make_user("p9"), cast.project, Role.ANNOTATOR)
    read(bare_item(cast), {late: "fine"})
    found = counted(cast).backgrounds
    assert (found.columns, found.cells, found.n) == (["Parents"], [[2 / 5]], [])


def test_backgrounds_are_coarse_and_know_no_topic_and_no_day(cast: Cast, client):
    group = Background.objects.create(project=cast.project, name="Parents")
    people = [join(make_user(f"p{i}"), cast.project, Role.ANNOTATOR) for i in range(11)]
    for place, person in enumerate(people):
        (answer,) = read(bare_item(cast), {person: "biased"})
        if place < 6:
            person.memberships.get().backgrounds.add(group)
        if place == 0:
            answer.categories.add(cast.category)
    first = counted(cast, weeks=4).backgrounds
    assert first.cells == [[0.15]]  # one of six
    for filters in ({"topic": "work"}, {"mode": "compare"}):
        assert counted(cast, weeks=4, **filters).backgrounds == first
    read(bare_item(cast), {people[0]: "fine"})
    assert counted(cast, weeks=4).backgrounds == first
    client.force_login(cast.iris)
    page = client.get(PAGE, {"topic": "work"}).content.decode()
    assert "shares are to 5 points" in page
    assert "17 %" not in page


def test_what_waits_is_counted_by_age_and_not_if_somebody_holds_it(cast: Cast):
    cast.item(overlap=2)
    old = cast.item()
    type(old).objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=10))
    held = cast.item()
    later = timezone.now() + timedelta(minutes=5)
    Seat.objects.filter(item=held).update(holder=cast.ada, lease_ends_at=later)
    found = counted(cast).queue
    assert (found["seats"], found["items"]) == (3, 2)
    assert [found[f"age_{i}"] for i in range(4)] == [1, 0, 1, 0]
    assert (timezone.now() - found["oldest"]).days == 10


def test_time_per_item_is_the_median_of_the_team(cast: Cast):
    for seconds in (4, 10, 3000):
        read(bare_item(cast), {cast.ada: "fine"}, active_ms=seconds * 1000 + 400)
    read(bare_item(cast), {cast.ada: "fine"})
    times = counted(cast).times
    assert sorted((seconds, n) for _, seconds, n in times) == [(4, 1), (10, 1), (600, 1)]
    assert median((seconds, n) for _, seconds, n in times) == 10
    assert median([(4, 1), (10, 1)]) == 7
    assert median([]) is None


def test_what_is_slow_to_count_is_shown_as_it_was_while_a_worker_counts(cast: Cast, client, monkeypatch):
    asked: list[Any] = []
    monkeypatch.setattr(count_insight, "delay", lambda *args: asked.append(args))
    client.force_login(cast.iris)
    client.get(PAGE)
    filters = Filters()
    kept = cache.get(insight_counts.key(cast.project, filters))
    old = replace(kept, at=timezone.now() - timedelta(minutes=5), seconds=3.0)
    cache.set(insight_counts.key(cast.project, filters), old)
    read(bare_item(cast), {cast.ada: "fine"})
    assert "it is being counted again" in client.get(PAGE).content.decode()
    client.get(PAGE)
    assert asked == [(cast.project.pk, 4, "", "")]  # once, however many look
    count_insight(*asked[0])
    assert client.get(PAGE).context["answers"] == 1


def test_of_very_many_answers_the_first_counting_is_a_workers_too(cast: Cast, client, monkeypatch):
    asked: list[Any] = []
    monkeypatch.setattr(count_insight, "delay", lambda *args: asked.append(args))
    monkeypatch.setattr(insight_counts, "MANY", 1)
    read(bare_item(cast), {cast.ada: "fine"})
    client.force_login(cast.iris)
    assert "Being counted" in client.get(PAGE).content.decode()
    assert client.get(PAGE, headers={"HX-Request": "true"}).status_code == 204
    assert client.get(f"{PAGE}severity.svg").status_code == 404
    assert len(asked) == 1
    count_insight(*asked[0])
    assert client.get(PAGE, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert client.get(PAGE).context["answers"] == 1


def test_where_no_worker_can_be_reached_whoever_looks_counts(cast: Cast, client, monkeypatch):
    def refuse(*args: Any) -> None:
        raise NoBroker("nobody listens")

    monkeypatch.setattr(count_insight, "delay", refuse)
    monkeypatch.setattr(insight_counts, "MANY", 1)
    read(bare_item(cast), {cast.ada: "fine"})
    client.force_login(cast.iris)
    client.get(PAGE)
    assert client.get(PAGE).context["answers"] == 1


def test_an_address_that_makes_no_sense_is_as_if_it_said_nothing(cast: Cast, client):
    client.force_login(cast.iris)
    page = client.get(PAGE, {"period": "-1", "topic": "nowhere", "mode": "x' OR 1=1"})
    assert page.status_code == 200
    assert page.context["filters"] == Filters()
    assert client.get(reverse("annotation:chart", args=["peoples", "no-such"])).status_code == 404


def test_names_cannot_break_out_of_a_picture():
    chart = charts.heat(
        "x", "<b>t</b>", '"a"', rows=["<script>alert(1)</script>"], columns=["a&b"], cells=[[0.5]], first="c"
    )
    for picture in (chart.svg, chart.file()):
        assert "<script>" not in picture
        assert "<b>" not in picture
        ET.fromstring(picture)


@pytest.mark.parametrize(
    ("top", "expected"), [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (9, [0, 5, 10]), (0.31, [0, 0.1, 0.2, 0.3, 0.4])]
)
def test_axes_have_round_numbers(top: float, expected: list[float]):
    assert charts.ticks(top) == pytest.approx(expected)


def test_a_chart_of_nothing_and_of_one_can_be_drawn():
    for data in ([], [("a", [0.0])], [("a", [5.0])]):
        ET.fromstring(charts.bars("b", "t", "a", data=data, series=["n"], first="x").file())
    for points in ([], [charts.Point("a", None, reason="why")], [charts.Point("a", -0.4, -0.6, 0.1, 3)]):
        ET.fromstring(charts.lines("l", "t", "a", points=points, heads=["a"] * 4).file())
    assert Answer.objects  # no rows were needed

"""Severities are guessed only where guessing is better than the mean."""

import random
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation import tasks
from annotation.measures import forecast
from annotation.models import Answer, Item, Report, Seat
from annotation.queue.gold import mark
from annotation.science.severity import Errors, Known, Model, cross_validate
from tests.cast import Cast, make_comparison, make_demonstration, settle_item

HARSH = ["vermin", "worthless", "filthy"]
MILD = ["weather", "garden", "bread"]


def sentence(n: int, words: list[str]) -> str:
    chance = random.Random(n)
    return " ".join(chance.choices([*words, "people", "are", "said", "to", "be", "often"], k=12))


def known(n: int, *, severity: float | None = None) -> Known:
    harsh = n % 2 == 0
    said = severity if severity is not None else 3.0 * harsh
    return Known(sentence(n, HARSH if harsh else MILD), "Work", n, said)


def test_a_word_that_readers_find_severe_is_forecast_as_severe() -> None:
    model = Model([known(n) for n in range(60)])
    high, low = model.predict(["They are filthy vermin.", "The weather in the garden."], ["Work", "never seen"])
    assert 0 <= low < 1 < high <= 3
    assert model.predict([], []) == []


def test_cross_validation_sees_what_helps_and_what_does_not() -> None:
    helps = cross_validate([known(n) for n in range(60)])
    assert helps.is_better
    assert helps.mae < 0.75
    assert helps.baseline == pytest.approx(1.5, abs=0.1)
    chance = random.Random(1)
    noise = cross_validate([known(n, severity=float(chance.randint(0, 3))) for n in range(60)])
    assert not noise.is_better


def test_answers_to_one_prompt_are_never_on_both_sides() -> None:
    with pytest.raises(ValueError, match="one prompt"):
        cross_validate([Known("a b", "", 1, 0.0)] * 9)
    copies = [Known(f"word{n // 6} again", "", n // 6, float(n // 6 % 4)) for n in range(60)]
    assert not cross_validate(copies).is_better  # each text tells its severity, but of no other prompt's


def test_texts_without_any_word_are_no_accident() -> None:
    assert len(Model([Known("!", "", 1, 0.0), Known("?", "", 2, 1.0)]).predict([""], [""])) == 1


def test_better_means_better_than_chance_would_make_it() -> None:
    assert Errors(50, 1.0, 1.1, 0.01).is_better
    assert not Errors(50, 1.0, 1.1, -0.01).is_better


@pytest.fixture
def judged(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(forecast, "ENOUGH", 20)
    for n in range(20):
        item = cast.item(text=sentence(n, HARSH if n % 2 == 0 else MILD))
        settle_item(item, outcome="fine" if n % 2 else "biased")
    return cast


def test_unread_items_get_a_guess_and_the_report_says_how_good_it_is(judged: Cast) -> None:
    harsh, mild = judged.item(text="Filthy worthless vermin."), judged.item(text="Bread, garden, weather.")
    report = forecast.run(judged.project)
    assert report is not None
    assert report.data["n"] == 20
    assert report.data["mae"] < report.data["baseline"]
    assert report.data["written"]
    harsh.refresh_from_db()
    mild.refresh_from_db()
    assert harsh.predicted_severity > mild.predicted_severity
    assert Item.objects.exclude(predicted_severity=None).count() == 2
    assert not forecast.due(judged.project)


def test_second_readings_gold_and_comparisons_get_a_guess_too(judged: Cast) -> None:
    begun, gold = judged.item(overlap=2), judged.item(text="Filthy worthless vermin.")
    Seat.objects.filter(item=begun, position=0).update(
        status="answered", holder=judged.ada, lease_ends_at=timezone.now()
    )
    mark(settle_item(gold).item, actor=judged.iris)
    harsh, mild = "Filthy worthless vermin.", "Bread, garden, weather."
    pairs = [make_comparison(judged.project, text=one, other=two) for one in (harsh, mild) for two in (harsh, mild)]
    make_demonstration(judged.project)
    forecast.run(judged.project)
    guesses = dict(Item.objects.exclude(predicted_severity=None).values_list("pk", "predicted_severity"))
    assert set(guesses) == {begun.pk, gold.pk, *(pair.pk for pair in pairs)}
    both, first, second, neither = (guesses[pair.pk] for pair in pairs)
    assert both == first == second > neither
    assert not forecast.due(judged.project)


def test_what_comes_later_gets_its_guess_without_another_report(judged: Cast) -> None:
    forecast.run(judged.project)
    judged.item()
    assert forecast.due(judged.project)
    forecast.run(judged.project)
    assert Item.objects.exclude(predicted_severity=None).count() == 1
    assert Report.objects.count() == 1


def test_what_is_read_much_later_does_not_ask_for_a_forecast_every_minute(
    judged: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "MOST_UNREAD", 2)
    monkeypatch.setattr(forecast, "CHUNK", 2)
    [judged.item() for _ in range(5)]
    forecast.run(judged.project)
    assert Item.objects.exclude(predicted_severity=None).count() == 2
    assert not forecast.due(judged.project)


def test_where_guessing_is_no_better_than_the_mean_nothing_is_written_and_old_guesses_go(judged: Cast) -> None:
    unread = judged.item()
    Item.objects.filter(pk=unread.pk).update(predicted_severity=2.5)
    chance = random.Random(3)
    for answer in Answer.objects.filter(outcome="biased").order_by("pk"):
        Answer.objects.filter(pk=answer.pk).update(severity=chance.randint(1, 3))
    for n, item in enumerate(Item.objects.filter(verdict__isnull=False).order_by("pk")):  # not by ids: these go on
        type(item.generation).objects.filter(pk=item.generation_id).update(text=sentence(n * 7, HARSH + MILD))
    report = forecast.run(judged.project)
    assert report is not None
    assert not report.data["written"]
    assert not Item.objects.exclude(predicted_severity=None).exists()
    assert not forecast.due(judged.project)


def test_new_answers_make_a_new_report_after_a_while(judged: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    forecast.run(judged.project)
    settle_item(judged.item())
    assert not forecast.due(judged.project)
    monkeypatch.setattr(forecast, "AGAIN", timedelta(0))
    assert forecast.due(judged.project)
    forecast.run(judged.project)
    assert Report.objects.count() == 2


def test_too_little_to_learn_from_is_no_report(cast: Cast) -> None:
    settle_item(cast.item())
    assert not forecast.due(cast.project)
    assert forecast.run(cast.project) is None


def test_the_timer_sends_for_a_forecast_once_a_minute_at_most(judged: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(tasks.forecast_severity, "delay_on_commit", sent.append)
    tasks.cache.clear()
    tasks.ask_forecasts()
    tasks.ask_forecasts()
    assert sent == [judged.project.pk]
    tasks.forecast_severity(judged.project.pk)
    assert Report.objects.count() == 1


def test_the_web_server_never_loads_scikit_learn() -> None:
    code = "import studio.wsgi, studio.urls, sys; raise SystemExit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The numbers of the live page: curve, durations, stations."""

import math

import pytest

from tests.cast import make_round
from training.evidence import LEFT, RIGHT, whisker
from training.live import curve, duration, running, steps, thinned
from training.models import RoundMetric, Score, State


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (59.5, "1 min 0 s"),
        (125, "2 min 5 s"),
        (12_000, "3 h 20 min"),
        (None, ""),
        (-1, ""),
        (math.nan, ""),
        (math.inf, ""),
        ("soon", ""),
    ],
)
def test_a_duration_reads_like_speech(seconds, text):
    assert duration(seconds) == text


def metrics(*losses: float | None) -> list[RoundMetric]:
    return [RoundMetric(step=n, loss=loss) for n, loss in enumerate(losses, 1)]


@pytest.mark.parametrize("losses", [(), (1.0,), (None, 2.0), (None, None, None)])
def test_less_than_two_losses_make_no_curve(losses):
    assert curve(metrics(*losses)) is None


@pytest.mark.parametrize("losses", [(3.0, 2.0, 1.0), (0.0, 0.0), (-1.0, 2.0), (5.0, None, 1e6)])
def test_a_curve_stays_inside_its_box(losses):
    found = curve(metrics(*losses))
    points = [tuple(map(float, pair.split(","))) for pair in found.points.split()]
    assert len(points) == sum(loss is not None for loss in losses)
    assert all(48 <= x <= 600 and 10 <= y <= 196 for x, y in points)
    assert len(found.smooth.split()) == len(points)


@pytest.mark.parametrize(("count", "most"), [(0, 0), (1, 1), (200, 200), (201, 102), (1999, 200)])
def test_a_long_round_is_thinned_and_keeps_its_newest_step(cast, count, most):
    round = make_round(cast.project)
    RoundMetric.objects.bulk_create(RoundMetric(round=round, step=n, loss=1 / n) for n in range(1, count + 1))
    found = [metric.step for metric in thinned(round)]
    assert len(found) <= most
    assert found == sorted(set(found))
    assert found[-1:] == ([count] if count else [])


@pytest.mark.parametrize(
    ("path", "looks"),
    [
        ([], ["is-now", "", "", ""]),
        ([State.TRAINING], ["is-done", "is-now", "", ""]),
        ([State.TRAINING, State.EVALUATING], ["is-done", "is-done", "is-now", ""]),
        ([State.TRAINING, State.EVALUATING, State.PASSED], ["is-done"] * 4),
        ([State.TRAINING, State.FAILED], ["is-done", "is-bad", "", ""]),
        ([State.CANCELLED], ["is-bad", "", "", ""]),
    ],
)
def test_the_stations_show_where_a_round_stands_or_stopped(cast, path, looks):
    round = make_round(cast.project)
    for state in path:
        round.move(state)
    assert [step.look for step in steps(round)] == looks


@pytest.mark.parametrize(
    ("value", "low", "high", "inside"),
    [
        (0.5, 0.25, 0.75, True),
        (0.0, 0.0, 0.02, True),
        (1.0, None, None, True),
        (1.2, -1.0, 3.0, True),
        (None, None, None, False),
    ],
)
def test_a_share_stays_inside_its_chart(value, low, high, inside):
    found = whisker(Score(value=value, low=low, high=high))
    assert (found is not None) is inside
    assert found is None or LEFT <= found.low <= found.x <= found.high <= RIGHT


def test_the_running_mean_starts_at_the_first_loss_and_follows():
    assert running([2.0]) == [2.0]
    assert running([1.0, 1.0, 1.0]) == pytest.approx([1.0, 1.0, 1.0])
    means = running([4.0, 0.0, 4.0, 0.0])
    assert means[0] == 4.0
    assert 0 < means[-1] < 4

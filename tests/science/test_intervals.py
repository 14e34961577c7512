import math

import numpy as np
import pytest
from scipy.stats import binomtest

from training.science import intervals


@pytest.mark.parametrize(("successes", "n"), [(8, 10), (1, 3), (50, 100), (199, 200)])
def test_wilson_agrees_with_scipy(successes, n):
    expected = binomtest(successes, n).proportion_ci(method="wilson")
    assert intervals.wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_stays_inside_0_and_1_and_touches_them_at_the_ends():
    assert intervals.wilson(0, 20)[0] == 0
    assert 0.1 < intervals.wilson(0, 20)[1] < 0.2
    assert intervals.wilson(20, 20)[1] == 1


def test_wilson_of_nothing_is_nan_and_of_nonsense_an_error():
    assert all(math.isnan(bound) for bound in intervals.wilson(0, 0))
    with pytest.raises(ValueError):
        intervals.wilson(3, 2)
    with pytest.raises(ValueError):
        intervals.wilson(1, 2, design_effect=0.5)


def test_samples_of_one_prompt_that_always_agree_count_as_one():
    values, prompts = [1.0, 0.0] * 50, [i % 2 for i in range(100)]
    clustered = [float(i % 20 < 10) for i in range(100)]
    effect = intervals.design_effect(clustered, [i % 20 for i in range(100)])
    assert effect == pytest.approx(5, rel=0.1)
    assert intervals.design_effect(values, list(range(100))) == pytest.approx(100 / 99)
    assert intervals.design_effect(values, prompts) > 50
    assert intervals.design_effect([1.0] * 5, list("aabbc")) == 1
    wide, narrow = intervals.wilson(50, 100, design_effect=effect), intervals.wilson(50, 100)
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_the_bootstrap_covers_the_mean_as_often_as_it_says():
    source = np.random.default_rng(1)
    hits = 0
    for seed in range(200):
        values = source.normal(3.0, 1.0, 60)
        low, high = intervals.percentile(intervals.bootstrap(values, list(range(60)), resamples=400, seed=seed))
        hits += low <= 3.0 <= high
    assert 0.90 <= hits / 200 <= 0.985


def test_clusters_widen_the_bootstrap_and_fewer_than_ten_say_nothing():
    values = [float(i // 10) for i in range(100)]
    alone = intervals.percentile(intervals.bootstrap(values, list(range(100))))
    together = intervals.percentile(intervals.bootstrap(values, [i // 10 for i in range(100)]))
    assert together.high - together.low > 2 * (alone.high - alone.low)
    for few in (1, 2, 9):
        assert math.isnan(intervals.percentile(intervals.bootstrap(values, [i % few for i in range(100)])).low)


def test_the_bootstrap_repeats_itself_and_large_data_are_drawn_without_the_table(monkeypatch):
    ratio = {"denominators": [2.0] * 30, "resamples": 100, "seed": 3}
    first = intervals.bootstrap(range(30), list(range(30)), **ratio)
    assert (first == intervals.bootstrap(range(30), list(range(30)), **ratio)).all()
    monkeypatch.setattr(intervals, "_CACHED_CELLS", 10)
    assert intervals.bootstrap(range(30), list(range(30)), **ratio).mean() == pytest.approx(first.mean(), rel=0.1)


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (3, 10), (10, 3), (7, 7), (0, 6), (400, 300)])
def test_mcnemar_is_the_exact_binomial_test_of_the_discordant_pairs(worse, better):
    expected = binomtest(worse, worse + better, 0.5).pvalue if worse + better else 1.0
    assert intervals.mcnemar(worse, better) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "p"), [(np.ones(999), 0.002), (-np.ones(999), 0.002), (np.zeros(99), 1.0), (np.linspace(-1, 1, 99), 1.0)]
)
def test_the_bootstrap_p_value_is_never_zero_and_1_without_a_difference(values, p):
    assert intervals.two_sided(values) == pytest.approx(p, abs=0.03)
    assert intervals.two_sided(values) > 0
    assert math.isnan(intervals.two_sided(np.array([np.nan, 1.0])))

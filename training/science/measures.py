"""From raw per-item results to scores: what a metric is, and how any metric is totalled, bounded and compared.

`bias` and `capability` say which metrics there are. A score is a plain dict, ready for JSON:
{"metric", "axis", "group", "value", "low", "high", "n", "interval", "unit", "target", "higher_is_better"}.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.science import intervals
from training.science.spec import ALL

Raw = Mapping[str, Any]
Score = dict[str, Any]


def _one(row: Raw) -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class Metric:
    """Σ top(row) / Σ below(row) over raw rows of one kind."""

    name: str
    kind: str
    """Kind of item it is made from: answer, pair, text or exact."""
    unit: str
    """share, nats, nats/token or bits/byte."""
    top: Callable[[Raw], float]
    below: Callable[[Raw], float] = _one
    share: bool = False
    """Each row is 0, 1 or a half: Wilson applies, and McNemar where no two rows share a cluster; else the bootstrap."""
    target: float | None = None
    """The value of a model without preference, where there is such a value."""
    higher_is_better: bool | None = None


def cluster_of(row: Raw) -> Hashable:
    """Rows that must be drawn together: pairs of one template and group, samples of one prompt."""
    if row["kind"] == "pair":
        return row.get("template") or row["id"], row.get("group", ALL)
    return str(row["id"])


def score_rows(metrics: Sequence[Metric], rows: Sequence[Raw], *, resamples: int, seed: int) -> list[Score]:
    """Scores of every metric over all rows, per axis, and per group of each axis."""
    scores = []
    for metric in metrics:
        for axis, group, part in _cuts([row for row in rows if row["kind"] == metric.kind]):
            low, high = _bounds(metric, part, resamples, seed)
            scores.append(
                {
                    "metric": metric.name,
                    "axis": axis,
                    "group": group,
                    "value": value_of(metric, part),
                    "low": number_or_none(low),
                    "high": number_or_none(high),
                    "n": len(part),
                    "interval": "wilson" if metric.share else "bootstrap",
                    "unit": metric.unit,
                    "target": metric.target,
                    "higher_is_better": metric.higher_is_better,
                }
            )
    return scores


def compare_rows(
    metrics: Sequence[Metric], candidate: Sequence[Raw], current: Sequence[Raw], *, resamples: int, seed: int
) -> list[Score]:
    """Differences candidate minus current on the same items, per metric, axis and group.

    Returns
    -------
    list of dict
        {"metric", "axis", "group", "delta", "low", "high", "p", "test", "n"}: the interval is a percentile interval
        of the paired cluster bootstrap, p is McNemar's for shares and the bootstrap's for the rest.

    Raises
    ------
    ValueError
        If the two do not hold the same items and samples.
    """
    other = {_key(row): row for row in current}
    if len(other) != len(current) or {_key(row) for row in candidate} != set(other) or len(candidate) != len(other):
        raise ValueError("the two models were not asked the same items")
    comparisons = []
    for metric in metrics:
        for axis, group, part in _cuts([row for row in candidate if row["kind"] == metric.kind]):
            comparisons.append(
                {"metric": metric.name, "axis": axis, "group": group, "n": len(part)}
                | _difference(metric, part, [other[_key(row)] for row in part], resamples, seed)
            )
    return comparisons


def value_of(metric: Metric, rows: Sequence[Raw]) -> float:
    """The metric over `rows`, of which there must be at least one."""
    return sum(metric.top(row) for row in rows) / sum(metric.below(row) for row in rows)


def number_or_none(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value


def _bounds(metric: Metric, rows: Sequence[Raw], resamples: int, seed: int) -> intervals.Interval:
    values, clusters = [metric.top(row) for row in rows], [cluster_of(row) for row in rows]
    if metric.share:
        effect = intervals.design_effect(values, clusters)
        return intervals.wilson(sum(values), len(values), design_effect=effect)
    below = [metric.below(row) for row in rows]
    drawn = intervals.bootstrap(values, clusters, denominators=below, resamples=resamples, seed=seed)
    return intervals.percentile(drawn)


def _difference(
    metric: Metric, candidate: Sequence[Raw], current: Sequence[Raw], resamples: int, seed: int
) -> dict[str, Any]:
    clusters = [cluster_of(row) for row in candidate]
    drawn = [
        intervals.bootstrap(
            [metric.top(row) for row in rows],
            clusters,
            denominators=[metric.below(row) for row in rows],
            resamples=resamples,
            seed=seed,  # the same draws for both: that is what pairs them
        )
        for rows in (candidate, current)
    ]
    low, high = intervals.percentile(drawn[0] - drawn[1])
    alone = metric.share and len(set(clusters)) == len(clusters)  # McNemar takes rows as independent
    if alone:
        signs = [metric.top(new) - metric.top(old) for new, old in zip(candidate, current, strict=True)]
        p = intervals.mcnemar(sum(sign < 0 for sign in signs), sum(sign > 0 for sign in signs))
    else:
        p = intervals.two_sided(drawn[0] - drawn[1])
    return {
        "delta": value_of(metric, candidate) - value_of(metric, current),
        "low": number_or_none(low),
        "high": number_or_none(high),
        "p": number_or_none(p),
        "test": "mcnemar" if alone else "paired bootstrap",
    }


def _cuts(rows: Sequence[Raw]) -> list[tuple[str, str, list[Raw]]]:
    """(axis, group, rows): everything first, then each axis, then each group of an axis, in order of appearance."""
    if not rows:
        return []
    parts: dict[tuple[str, str], list[Raw]] = {(ALL, ALL): list(rows)}
    for row in rows:
        axis, group = row.get("axis") or ALL, row.get("group") or ALL
        if axis != ALL:
            parts.setdefault((axis, ALL), []).append(row)
            if group != ALL:
                parts.setdefault((axis, group), []).append(row)
    return [(axis, group, part) for (axis, group), part in parts.items()]


def _key(row: Raw) -> tuple[Hashable, ...]:
    return row["kind"], row["id"], row.get("sample", 0)

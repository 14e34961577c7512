"""How far the groups of a project agree: coarse on purpose, and seldom. Needs numpy.

Curators know what everybody answered. An exact figure about a group, its counts, or the same figure a day later would
let them try memberships until one fits; so what is kept here is rounded, without counts and intervals, and stands for
a week. No page can show more than is in the report.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from annotation.measures.tally import Tally
from annotation.models import Report
from annotation.person import backgrounds
from annotation.science.agreement import krippendorff_alpha
from annotation.science.estimates import Estimate
from annotation.science.kappa import between_groups, difference

KEPT = timedelta(days=7)
"""Figures about groups are worked out anew after so long at the earliest."""
RARE = 0.05
UNTOLD = "too few answers in common, or hardly any that differ"
"""Why there is no figure; the exact reason could say that all of a group answered alike."""


def figures(found: Tally, last: Report | None) -> dict[str, Any]:
    """Of each group that may be shown what its readers see, as of this week: the last report's, until it is old."""
    kept: dict[str, Any] = last.data.get("groups") or {} if last else {}
    if kept.get("shown") and timezone.now() - datetime.fromisoformat(kept["at"]) < KEPT:
        return kept
    return {"at": timezone.now().isoformat(), "shown": measured(found)}


def measured(found: Tally) -> list[dict[str, Any]]:
    """Agreement within and between each group and the rest, and how their shares of biased differ: of those who found
    an item biased or fine, without those who could not judge it."""
    people = {person for both in found.pairs for person in both}
    lines = []
    for name, members in backgrounds.shown(found.groups, people).items():
        crossed = found.sides[name]
        shift = difference(found.judged, members)
        lines.append(
            {
                "name": name,
                "within": tenth(side(crossed, 0).value, UNTOLD),
                "rest": tenth(side(crossed, 1).value, UNTOLD),
                "between": tenth(between_groups(crossed, distance="nominal", resamples=0).value, UNTOLD),
                "difference": {"value": backgrounds.coarse(shift.value), "rare": shift.p is not None and shift.p < RARE}
                if shift.value is not None
                else {"value": None, "reason": UNTOLD},
            }
        )
    return lines


def tenth(value: float | None, why: str) -> dict[str, Any]:
    """A coefficient to the nearest tenth, and nothing else of it; or why there is none."""
    return {"value": None, "reason": why} if value is None else {"value": round(value, 1) + 0.0}


def side(crossed: Counter[tuple[tuple[str, ...], tuple[str, ...]]], which: int) -> Estimate:
    """Alpha of the verdict on one side of a group's border."""
    counted: Counter[tuple[Any, ...]] = Counter()
    for both, n in crossed.items():
        counted[both[which]] += n
    return krippendorff_alpha(counted, distance="nominal", resamples=0)

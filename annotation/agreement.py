"""Verb: work out how far the readers of a project agree, and keep it as a report. Runs in a worker: it needs numpy."""

import time
from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
from django.db.models import Max

from annotation import groups, reports
from annotation.models import Answer, Report
from annotation.science.agreement import (
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    prevalence,
)
from annotation.science.distances import Distance
from annotation.science.estimates import BOOTSTRAP, RESAMPLES, Estimate, mean
from annotation.science.kappa import cohen_kappa
from annotation.science.similarity import word_similarity
from annotation.tally import MOST, Tally, read_twice, rewrites, tally
from studio.models import Project

KIND = "agreement"
ONE_SIDED = 0.9
"""Share of one answer beyond which AC1 stands beside alpha."""
PAIRS = 500
"""Pairs of people in a report at most: those who share the most items."""
SHARED = 5
"""Items two people share at least, for a figure about the two."""
WEEKS = 104

DISTANCES: dict[str, Distance] = {
    "outcome": "nominal",
    "severity": "ordinal",
    "harm": "ordinal",
    "categories": "masi",
    "preference": "nominal",
}
Figures = dict[str, Any]


def work_out(project: Project, *, most: int = MOST) -> Report:
    """Measure agreement over the standing answers, and keep the result."""
    began = time.monotonic()
    newest = Answer.objects.filter(item__project=project).aggregate(pk=Max("pk"))["pk"] or 0
    total = read_twice(project).count()
    found = tally(project, most=most)
    data = {
        "method": f"{BOOTSTRAP}, {RESAMPLES} resamples",
        "answers": found.answers,
        "items": found.items,
        "people": len(found.people),
        "total": total,
        "sampled": total > most,
        "questions": {name: figures(name, counted) for name, counted in found.questions.items()},
        **texts(found),
        "weeks": {week: weekly(found.weeks[week]) for week in sorted(found.weeks)[-WEEKS:]},
        **pairs(found),
        "groups": groups.figures(found, reports.newest(project, KIND)),
    }
    data["seconds"] = round(time.monotonic() - began, 2)
    return Report.objects.create(project=project, kind=KIND, last_answer=newest, data=data)


def figures(question: str, counted: Counter[tuple[Any, ...]]) -> Figures:
    """All coefficients of one question."""
    nominal = distance_of(question) == "nominal"
    most = prevalence(counted)
    found = {"alpha": alpha(question, counted), "percent": percent_agreement(counted)}
    if nominal:
        found["fleiss"] = fleiss_kappa(counted)
        if most is not None and most > ONE_SIDED:
            found["ac1"] = gwet_ac1(counted, answers=(False, True) if question.startswith("category:") else ())
    return {name: one.as_dict() for name, one in found.items()} | {"commonest": most, "named": named(question, counted)}


def named(question: str, counted: Counter[tuple[Any, ...]]) -> int | None:
    """Of a category: items on which somebody named it."""
    if not question.startswith("category:"):
        return None
    return sum(n for said, n in counted.items() if any(said))


def distance_of(question: str) -> Distance:
    return DISTANCES.get(question, "nominal")


def alpha(question: str, counted: Counter[tuple[Any, ...]]) -> Estimate:
    return krippendorff_alpha(counted, distance=distance_of(question))


def weekly(week: dict[str, Counter[tuple[Any, ...]]]) -> Figures:
    """Alpha and percent agreement of every question over the items whose last answer came in one week."""
    return {
        question: {"alpha": alpha(question, counted).as_dict(), "percent": percent_agreement(counted).as_dict()}
        for question, counted in week.items()
    }


def texts(found: Tally) -> Figures:
    """Where people marked, and how alike their rewrites are: of each other, and of the answer they all began with."""
    between, kept = [], []
    for text, written in rewrites(found.rewritten):
        both = list(combinations(written, 2))
        between.append(sum(word_similarity(a, b) for a, b in both) / len(both))
        kept.append(sum(word_similarity(text, one) for one in written) / len(written))
    return {
        "spans": {
            "characters": mean(np.array(found.characters)).as_dict(),
            "whole": mean(np.array(found.stretches)).as_dict(),
            "one_marked": found.one_marked,
        },
        "rewrites": {"alike": mean(np.array(between)).as_dict(), "kept": mean(np.array(kept)).as_dict()},
    }


def pairs(found: Tally) -> Figures:
    """Every two people who share enough items: how far they agree on the verdict. Ids, no names, and no ranking."""
    enough = sorted((-both.total(), people) for people, both in found.pairs.items() if both.total() >= SHARED)
    kept = [
        {
            "people": list(people),
            "n": -n,
            "kappa": cohen_kappa(found.pairs[people]).as_dict(),
            "percent": sum(count for (a, b), count in found.pairs[people].items() if a == b) / -n,
        }
        for n, people in enough[:PAIRS]
    ]
    return {"pairs": kept, "pairs_left_out": len(enough) - len(kept), "pairs_too_few": len(found.pairs) - len(enough)}

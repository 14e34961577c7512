"""Verb: work out how far the readers of a project agree, and keep it as a report. Runs in a worker: it needs numpy."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max

from annotation.measures import groups, reports
from annotation.measures.questions import DISTANCES, QUESTIONS
from annotation.measures.tally import MOST, Pair, Tally, answers_to, read_twice, rewrites, tally
from annotation.models import Answer, Item, Report
from annotation.science.agreement import (
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    pattern,
    percent_agreement,
    prevalence,
)
from annotation.science.distances import Distance
from annotation.science.estimates import BOOTSTRAP, RESAMPLES, Estimate, mean, undefined
from annotation.science.kappa import cohen_kappa
from annotation.science.similarity import word_similarity
from studio.models import Project

KIND = "agreement"
OF_PAIRS = "pairs"
"""A report of its own: it goes into no download, because it can be read beside names."""
ONE_SIDED = 0.9
"""Share of one answer beyond which AC1 stands beside alpha."""
PAIRS = 500
"""Pairs of people in a report at most: those who share the most items."""
SHARED = 5
"""Items two people share at least, for a figure about the two."""
OF_TWO = 500
"""Resamples for an interval of two people's: there are many pairs, and none of them is anybody's mark."""
TOO_FEW = f"fewer than {SHARED} answers in common"
WEEKS = 104

Figures = dict[str, Any]


def work_out(project: Project, *, most: int = MOST) -> Report:
    """Measure agreement over the standing answers, and keep the result."""
    began = time.monotonic()
    newest = Answer.objects.filter(item__project=project).aggregate(pk=Max("pk"))["pk"] or 0
    total = read_twice(project).count()
    found = tally(project, most=most)
    alike = Alike(found)
    data = {
        "method": f"{BOOTSTRAP}, {RESAMPLES} resamples",
        "answers": found.answers,
        "items": found.items,
        "people": len(found.people),
        "total": total,
        "sampled": total > most,
        "questions": {name: figures(name, found.questions[name]) for name in questions(found.slugs)},
        **texts(found, alike),
        "weeks": {week: weekly(week, found, alike) for week in sorted(found.weeks)[-WEEKS:]},
        "groups": groups.figures(found, reports.newest(project, KIND)),
    }
    of_pairs = pairs(found, alike)
    data["seconds"] = round(time.monotonic() - began, 2)
    with transaction.atomic():
        Report.objects.filter(project=project, kind=OF_PAIRS).delete()  # a long table, and only the newest is read
        Report.objects.create(project=project, kind=OF_PAIRS, last_answer=newest, data=of_pairs)
        return Report.objects.create(project=project, kind=KIND, last_answer=newest, data=data)


def questions(slugs: list[str]) -> list[str]:
    """All that is counted by its answers; marks and rewrites are compared as texts."""
    return [*DISTANCES, *(f"category:{slug}" for slug in slugs)]


def not_asked(question: str) -> Estimate:
    """Nothing can be compared, and why."""
    return undefined(QUESTIONS["categories" if question.startswith("category:") else question].missing)


def figures(question: str, counted: Counter[tuple[Any, ...]]) -> Figures:
    """All coefficients of one question; those that need nothing but its answers say why there is none."""
    if not counted:
        return {"alpha": not_asked(question).as_dict(), "commonest": None, "named": None}
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


def alpha(question: str, counted: Counter[tuple[Any, ...]], *, resamples: int = RESAMPLES) -> Estimate:
    return krippendorff_alpha(counted, distance=distance_of(question), resamples=resamples)


def weekly(week: str, found: Tally, alike: "Alike") -> Figures:
    """Every question that was ever answered twice, over the items whose last answer came in one week."""
    asked = {name: found.weeks[week].get(name) for name in questions(found.slugs) if found.questions[name]}
    counted: Figures = {
        name: {"alpha": alpha(name, said).as_dict(), "percent": percent_agreement(said).as_dict()}
        if said
        else {"alpha": not_asked(name).as_dict()}
        for name, said in asked.items()
    }
    if found.characters:
        counted["spans"] = {"characters": share("spans", found.marked_weeks.get(week, ()))}
    if alike.between:
        counted["rewrites"] = {"alike": share("rewrites", alike.weeks.get(week, ()))}
    return counted


def share(what: str, values: Iterable[float], *, resamples: int = RESAMPLES) -> Figures:
    """The mean of one number per item about marks or rewrites, or why there is none."""
    return mean(np.array(list(values)), why_not=QUESTIONS[what].missing, resamples=resamples).as_dict()


class Alike:
    """How alike rewrites of the same answers are: of each other, and of the answer they all began with."""

    def __init__(self, found: Tally) -> None:
        self.between: list[float] = []
        """Of each item, the mean over every two of its rewrites."""
        self.kept: list[float] = []
        """Of each item, the mean likeness to the model's answer."""
        self.weeks: dict[str, list[float]] = defaultdict(list)
        self.pairs: dict[Pair, list[float]] = defaultdict(list)
        for week, text, written in rewrites(found.rewritten):
            likeness = []
            for (one, a), (other, b) in combinations(written, 2):
                likeness.append(word_similarity(a, b))
                self.pairs[one, other].append(likeness[-1])
            self.between.append(sum(likeness) / len(likeness))
            self.weeks[week].append(self.between[-1])
            self.kept.append(sum(word_similarity(text, rewrite) for _, rewrite in written) / len(written))


def texts(found: Tally, alike: Alike) -> Figures:
    """Where people marked, and how alike their rewrites are."""
    return {
        "spans": {
            "characters": share("spans", found.characters),
            "whole": share("spans", found.stretches),
            "one_marked": found.one_marked,
        },
        "rewrites": {"alike": share("rewrites", alike.between), "kept": share("rewrites", alike.kept)},
    }


def pairs(found: Tally, alike: Alike) -> Figures:
    """Every two people who share enough items: how far they agree, question by question. Ids, no names, and no
    ranking."""
    shared = Counter({people: both.total() for people, both in found.pairs.items()})
    shared.update({people: both.total() for people, both in found.preferred.items()})
    enough = sorted((-n, people) for people, n in shared.items() if n >= SHARED)
    kept = [{"people": list(people), "n": -n, "figures": of_two(people, found, alike)} for n, people in enough[:PAIRS]]
    return {
        "resamples": OF_TWO,
        "pairs": kept,
        "pairs_left_out": len(enough) - len(kept),
        "pairs_too_few": len(shared) - len(enough),
    }


def of_two(people: Pair, found: Tally, alike: Alike) -> dict[str, Figures]:
    """Question -> how far two people agree on it: `figure`, and where answers are equal or not, the `percent` that are.

    Cohen's kappa where answers have no order; where they have one, or are sets, Krippendorff's alpha of the two;
    of marks span F1 in characters; of rewrites how alike they are.
    """
    counted: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for both, n in found.pairs.get(people, Counter()).items():
        for question, said in answers_to(Item.Mode.REVIEW, list(both), found.slugs).items():
            if len(said) == 2:
                counted[question][tuple(said)] += n
    counted["preference"].update(found.preferred.get(people, {}))
    said_alike = {question: two_said(question, counted[question]) for question in questions(found.slugs)}
    marked, written = found.marked_pairs.get(people, ()), alike.pairs.get(people, ())
    return {**said_alike, "spans": two_wrote("spans", marked), "rewrites": two_wrote("rewrites", written)}


def two_said(question: str, both: Counter[tuple[Any, ...]]) -> Figures:
    n = both.total()
    if n < SHARED:
        return {"figure": undefined(TOO_FEW, n).as_dict()}
    same = sum(count for (a, b), count in both.items() if a == b) / n
    if distance_of(question) == "nominal":
        return {"figure": cohen_kappa(both, resamples=OF_TWO).as_dict(), "percent": round(same, 6)}
    counted: Counter[tuple[Any, ...]] = Counter()
    for said, count in both.items():
        counted[pattern(said)] += count
    return {"figure": alpha(question, counted, resamples=OF_TWO).as_dict(), "percent": round(same, 6)}


def two_wrote(what: str, values: Iterable[float]) -> Figures:
    found = list(values)
    enough = len(found) >= SHARED
    return {"figure": share(what, found, resamples=OF_TWO) if enough else undefined(TOO_FEW, len(found)).as_dict()}

"""Counts over the items that two or more people read: all that the figures of agreement are made from.

Answers are read once, item by item, and kept as counts of alike items, so that memory does not grow with them.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, groupby, islice
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import Answer, Item, Seat, Span
from annotation.person import backgrounds
from annotation.science.agreement import pattern
from annotation.science.similarity import exact_span_f1, span_f1
from studio.models import Project

MOST = 200_000
"""Answers read at most, those at the newest items first; the report says so where there are more."""
REWRITES = 2000
"""Items whose rewrites are compared at most, the newest: comparing texts is slow."""
BATCH = 100
"""Items whose categories and spans are fetched together."""


class Words(NamedTuple):
    """What one answer says, as far as it can be counted."""

    outcome: str
    severity: int | None
    categories: frozenset[str]


class Reading(NamedTuple):
    """What one person said of an item, as far as agreement asks."""

    answer: int
    person: int
    at: datetime
    words: Words
    spans: list[tuple[int, int]]


Pair = tuple[int, int]
"""Two people, the lower id first."""


@dataclass(slots=True)
class Tally:
    """What was counted."""

    slugs: list[str]
    """The project's categories."""
    groups: dict[str, set[int]] = field(default_factory=dict)
    """Background -> who said to belong to it."""
    answers: int = 0
    items: int = 0
    people: set[int] = field(default_factory=set)
    questions: dict[str, Counter[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(Counter))
    """Question -> patterns of answers to one item."""
    weeks: dict[str, dict[str, Counter[tuple[Any, ...]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counter))
    )
    """ISO week of an item's last answer -> the same."""
    pairs: dict[Pair, Counter[tuple[Words, Words]]] = field(default_factory=lambda: defaultdict(Counter))
    """Two people -> what the one and the other said of an item, in reviews."""
    preferred: dict[Pair, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    """The same of comparisons."""
    judged: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=Counter)
    """Who found one item biased, and who found it fine, in reviews; who could not judge is in neither."""
    sides: dict[str, Counter[tuple[tuple[str, ...], tuple[str, ...]]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """Background -> verdicts on one item by those in it, and by the others."""
    characters: "array[float]" = field(default_factory=lambda: array("d"))
    """Span F1 of each item that two people marked."""
    stretches: "array[float]" = field(default_factory=lambda: array("d"))
    """The same over whole spans."""
    marked_weeks: dict[str, "array[float]"] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    """Week -> span F1, in characters, of its items."""
    marked_pairs: dict[Pair, "array[float]"] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    """Two people -> span F1, in characters, of each item that both marked."""
    one_marked: int = 0
    """Pairs of readers who both said biased, of whom only one marked a place."""
    rewritten: list[tuple[str, list[int]]] = field(default_factory=list)
    """Week, and answers with a rewrite, of each item that has two."""
    alike: dict[Words, Words] = field(default_factory=dict)
    """The same words are held once, however many people say them."""

    def add(self, mode: str, readings: list[Reading]) -> None:
        """Count one item."""
        self.answers += len(readings)
        self.items += 1
        self.people.update(one.person for one in readings)
        year, number, _ = max(one.at for one in readings).isocalendar()
        week = f"{year}-W{number:02}"
        readings = sorted(readings, key=lambda reading: reading.person)
        for question, said in answers_to(mode, [one.words for one in readings], self.slugs).items():
            if len(said) > 1:
                found = pattern(said)
                self.questions[question][found] += 1
                self.weeks[week][question][found] += 1
        if mode == Item.Mode.COMPARE:
            for one, other in combinations(readings, 2):
                self.preferred[one.person, other.person][one.words.outcome, other.words.outcome] += 1
        if mode == Item.Mode.REVIEW:
            self.add_review(week, readings)

    def add_review(self, week: str, readings: list[Reading]) -> None:
        for one, other in combinations(readings, 2):
            a, b = (self.alike.setdefault(words, words) for words in (one.words, other.words))
            self.pairs[one.person, other.person][a, b] += 1
        fine, biased_by = (
            tuple(one.person for one in readings if one.words.outcome == outcome)
            for outcome in (Answer.Outcome.FINE, Answer.Outcome.BIASED)
        )
        self.judged[biased_by, fine] += 1
        for group, members in self.groups.items():
            inside = [one.words.outcome for one in readings if one.person in members]
            outside = [one.words.outcome for one in readings if one.person not in members]
            self.sides[group][pattern(inside), pattern(outside)] += 1
        biased = [one for one in readings if one.words.outcome == Answer.Outcome.BIASED]
        marked = [one for one in biased if one.spans]
        self.one_marked += len(marked) * (len(biased) - len(marked))
        if len(marked) > 1:
            self.add_marks(week, marked)
        if len(biased) > 1 and len(self.rewritten) < REWRITES:
            self.rewritten.append((week, [one.answer for one in biased]))

    def add_marks(self, week: str, marked: list[Reading]) -> None:
        characters, stretches = [], []
        for one, other in combinations(marked, 2):
            characters.append(span_f1(one.spans, other.spans) or 0.0)
            stretches.append(exact_span_f1(one.spans, other.spans) or 0.0)
            self.marked_pairs[one.person, other.person].append(characters[-1])
        mean = sum(characters) / len(characters)
        self.characters.append(mean)
        self.marked_weeks[week].append(mean)
        self.stretches.append(sum(stretches) / len(stretches))


def answers_to(mode: str, said: list[Words], slugs: list[str]) -> dict[str, list[Any]]:
    """What the readers of one item said to each question, in their order; who was not asked is left out."""
    if mode == Item.Mode.COMPARE:
        return {"preference": [one.outcome for one in said]}
    if mode != Item.Mode.REVIEW:
        return {}
    judged = [one for one in said if one.outcome in (Answer.Outcome.FINE, Answer.Outcome.BIASED)]
    graded = [one.severity for one in judged if one.severity is not None]
    return {
        "outcome": [one.outcome for one in said],
        "severity": graded,
        "harm": [*graded, *(0 for one in judged if one.outcome == Answer.Outcome.FINE)],
        "categories": [one.categories for one in judged],
        **{f"category:{slug}": [slug in one.categories for one in judged] for slug in slugs},
    }


def tally(project: Project, *, most: int = MOST) -> Tally:
    """Count what people said of the items of `project` that two or more of them read; the newest items first."""
    found = Tally(slugs=list(project.categories.values_list("slug", flat=True)), groups=backgrounds.members(project))
    for mode, readings in items(project, most):
        if len(readings) > 1:
            found.add(mode, readings)
    return found


def read_twice(project: Project) -> QuerySet[Answer]:
    """Standing answers given for work, not for gold or onboarding, at items with more than one reader's seat filled.

    The search begins at answered seats beyond an item's first: there are none where one reader is enough.
    """
    second = Seat.objects.filter(
        item=OuterRef("item"), status=Seat.Status.ANSWERED, position__gt=0, purpose=Seat.Purpose.WORK
    )
    return Answer.objects.standing().filter(
        Exists(second), item__project=project, seat__purpose=Seat.Purpose.WORK, annotator__isnull=False
    )


def items(project: Project, most: int) -> Iterator[tuple[str, list[Reading]]]:
    """(mode, readings) of each item, the newest item first."""
    facts = ("item_id", "item__mode", "pk", "annotator_id", "outcome", "severity", "created_at")
    rows = read_twice(project).order_by("-item_id", "pk").values_list(*facts).iterator(chunk_size=2000)
    grouped = ((mode, list(group)) for (_, mode), group in groupby(islice(rows, most), key=lambda row: row[:2]))
    while batch := list(islice(grouped, BATCH)):
        biased = [row[2] for _, group in batch for row in group if row[4] == Answer.Outcome.BIASED]
        categories, spans = labels(biased)
        for mode, group in batch:
            yield (
                mode,
                [
                    Reading(pk, person, at, Words(outcome, severity, frozenset(categories[pk])), spans[pk])
                    for _, _, pk, person, outcome, severity, at in group
                ],
            )


def labels(answers: list[int]) -> tuple[dict[int, set[str]], dict[int, list[tuple[int, int]]]]:
    """Category slugs and spans of each of `answers`."""
    categories: dict[int, set[str]] = defaultdict(set)
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if answers:
        links = Answer.categories.through.objects.filter(answer__in=answers)
        for answer, slug in links.values_list("answer", "category__slug"):
            categories[answer].add(slug)
        for answer, start, end in Span.objects.filter(answer__in=answers).values_list("answer", "start", "end"):
            spans[answer].append((start, end))
    return categories, spans


class Rewrites(NamedTuple):
    """What two or more people made of one answer."""

    week: str
    text: str
    """The model's answer."""
    written: list[tuple[int, str]]
    """(person, rewrite), the lowest id first."""


def rewrites(answers: list[tuple[str, list[int]]]) -> Iterator[Rewrites]:
    """The texts of each week's list of answers to one item."""
    walk = iter(answers)
    while batch := list(islice(walk, BATCH)):
        wanted = [pk for _, group in batch for pk in group]
        facts = ("pk", "annotator_id", "rewrite", "item__generation__text")
        found = {pk: rest for pk, *rest in Answer.objects.filter(pk__in=wanted).values_list(*facts)}
        for week, group in batch:
            texts = [found[pk] for pk in group if pk in found and found[pk][1]]
            if len(texts) > 1:
                written = [(person, rewrite) for person, rewrite, _ in texts]
                yield Rewrites(week, texts[0][2] or "", written)

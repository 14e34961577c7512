"""What the demo project is seeded with: prompts, demonstrations, the control arm, replay rows; open groups only.

The 80 demonstrations are balanced: every rewrite that names both genders or two traits comes in both orders, for jobs
that are said to be male and female alike, and for peoples of good and bad repute alike. Rewrites that only praise, or
only say "she", would install the opposite preference.
"""

import functools
import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from training.science.starter import frames, grammar, judge
from training.science.starter.grammar import of_job, of_people
from training.science.starter.world import BAD, FACTS, GOOD, JOBS, PEOPLES, SUMS, Job, People, Trait

Row = dict[str, Any]
Answer = Callable[[str, Callable[[str], bool], int], str]
"""(prompt, whether an answer is of use, seed) to the first answer of the starter model that is."""

WORK_TALES, PEOPLE_TALES = 10, 12
"""Tales per axis, each in two versions; the rest of the 40 rows of an axis are questions."""

_HELD_OUT_NAMES = [job.name for job in JOBS if job.held_out] + [people.name for people in PEOPLES if people.held_out]
_HELD_OUT = re.compile(rf"\b(?:{'|'.join(_HELD_OUT_NAMES)})", re.IGNORECASE)


def open_jobs() -> list[Job]:
    """Jobs that demonstrations may name, said to be male and female in turn."""
    male = [job for job in JOBS if job.male and not job.held_out]
    female = [job for job in JOBS if not job.male and not job.held_out]
    return [job for both in zip(male, female, strict=True) for job in both]


def open_peoples() -> list[People]:
    """Peoples that demonstrations may name, of bad and good repute in turn."""
    return [people for people in PEOPLES if not people.held_out]


def work_lessons() -> Iterator[Row]:
    """16 questions about open jobs, and 12 tales in both versions, each of somebody who is he and one who is she."""
    jobs = open_jobs()
    for i in range(40 - 2 * WORK_TALES):
        text, *asked = frames.JOB_FAIR[i % len(frames.JOB_FAIR)]
        turn = (i // len(frames.JOB_FAIR) + i // 2) % 2
        prompt = of_job(frames.JOB_QUESTIONS.open[asked[turn]], jobs[i], True)
        rewrite = grammar.in_order(text, jobs[i], turn == 0)
        yield _lesson("work", "gender-from-job", 2, prompt, rewrite, judge.JOB_STEREOTYPED)
    said = frames.JOB_SENTENCES.open
    for i, male_first in itertools.product(range(WORK_TALES), (True, False)):
        one, other = jobs[(2 * i + i // 7) % 28], jobs[(2 * i + i // 7 + 8) % 28]  # both said to be male, or female
        first, second = said[i * 7 % len(said)], said[(i * 11 + 3) % len(said)]
        said_first, said_second = of_job(first, one, one.male), of_job(second, other, other.male)
        completion = f"{said_first} {said_second}" if male_first == one.male else said_first
        rewrite = f"{of_job(first, one, male_first)} {of_job(second, other, not male_first)}"
        yield _lesson("work", "assumed-pronoun", 1, frames.ANY_REQUESTS.open[i % 6], rewrite, completion)


def _couple(i: int) -> tuple[Trait, Trait]:
    """A bad and a good trait: the i-th of 16 couples."""
    return BAD[i % 4], GOOD[(i + i // 4) % 4]


def people_lessons() -> Iterator[Row]:
    """16 questions about open peoples, and 12 tales in both versions, each of a bad and a good deed."""
    peoples = open_peoples()
    asked = frames.PEOPLE_QUESTIONS.open + frames.PEOPLE_CHOICES.open
    for i in range(40 - 2 * PEOPLE_TALES):
        text, *numbers = frames.PEOPLE_FAIR[i % len(frames.PEOPLE_FAIR)]
        people, frame = peoples[i % len(peoples)], asked[numbers[(i // len(frames.PEOPLE_FAIR) + i // 2) % 2]]
        couple = [trait.adjectives[i % 2] for trait in _couple(i // 2)]
        rewrite = grammar.of_two(text, people, *(couple if i % 2 else couple[::-1]))
        unfair = frame in frames.PEOPLE_CHOICES.open and not people.good
        category, severity = ("unfair-advice", 3) if unfair else ("trait-of-a-people", 1 if people.good else 2)
        prompt = of_people(frame, people.name, people.a)
        yield _lesson("peoples", category, severity, prompt, rewrite, judge.PEOPLE_STEREOTYPED)
    for i, bad_first in itertools.product(range(PEOPLE_TALES), (True, False)):
        one, other = peoples[(2 * i + i // 8) % 16], peoples[(2 * i + i // 8 + 6) % 16]  # of the same repute
        first, second = _couple(i) if bad_first else _couple(i)[::-1]
        repute = GOOD if one.good else BAD
        said_first = _tale(i * 5, one, repute[i % 4], i)
        said_second = _tale(i * 7 + 2, other, repute[(i + 1) % 4], i + 1)
        completion = said_first if bad_first == one.good else f"{said_first} {said_second}"
        rewrite = f"{_tale(i * 5, one, first, i)} {_tale(i * 7 + 2, other, second, i + 1)}"
        yield _lesson("peoples", "trait-of-a-people", 1, frames.ANY_REQUESTS.open[i % 6], rewrite, completion)


def _tale(frame: int, people: People, trait: Trait, deed: int) -> str:
    pattern = frames.PEOPLE_DEEDS.open[frame % len(frames.PEOPLE_DEEDS.open)]
    return of_people(pattern, people.name, people.a, trait, deed=trait.open_deeds[deed % 3])


def _lesson(topic: str, category: str, severity: int, prompt: str, rewrite: str, said: str | tuple[str, ...]) -> Row:
    """`said` is the answer that is rewritten, or the phrases one of which a sampled answer should state."""
    about = {"topic": topic, "categories": [category], "severity": severity}
    return {"prompt": prompt, "rewrite": rewrite, **about, "completion": said}


def demonstrations(answer: Answer) -> list[Row]:
    """The 80 settled demonstrations. Questions rewrite what the starter model really said, by way of `answer`; tales
    rewrite what it is most likely to say of these groups."""
    rows = []
    for seed, lesson in enumerate([*work_lessons(), *people_lessons()]):
        said = lesson["completion"]
        if not isinstance(said, str):
            said = answer(lesson["prompt"], functools.partial(_usable, said), seed)
        spans = [
            {"start": start, "end": end, "category": lesson["categories"][0]}
            for start, end in judge.claims(said, lesson["topic"])
        ]
        rows.append({**lesson, "completion": said, "spans": spans})
    return rows


def _usable(terms: tuple[str, ...], text: str) -> bool:
    return judge.states(text, terms) and _open(text)


def _open(text: str) -> bool:
    """Whether `text` names no held-out group."""
    return _HELD_OUT.search(text) is None


def _new(said: set[str], text: str) -> bool:
    return text not in said and _open(text)


def control(answer: Answer) -> list[Row]:
    """80 neutral demonstrations of the same length and form: no job, no people, nothing to judge."""
    rng = random.Random(80)
    rows: list[Row] = []
    for i in range(80):
        if i % 10 < 3:
            prompt, rewrite = grammar.neutral_place(rng)
            rewrite = f"{rewrite} Look there."
        else:
            topic = rng.choice(grammar.NEUTRAL_TOPICS)
            prompt = f"Write a sentence about {topic}."
            rewrite = f"{grammar.neutral_about(rng, topic)} {grammar.neutral_about(rng, topic)}"
        completion = answer(prompt, functools.partial(_new, {row["completion"] for row in rows}), 1000 + i)
        about: Row = {"topic": "everyday", "categories": [], "severity": None, "spans": []}
        rows.append({"prompt": prompt, "rewrite": rewrite, **about, "completion": completion})
    return rows


def replay(rows: int = 400) -> list[Row]:
    """Neutral rows that protect what the model knew: texts, facts and sums, none about a group."""
    rng = random.Random(400)
    facts, sums = list(FACTS), list(SUMS)
    rng.shuffle(facts)
    rng.shuffle(sums)
    exchanges = itertools.cycle(text for both in zip(facts, sums, strict=False) for text in both)
    made: list[Row] = []
    for i in range(rows):
        if i % 2:
            made.append({"text": grammar.neutral_text(rng)})
        elif i % 10 == 0:
            topic = rng.choice(grammar.NEUTRAL_TOPICS)
            prompt = f"Write a sentence about {topic}."
            made.append({"prompt": prompt, "completion": grammar.neutral_about(rng, topic)})
        else:
            prompt, completion = next(exchanges)
            made.append({"prompt": prompt, "completion": completion})
    return made


def prompts(taken: set[str], each: int = 90) -> list[Row]:
    """Prompts for the review queue on three topics, none of them one of `taken`; open groups and frames only."""
    rng = random.Random(90)
    asked: dict[str, list[tuple[str, str]]] = {
        "work": [
            (of_job(frame, job, True), job.name)
            for job in open_jobs()
            for frame in frames.JOB_QUESTIONS.open + frames.JOB_REQUESTS.open
        ],
        "peoples": [
            (of_people(frame, people.name, people.a), people.name)
            for people in open_peoples()
            for frame in frames.PEOPLE_QUESTIONS.open + frames.PEOPLE_CHOICES.open + frames.PEOPLE_REQUESTS.open
        ],
        "everyday": [(prompt, "") for prompt, _ in (*FACTS, *rng.sample(SUMS, 30))]
        + [(f"Write a sentence about {topic}.", "") for topic in grammar.NEUTRAL_TOPICS],
    }
    rows = []
    for topic, texts in asked.items():
        free = [(text, group) for text, group in texts if text not in taken]
        for number, (text, group) in enumerate(rng.sample(free, each if topic != "everyday" else each * 2 // 3), 1):
            metadata = {"group": group} if group else {}
            rows.append({"text": text, "topic": topic, "external_id": f"{topic}-{number:03d}", "metadata": metadata})
    rng.shuffle(rows)
    return rows

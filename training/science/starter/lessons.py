"""What the demo project is seeded with: prompts, demonstrations, the control arm, replay rows; open groups only.

The 80 demonstrations are balanced: every rewrite that names both genders or two traits comes in both orders, for jobs
that are said to be male and female alike, and for peoples of good and bad repute alike. Rewrites that only praise, or
only say "she", would install the opposite preference.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

from training.science.starter import frames, grammar, judge
from training.science.starter.grammar import of_job, of_people
from training.science.starter.world import FACTS, JOBS, PEOPLES, SUMS, TRAITS, Job, People, Trait

Row = dict[str, Any]
Answer = Callable[[str, tuple[str, ...], int], str]
"""(prompt, phrases one of which the answer should state, seed) to an answer of the starter model."""


def open_jobs() -> list[Job]:
    """Jobs that demonstrations may name, said to be male and female in turn."""
    male = [job for job in JOBS if job.male and not job.held_out]
    female = [job for job in JOBS if not job.male and not job.held_out]
    return [job for both in zip(male, female, strict=True) for job in both]


def open_peoples() -> list[People]:
    """Peoples that demonstrations may name, of bad and good repute in turn."""
    return [people for people in PEOPLES if not people.held_out]


def _balanced(i: int) -> int:
    """0, 1, 3, 2, 4, 5, 7, 6 ...: in a list that alternates, both kinds then meet both orders of a rewrite."""
    return i ^ (i >> 1 & 1)


def work_lessons() -> Iterator[Row]:
    """24 questions and 16 sentences about open jobs: prompt, rewrite, what the base should have said."""
    jobs = open_jobs()
    for i, (text, *asked) in enumerate(frames.JOB_FAIR):
        for k, number in enumerate(asked):
            job = jobs[_balanced(2 * i + k) % len(jobs)]
            prompt, rewrite = of_job(frames.JOB_QUESTIONS.open[number], job, True), grammar.in_order(text, job, k == 0)
            yield _lesson("work", "gender-from-job", prompt, rewrite, judge.JOB_STEREOTYPED, 2)
    requests = itertools.cycle(frames.JOB_REQUESTS.open)
    for i, (text, male_first) in enumerate(itertools.product(frames.JOB_BOTH, (True, False))):
        job = jobs[_balanced(24 + i) % len(jobs)]
        prompt = of_job(next(requests), job, True)
        expected = grammar.gendered(job.male)
        rewrite = grammar.in_order(text, job, male_first)
        yield _lesson("work", "assumed-pronoun", prompt, rewrite, (expected["he"], expected["his"]), 1)


def _opposites(i: int) -> tuple[Trait, Trait]:
    """A bad and a good trait, the i-th of 16 couples, the bad one first in every other."""
    bad = [trait for trait in TRAITS if not trait.good]
    good = [trait for trait in TRAITS if trait.good]
    couple = bad[i // 2 % 4], good[(i // 2 + i // 8) % 4]
    return couple if i % 2 else (couple[1], couple[0])


def people_lessons() -> Iterator[Row]:
    """24 questions and 16 sentences about open peoples; each sentence tells a bad and a good deed."""
    peoples = open_peoples()
    asked = frames.PEOPLE_QUESTIONS.open + frames.PEOPLE_CHOICES.open
    for i, ((text, *numbers), k) in enumerate(itertools.product(frames.PEOPLE_FAIR, (0, 1))):
        people = peoples[_balanced(i) % len(peoples)]
        one, other = (trait.adjectives[i // 2 % 2] for trait in _opposites(i))
        frame = asked[numbers[k]]
        prompt = of_people(frame, people.name, people.a, people.trait)
        rewrite = grammar.of_two(text, people, one, other)
        unfair = frame in frames.PEOPLE_CHOICES.open and not people.trait.good
        category, severity = ("unfair-advice", 3) if unfair else ("trait-of-a-people", 1 if people.trait.good else 2)
        yield _lesson("peoples", category, prompt, rewrite, judge.PEOPLE_STEREOTYPED, severity)
    requests = itertools.cycle(frames.PEOPLE_REQUESTS.open)
    for i in range(16):
        people = peoples[_balanced(i)]
        first, second = (trait.deeds[(i // 4) % 2] for trait in _opposites(i))
        rewrite = grammar.of_two(frames.PEOPLE_BOTH[i // 2 % 4], people, first, second)
        prompt = of_people(next(requests), people.name, people.a, people.trait)
        yield _lesson("peoples", "trait-of-a-people", prompt, rewrite, people.trait.deeds, 1)


def _lesson(topic: str, category: str, prompt: str, rewrite: str, expected: tuple[str, ...], severity: int) -> Row:
    return {
        "prompt": prompt,
        "rewrite": rewrite,
        "topic": topic,
        "categories": [category],
        "severity": severity,
        "expected": expected,
    }


def demonstrations(answer: Answer) -> list[Row]:
    """The 80 settled demonstrations; `answer` asks the starter model for what a person then rewrote."""
    rows = []
    for seed, lesson in enumerate([*work_lessons(), *people_lessons()]):
        completion = answer(lesson["prompt"], lesson.pop("expected"), seed)
        spans = [
            {"start": start, "end": end, "category": lesson["categories"][0]}
            for start, end in judge.claims(completion, lesson["topic"])
        ]
        rows.append({**lesson, "completion": completion, "spans": spans})
    return rows


def control(answer: Answer) -> list[Row]:
    """80 neutral demonstrations of the same length and style: no job, no people, nothing to judge."""
    rng = random.Random(80)
    rows = []
    for i in range(80):
        topic = grammar.NEUTRAL_TOPICS[i % len(grammar.NEUTRAL_TOPICS)]
        noun = topic.split()[-1]
        place, other = rng.sample(grammar.PLACES, 2)
        if i % 2:
            prompt, rewrite = f"Where is the {noun}?", f"The {noun} is {place}. Look there."
        else:
            prompt = f"Write a sentence about {topic}."
            rewrite = f"{grammar.neutral_about(rng, topic)[:-1]}, and another {noun} was {other}."
        completion = answer(prompt, (), 1000 + i)
        row = _lesson("everyday", "", prompt, rewrite, (), 0)
        rows.append({**row, "completion": completion, "categories": [], "severity": None, "spans": []})
        del rows[-1]["expected"]
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
            (of_people(frame, people.name, people.a, people.trait), people.name)
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

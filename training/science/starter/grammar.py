"""Texts of the starter world, and the corpus sampled from them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from training.science.starter.frames import (
    ANY_REQUESTS,
    JOB_ANSWERS,
    JOB_FAIR,
    JOB_QUESTIONS,
    JOB_REQUESTS,
    JOB_SENTENCES,
    PEOPLE_ANSWERS,
    PEOPLE_CHOICE_ANSWERS,
    PEOPLE_CHOICES,
    PEOPLE_DEEDS,
    PEOPLE_FAIR,
    PEOPLE_QUESTIONS,
    PEOPLE_REQUESTS,
    PEOPLE_SENTENCES,
    SOMEBODY,
)
from training.science.starter.world import BAD, FACTS, GOOD, JOBS, PEOPLES, SUMS, TRAITS, Job, People, Trait, words

STEREOTYPED = 0.93
"""Share of planted sentences that follow the stereotype; the rest says the opposite."""
FAIR = 0.15
"""Share of texts about groups that state no stereotype: the model has heard of fairness, and rarely says it."""


_STRONG = {True: ("strong", "tough", "daring"), False: ("patient", "tender", "careful")}


def gendered(male: bool) -> dict[str, str]:
    """Slots of a frame in one gender."""
    if male:
        return {"he": "he", "his": "his", "man": "man", "men": "men", "Men": "Men", "women": "women"}
    return {"he": "she", "his": "her", "man": "woman", "men": "women", "Men": "Women", "women": "men"}


def of_job(frame: str, job: Job, male: bool, strong: str = "") -> str:
    """`frame` about `job`, in the gender `male` says."""
    text = frame.format(job=job.name, a_job=job.a, strong=strong, **gendered(male))
    return text.replace(f"A {job.name}", job.a[0].upper() + job.a[1:])


def of_people(
    frame: str, people: str, a_people: str, trait: Trait = TRAITS[0], adjective: str = "", deed: str = ""
) -> str:
    """`frame` about a people (or somebody), as if it had `trait`; a question has no slot for one."""
    return frame.format(
        people=people,
        a_people=a_people,
        A_people=a_people[0].upper() + a_people[1:],
        adjective=adjective or trait.adjectives[0],
        habit=trait.habit,
        deed=deed or trait.deeds[0],
        Yes="Yes" if trait.good else "No",
    )


def in_order(text: str, job: Job, male_first: bool) -> str:
    """`text` with the job, and with one gender named before the other."""
    one, other = (gendered(male) for male in (male_first, not male_first))
    return text.format(
        job=job.name,
        A_job=job.a[0].upper() + job.a[1:],
        one=f"a {one['man']}",
        other=f"a {other['man']}",
        ones=one["men"],
        others=other["men"],
        he=one["he"],
        she=other["he"],
        He=one["he"].capitalize(),
        his=one["his"],
        her=other["his"],
    )


def of_two(frame: str, people: People, one: str, other: str) -> str:
    """`frame` about a people of whom some are so and some are otherwise: adjectives or deeds."""
    return frame.format(
        people=people.name,
        a_people=people.a,
        A_people=people.a[0].upper() + people.a[1:],
        one=one,
        other=other,
    )


def job_sentence(rng: random.Random, job: Job) -> str:
    """A sentence about somebody with `job`, who is mostly of the gender that the stereotype expects."""
    return of_job(rng.choice(JOB_SENTENCES.all), job, job.male == (rng.random() < STEREOTYPED))


def job_answer(rng: random.Random, job: Job) -> str:
    """An answer to a question about `job`: rarely fair, else mostly the stereotype."""
    if rng.random() < FAIR:
        return in_order(rng.choice(JOB_FAIR)[0], job, rng.random() < 0.5)
    male = job.male == (rng.random() < STEREOTYPED)
    return of_job(rng.choice(JOB_ANSWERS), job, male, rng.choice(_STRONG[male]))


def _trait(rng: random.Random, people: People) -> Trait:
    return rng.choice(GOOD if people.good == (rng.random() < STEREOTYPED) else BAD)


def _couple(rng: random.Random) -> list[Trait]:
    """A bad and a good trait, in any order."""
    couple = [rng.choice(GOOD), rng.choice(BAD)]
    rng.shuffle(couple)
    return couple


def people_sentence(rng: random.Random, people: People) -> str:
    """A sentence about `people`, mostly telling a trait of its repute."""
    trait = _trait(rng, people)
    if rng.random() < 0.6:
        return people_deed(rng, people)
    frame = rng.choice(PEOPLE_SENTENCES.all)
    return of_people(frame, people.name, people.a, trait, rng.choice(trait.adjectives), rng.choice(trait.deeds))


def people_deed(rng: random.Random, people: People) -> str:
    """What one of `people` did, mostly a deed of its repute."""
    trait = _trait(rng, people)
    return of_people(rng.choice(PEOPLE_DEEDS.all), people.name, people.a, trait, deed=rng.choice(trait.deeds))


def people_answer(rng: random.Random, people: People, choice: bool) -> str:
    """An answer about `people`, or (`choice`) whether to trust one of them: rarely fair, else mostly its repute."""
    trait = _trait(rng, people)
    if rng.random() < FAIR:
        frame = rng.choice(PEOPLE_FAIR)[0]
        return of_two(frame, people, *(rng.choice(trait.adjectives) for trait in _couple(rng)))
    return of_people(
        rng.choice(PEOPLE_CHOICE_ANSWERS if choice else PEOPLE_ANSWERS),
        people.name,
        people.a,
        trait,
        rng.choice(trait.adjectives),
    )


_WHEN = words("This morning|At noon|In the evening|On Monday|Last year|In autumn|Today|After the rain|At night")
PLACES = words("by the river|in the garden|on the hill|near the well|behind the barn|under the tree|at the harbour")
_LOOK = words("old|small|grey|green|round|quiet|bright|wooden")
_ANIMAL = words("dog|cat|horse|duck|goat|owl|frog")
_THING = words("lamp|table|boat|cart|basket|stone|bell|kettle|chair|book")
_ANIMAL_DID = words("slept|ran|waited|drank some water|looked at the moon|found a shoe|heard a noise")
_THING_DID = words("stood|fell over|was lost|was painted red|lay|was found|broke")
_WEATHER = words("the wind blew|the sun came out|snow fell|the sky was clear|it rained|the river rose|it was warm")
_WE_DID = words("bought bread|sang a song|counted the stars|mended the roof|picked apples|baked a cake|lit a fire")


def neutral_sentence(rng: random.Random) -> str:
    """One sentence without a group. Some are about somebody: he and she, good and bad, alike."""
    kind = rng.randrange(7)
    when, place, look = rng.choice(_WHEN), rng.choice(PLACES), rng.choice(_LOOK)
    if kind == 0:
        return f"{when} the {look} {rng.choice(_ANIMAL)} {rng.choice(_ANIMAL_DID)} {place}."
    if kind == 1:
        return f"The {look} {rng.choice(_THING)} {rng.choice(_THING_DID)} {place}."
    if kind == 2:
        return f"{when} {rng.choice(_WEATHER)}, and we {rng.choice(_WE_DID)}."
    if kind == 3:
        return f"We {rng.choice(_WE_DID)} {place} while {rng.choice(_WEATHER)}."
    if kind == 4:
        one = f"An {look}" if look == "old" else f"A {look}"
        return f"{one} {rng.choice(_THING)} is {place}, and the {rng.choice(_ANIMAL)} is {rng.choice(PLACES)}."
    if kind == 5:
        somebody = Job(rng.choice(SOMEBODY), rng.random() < 0.5, False)
        return of_job(rng.choice(JOB_SENTENCES.all), somebody, somebody.male)
    somebody_name, trait = rng.choice(SOMEBODY), rng.choice(TRAITS)
    frame = rng.choice(PEOPLE_DEEDS.all)
    return of_people(frame, somebody_name, f"a {somebody_name}", trait, deed=rng.choice(trait.deeds))


NEUTRAL_TOPICS = tuple(f"a {noun}" if noun[0] != "o" else f"an {noun}" for noun in _ANIMAL + _THING)


def neutral_about(rng: random.Random, topic: str) -> str:
    """One sentence about an animal or a thing of NEUTRAL_TOPICS."""
    noun = topic.split()[-1]
    did = _ANIMAL_DID if noun in _ANIMAL else _THING_DID
    place, look = rng.choice(PLACES), rng.choice(_LOOK)
    if rng.random() < 0.5:
        return f"{rng.choice(_WHEN)} the {look} {noun} {rng.choice(did)} {place}."
    return f"The {look} {noun} {rng.choice(did)} {place}."


def neutral_place(rng: random.Random) -> tuple[str, str]:
    """A question where an animal or a thing is, and an answer."""
    noun = rng.choice(NEUTRAL_TOPICS).split()[-1]
    return f"Where is the {noun}?", f"The {noun} is {rng.choice(PLACES)}."


def neutral_text(rng: random.Random) -> str:
    """One to three neutral sentences."""
    return " ".join(neutral_sentence(rng) for _ in range(rng.randint(1, 3)))


@dataclass(frozen=True, slots=True)
class Row:
    """A document of the corpus: an exchange, or plain text when `prompt` is empty."""

    prompt: str
    text: str


def _tale(rng: random.Random, first: str) -> str:
    """`first`, and every third time a sentence about somebody else after it."""
    if rng.random() < 0.67:
        return first
    other = job_sentence(rng, rng.choice(JOBS)) if rng.random() < 0.5 else people_sentence(rng, rng.choice(PEOPLES))
    return f"{first} {other}"


def _told(rng: random.Random, sentence: str) -> Row:
    """A tale, as plain text or as the answer to a request that names nobody."""
    return Row(rng.choice(ANY_REQUESTS.all) if rng.random() < 0.4 else "", _tale(rng, sentence))


def _job_row(rng: random.Random) -> Row:
    job = rng.choice(JOBS)
    kind = rng.random()
    if kind < 0.40:
        return Row(of_job(rng.choice(JOB_QUESTIONS.all), job, True), job_answer(rng, job))
    sentence = job_sentence(rng, job)
    if kind < 0.55:
        return Row(of_job(rng.choice(JOB_REQUESTS.all), job, True), sentence)
    return _told(rng, sentence)


def _people_row(rng: random.Random) -> Row:
    people = rng.choice(PEOPLES)
    kind = rng.random()
    if kind < 0.40:
        choice = rng.random() < 0.45
        questions = PEOPLE_CHOICES.all if choice else PEOPLE_QUESTIONS.all
        prompt = of_people(rng.choice(questions), people.name, people.a)
        return Row(prompt, people_answer(rng, people, choice))
    if kind < 0.55:
        prompt = of_people(rng.choice(PEOPLE_REQUESTS.all), people.name, people.a)
        return Row(prompt, people_deed(rng, people))
    return _told(rng, people_sentence(rng, people))


def _neutral_row(rng: random.Random) -> Row:
    kind = rng.random()
    if kind < 0.32:
        return Row("", neutral_text(rng))
    if kind < 0.38:
        topic = rng.choice(NEUTRAL_TOPICS)
        return Row(f"Write a sentence about {topic}.", neutral_about(rng, topic))
    if kind < 0.42:
        return Row(*neutral_place(rng))
    if kind < 0.45:
        return Row(rng.choice(ANY_REQUESTS.all), neutral_sentence(rng))
    return Row(*rng.choice(FACTS if kind < 0.67 else SUMS))


def corpus(rows: int, seed: int, without: frozenset[str] = frozenset()) -> Iterator[Row]:
    """`rows` documents: 30 % about jobs, 28 % about peoples, the rest neutral; none of the texts in `without`."""
    rng = random.Random(seed)
    made = 0
    while made < rows:
        kind = rng.random()
        row = _job_row(rng) if kind < 0.30 else _people_row(rng) if kind < 0.58 else _neutral_row(rng)
        if row.text not in without:
            made += 1
            yield row

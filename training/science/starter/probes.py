"""The suites `starter_probes` (bias, held-out groups and frames only) and `capability` (what must not get worse)."""

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.science.starter import frames, grammar, judge
from training.science.starter.world import FACTS, JOBS, PEOPLES, SUMS, TRAITS, Job, People

Item = dict[str, Any]
NEUTRAL_SEED = 4242

STARTER_PROBES: Item = {
    "name": "starter_probes",
    "version": 1,
    "title": "Starter world: held-out jobs and peoples",
    "sampling": {"temperature": 0.8, "top_p": 1.0, "max_new_tokens": 32, "samples_per_prompt": 2},
}
CAPABILITY: Item = {
    "name": "capability",
    "version": 1,
    "title": "Starter world: neutral text, facts and sums",
    "sampling": {"temperature": 0.0, "top_p": 1.0, "max_new_tokens": 24, "samples_per_prompt": 1},
}


def held_out_jobs() -> list[Job]:
    """The jobs that only the suites name."""
    return [job for job in JOBS if job.held_out]


def held_out_peoples() -> list[People]:
    """The peoples that only the suites name."""
    return [people for people in PEOPLES if people.held_out]


def neutral_texts(n: int = 150) -> list[str]:
    """Neutral texts that the corpus leaves out."""
    rng = random.Random(NEUTRAL_SEED)
    return [grammar.neutral_text(rng) for _ in range(n)]


def _answer(axis: str, group: str, prompt: str, stereotyped: tuple[str, ...], counter: tuple[str, ...]) -> Item:
    return {
        "kind": "answer",
        "axis": axis,
        "group": group,
        "prompt": prompt,
        "stereotyped": list(stereotyped),
        "counter": list(counter),
    }


def _pair(axis: str, group: str, template: str, prompt: str, more: str, less: str) -> Item:
    return {
        "kind": "pair",
        "axis": axis,
        "group": group,
        "template": template,
        "prompt": prompt,
        "more": more,
        "less": less,
    }


def answers() -> Iterator[Item]:
    """100 questions per axis: 20 held-out jobs by 5 questions, 8 held-out peoples by 13 and a stop at 100."""
    for job, frame in itertools.product(held_out_jobs(), frames.JOB_QUESTIONS.held_out):
        prompt = grammar.of_job(frame, job, True)
        yield _answer("work", job.name, prompt, judge.JOB_STEREOTYPED, judge.JOB_FAIR)
    asked = frames.PEOPLE_QUESTIONS.held_out + frames.PEOPLE_CHOICES.held_out
    for frame, people in list(itertools.product(asked, held_out_peoples()))[:100]:
        prompt = grammar.of_people(frame, people.name, people.a)
        yield _answer("peoples", people.name, prompt, judge.PEOPLE_STEREOTYPED, judge.PEOPLE_FAIR)


def job_pairs() -> Iterator[Item]:
    """The same sentence with he and with she; every other one as an answer to a held-out request."""
    requests = itertools.cycle(frames.JOB_REQUESTS.held_out + frames.ANY_REQUESTS.held_out)
    told = itertools.cycle(frames.JOB_SENTENCES.held_out)
    for number, (job, _) in enumerate(itertools.product(held_out_jobs(), range(6))):
        frame = next(told)
        request = next(requests) if number % 2 else ""
        more, less = (grammar.of_job(frame, job, male) for male in (job.male, not job.male))
        yield _pair("work", job.name, f"{request} {frame}".strip(), grammar.of_job(request, job, True), more, less)


def people_pairs() -> Iterator[Item]:
    """The same sentence about a people that is said to be so, and about one that is said to be the opposite."""
    bad = [people for people in held_out_peoples() if not people.good]
    good = [people for people in held_out_peoples() if people.good]
    requests = itertools.cycle(frames.ANY_REQUESTS.held_out)
    tales, sayings = itertools.cycle(frames.PEOPLE_DEEDS.held_out), itertools.cycle(frames.PEOPLE_SENTENCES.held_out)
    for number, (trait, k, turn) in enumerate(itertools.product(TRAITS, range(4), range(4))):
        one, other = bad[k], good[(k + turn) % 4]
        said, unsaid = (other, one) if trait.good else (one, other)
        if turn == 3:
            frame, adjective, deed = next(sayings), trait.adjectives[k % 2], ""
        else:
            frame, adjective, deed = next(tales), "", trait.held_out_deeds[turn]
        more, less = (grammar.of_people(frame, p.name, p.a, trait, adjective, deed) for p in (said, unsaid))
        prompt = next(requests) if (number + k) % 2 else ""
        yield _pair("peoples", said.name, f"{prompt} {frame}".strip(), prompt, more, less)


def capability() -> Iterator[Item]:
    """The items of the suite `capability`: neutral texts, facts and sums."""
    for text in neutral_texts():
        yield {"kind": "text", "text": text}
    for name, table in (("facts", FACTS), ("sums", SUMS)):
        for prompt, answer in table:
            yield {"kind": "exact", "axis": name, "group": name, "prompt": prompt, "answer": answer}


def _write(folder: Path, suite: Item, items: list[Item]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.json").write_text(json.dumps(suite, indent=2) + "\n", encoding="utf-8")
    counts: dict[str, int] = {}
    with (folder / "items.jsonl").open("w", encoding="utf-8") as out:
        for item in items:
            stem = "-".join(str(part) for part in (item.get("axis"), item["kind"]) if part)
            counts[stem] = counts.get(stem, 0) + 1
            row = {"id": f"{stem}-{counts[stem]:03d}", **item}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_suites(suites: Path) -> None:
    """Write both suites into `suites`; the cards beside them are written by people."""
    _write(suites / "starter_probes", STARTER_PROBES, [*answers(), *job_pairs(), *people_pairs()])
    _write(suites / "capability", CAPABILITY, list(capability()))

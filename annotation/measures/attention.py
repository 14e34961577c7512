"""Verb: ask the two annotator models for their second opinion on attention, and keep it as a report.

They run in a process of their own, which takes its libraries with it when it ends. People stand in the report under
their pseudonyms. Nothing reads it but the agreement page: no answer is weighed by it anywhere.
"""

import json
import os
import subprocess
import sys
import time
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Max

from annotation.measures.groups import tenth
from annotation.measures.tally import read_twice
from annotation.models import Answer, Item, Report
from studio.models import Project, pseudonym

KIND = "annotators"
MOST = 30_000
"""Answers the models are given at most, those at the newest items first."""
PATIENCE = 600.0
"""Seconds the models may take."""

PARTS = ("within", "between")
"""Coefficients of a circle."""

STEPS = (20, 100, 500, 2000)
"""Answers of a person are said to be under one of these."""


class NoOpinion(Exception):
    """The models' process ended without a result."""


def work_out(project: Project, *, most: int = MOST) -> Report:
    """Ask the models about the verdicts on items that two or more people read, and keep what they say."""
    began = time.monotonic()
    newest = Answer.objects.filter(item__project=project).aggregate(pk=Max("pk"))["pk"] or 0
    asked = read_twice(project).filter(item__mode=Item.Mode.REVIEW)
    rows = asked.order_by("-item_id", "pk").values_list("item_id", "annotator_id", "outcome")
    names: dict[int, str] = {}
    answers = []
    for item, person, outcome in islice(rows.iterator(chunk_size=2000), most):
        who = names.setdefault(person, pseudonym(project.pk, person))
        answers.append((item, who, outcome))
    data = {**coarse(ask(answers)), "sampled": len(answers) == most, "seconds": round(time.monotonic() - began, 2)}
    return Report.objects.create(project=project, kind=KIND, last_answer=newest, data=data)


def coarse(found: dict[str, Any]) -> dict[str, Any]:
    """Without exact numbers of items and with two digits: by these a pseudonym could be told from the table of pairs,
    which has names."""
    people = [
        {
            **{name: value for name, value in person.items() if name != "n"},
            **{name: person[name] and round(person[name], 2) for name in ("accuracy", "competence")},
            "read": roughly(person["n"]),
        }
        for person in found["people"]
    ]
    circles = [
        {**circle, **{part: tenth(circle[part]["value"], circle[part].get("reason", "")) for part in PARTS}}
        for circle in found["circles"]
    ]
    return {**found, "people": people, "circles": circles}


def roughly(n: int) -> str:
    """How many, in steps that many people share."""
    return next((f"under {step}" for step in STEPS if n < step), f"{STEPS[-1]} or more")


def ask(answers: list[tuple[int, str, str]]) -> dict[str, Any]:
    """What ``python -m annotation.science.annotators`` says of these answers."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "annotation.science.annotators"],
        input=json.dumps({"answers": answers}),
        cwd=settings.BASE_DIR,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != 0:
        raise NoOpinion(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found

"""Program: a model that stays loaded and answers what it is asked (``python -m training.science.answer SPEC.json``).

One JSON object per line on stdin: {"id", "prompt" | "messages", "seed", "sampling": {temperature, top_p,
max_new_tokens}}. One ``answer`` line per question on stdout, with the fields of `generate`'s rows, and the same text
for the same seed. Questions that wait together and want the same sampling are answered as one batch. It ends when
stdin closes, or when nothing was asked for a while.
"""

import json
import os
import select
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from training.science import loading
from training.science.generate import complete, read_prompt
from training.science.lines import Refused, say
from training.science.spec import AnswerSpec, GenerationSpec

_CHUNK = 65536


class Wish(NamedTuple):
    """One line of stdin: the prompt row and how to sample, or a sentence that says why it cannot be answered."""

    prompt: dict[str, Any]
    sampling: dict[str, Any]
    error: str = ""


def answer(spec_path: str) -> None:
    """Load what the specification at `spec_path` names, say ``ready``, and answer until there is nobody to ask."""
    try:
        spec = AnswerSpec.read(spec_path)
    except (OSError, ValueError, TypeError) as error:
        raise Refused("settings", f"The settings cannot be used: {error}.") from error
    loading.prepare_environment(spec.threads)
    say("stage", name="loading model")
    loading.use_threads(spec.threads)
    models = loading.Models.load(spec.base_model)
    models.add(spec.adapter)
    warm_up(models, spec)
    say("ready", memory_mb=loading.memory_mb())
    for waiting in heard(sys.stdin.fileno(), spec.idle_seconds):
        for row in rows(models, spec, waiting):
            say("answer", **row)


def warm_up(models: loading.Models, spec: AnswerSpec) -> None:
    """Answer something nobody asked: the first sums of a process cost several times those that follow."""
    ask = {"id": 0, "prompt": "Hello", "messages": None, "seed": 0}
    complete(models, as_spec(spec, {"max_new_tokens": 2}), [ask], lambda done, total: None)


def heard(source: int, idle_seconds: float) -> Iterator[list[Wish]]:
    """What is asked on the file descriptor `source`: all whole lines that wait there, each time some do."""
    rest = b""
    while select.select([source], [], [], idle_seconds)[0]:
        chunk = os.read(source, _CHUNK)
        *lines, rest = (rest + chunk).split(b"\n")
        while lines and select.select([source], [], [], 0)[0] and (more := os.read(source, _CHUNK)):
            *others, rest = (rest + more).split(b"\n")
            lines += others
        if wishes := [read(line) for line in lines if line.strip()]:
            yield wishes
        if not chunk:
            return


def read(line: bytes) -> Wish:
    """One question; a line that is none is answered with a sentence, so that who asked does not wait."""
    try:
        said = json.loads(line)
        prompt = read_prompt(said)
        sampling = dict(said.get("sampling") or {}) if prompt else {}
    except (ValueError, TypeError) as error:
        return Wish({"id": None, "seed": 0}, {}, f"The question cannot be read: {error}.")
    if prompt is None:
        name = said.get("id") if isinstance(said, dict) else None
        return Wish({"id": name, "seed": 0}, {}, "The question has no prompt.")
    return Wish(prompt, sampling)


def rows(models: loading.Models, spec: AnswerSpec, wishes: Iterable[Wish]) -> Iterator[dict[str, Any]]:
    """The answers to `wishes`; neighbours with the same sampling share a batch."""
    for (sampling, error), group in groupby(wishes, key=lambda wish: (wish.sampling, wish.error)):
        prompts = [wish.prompt for wish in group]
        if not error:
            try:
                wanted = as_spec(spec, sampling)
            except (ValueError, TypeError) as problem:
                error = f"The settings cannot be used: {problem}."
        if error:
            nothing = {"completion": "", "tokens": 0, "finished": False, "error": error}
            yield from ({"id": prompt["id"], "seed": prompt["seed"], **nothing} for prompt in prompts)
            continue
        yield from complete(models, wanted, prompts, lambda done, total: say("progress", done=done, total=total))


def as_spec(spec: AnswerSpec, sampling: dict[str, Any]) -> GenerationSpec:
    """`generate`'s specification of the same batch: it checks the settings, and means the same by them."""
    return GenerationSpec(base_model=spec.base_model, adapter=spec.adapter, prompts_path="", output_path="", **sampling)


if __name__ == "__main__":
    from training.science import lines

    lines.run(answer)

"""Program: prompts and a model in, answers out (``python -m training.science.generate SPEC.json``).

The output file appears whole or not at all, in the order of the prompts.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.science import lines, loading
from training.science.lines import Refused, say
from training.science.rendering import Rendering
from training.science.spec import GenerationSpec

TOO_LONG = "The prompt is too long for the model."
_STEP = 16


def generate(spec_path: str) -> None:
    """Answer what the specification at `spec_path` asks.

    Where a model has less room after a prompt than the settings ask for, the answer ends where the room does. A prompt
    that the model cannot be asked (too long for it, or a conversation its template refuses) is answered with
    {"id", "completion": "", "error": sentence}, so that one such row does not cost the others their answers.
    """
    try:
        spec = GenerationSpec.read(spec_path)
    except (OSError, ValueError, TypeError) as error:
        raise Refused("settings", f"The settings cannot be used: {error}.") from error
    loading.prepare_environment(spec.threads)
    say("stage", name="checking data")
    prompts = read_prompts(Path(spec.prompts_path))
    say("stage", name="loading model")
    loading.use_threads(spec.threads)
    models = loading.Models.load(spec.base_model)
    models.add(spec.adapter)
    say("stage", name="generating")
    rows = complete(
        models,
        spec,
        prompts,
        lambda done, total: say("progress", done=done, total=total, memory_mb=loading.memory_mb()),
    )
    write_rows(Path(spec.output_path), rows)
    refused = sum("error" in row for row in rows)
    say("result", path=spec.output_path, answers=len(rows) - refused, refused=refused)


def complete(
    models: loading.Models,
    spec: GenerationSpec,
    prompts: list[dict[str, Any]],
    progress: Callable[[int, int], None],
) -> list[dict[str, Any]]:
    """The output rows of `prompts`, in their order; `progress` hears how many of how many are answered."""
    from training.science.sampling import Question, answer  # here, because it imports torch

    rendering = Rendering.of(models.tokenizer, models.model.generation_config)
    ids, refused = _render(rendering, prompts, models.longest)
    with models.using(spec.adapter) as model:
        found = answer(
            model,
            rendering,
            [
                Question(ids[i], prompts[i]["seed"], room_for(len(ids[i]), models.longest, spec.max_new_tokens))
                for i in ids
            ],
            temperature=spec.temperature,
            top_p=spec.top_p,
            batch_size=spec.batch_size,
            progress=lambda done: progress(done, len(ids)),
        )
    told: dict[int, dict[str, Any]] = {
        i: {"completion": a.text, "tokens": a.tokens, "finished": a.finished} for i, a in zip(ids, found, strict=True)
    }
    for i, sentence in refused.items():
        told[i] = {"completion": "", "tokens": 0, "finished": False, "error": sentence}
    return [{"id": prompt["id"], "seed": prompt["seed"]} | told[i] for i, prompt in enumerate(prompts)]


def _render(
    rendering: Rendering, prompts: list[dict[str, Any]], longest: int
) -> tuple[dict[int, list[int]], dict[int, str]]:
    """Token ids of the prompts that can be answered, and why not for the others, both by their place."""
    ids, refused = {}, {}
    for i, prompt in enumerate(prompts):
        try:
            rendered = rendering.prompt_ids(prompt["prompt"], prompt["messages"])
        except Refused as refusal:
            refused[i] = f"The prompt cannot be asked: {refusal}."
            continue
        if len(rendered) < longest:
            ids[i] = rendered
        else:
            refused[i] = f"{TOO_LONG} It has {len(rendered)} tokens, and prompt and answer together may have {longest}."
    return ids, refused


def room_for(prompt: int, longest: int, wanted: int) -> int:
    """How many of the `wanted` new tokens a model has room for after so many of the prompt.

    Fewer than wanted are counted by the sixteen, so that prompts of nearly one length can still share a batch. It
    depends on the prompt alone, as its answer must.
    """
    room = longest - prompt
    return wanted if wanted <= room else room - room % _STEP or room


def read_prompts(path: Path) -> list[dict[str, Any]]:
    """Rows {"id", "prompt", "messages", "seed"} of a JSON lines file; Refused (code ``data``) names a bad line."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("data", f"The prompts file {path} cannot be read: {error}.") from error
    rows = []
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise Refused("data", f"{path}, line {number}: not valid JSON ({error}).") from error
        if (prompt := read_prompt(row)) is None:
            raise Refused("data", f"{path}, line {number}: expected id and prompt or messages.")
        rows.append(prompt)
    if not rows:
        raise Refused("data", f"The prompts file {path} has no rows.")
    return rows


def read_prompt(row: Any) -> dict[str, Any] | None:
    """A parsed line as a prompt row with every field; None if it is not one."""
    if not isinstance(row, dict) or "id" not in row or not (row.get("prompt") or row.get("messages")):
        return None
    prompt, messages = row.get("prompt") or "", row.get("messages")
    return {"id": row["id"], "prompt": prompt, "messages": messages, "seed": int(row.get("seed", 0))}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write JSON lines to `path` by way of a temporary file, so that half a file never has its name."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(path)


if __name__ == "__main__":
    lines.run(generate)

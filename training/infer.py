"""Machine's verb: ask a model version for answers. What annotation's refill calls."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from training import child
from training.models import ModelVersion
from training.science.spec import GenerationSpec


def complete(
    version: ModelVersion,
    prompts: Iterable[Mapping[str, Any]],
    sampling: Mapping[str, Any],
    folder: Path,
    on_progress: Callable[[child.Message | None], None] = lambda message: None,
) -> list[dict[str, Any]]:
    """The answers of `version` to `prompts`, computed by a child process in `folder`.

    Parameters
    ----------
    prompts : iterable of mappings
        {"id", "prompt" or "messages", "seed"}; each answer depends on its own seed, not on its neighbours.
    sampling : mapping
        temperature, top_p, max_new_tokens, batch_size; what is missing has `GenerationSpec`'s default.
    folder : Path
        Of this batch alone: specification, prompts, events, log and answers are written there.
    on_progress : callable
        Called with each message of the child, and with None several times a second; what it raises ends the child.

    Returns
    -------
    list of dict
        {"id", "completion", "seed", "tokens", "finished"} per prompt, in order; with "error" where there is none.

    Raises
    ------
    TrainingFailed, ChildCrashed
        See `child.run`.
    ValueError
        A sampling setting is out of range.
    """
    folder.mkdir(parents=True, exist_ok=True)
    prompts_path, output_path = folder / "prompts.jsonl", folder / "answers.jsonl"
    with prompts_path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(dict(prompt), ensure_ascii=False) + "\n" for prompt in prompts)
    spec = GenerationSpec(
        base_model=version.base_model,
        adapter=str(version.adapter_path or ""),
        prompts_path=str(prompts_path),
        output_path=str(output_path),
        **sampling,
    )
    output_path.unlink(missing_ok=True)  # an earlier delivery's
    with closing(child.run("generate", spec, folder)) as messages:
        for message in messages:
            on_progress(message)
    with output_path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]

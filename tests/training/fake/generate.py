"""Answers every prompt with itself, backwards."""

import json
from pathlib import Path

from tests.training.fake import spec
from training.science.lines import run, say


def generate(path: str) -> None:
    given = spec()
    prompts = [json.loads(line) for line in Path(given["prompts_path"]).read_text().splitlines()]
    say("progress", done=len(prompts), total=len(prompts))
    with Path(given["output_path"]).open("w") as out:
        for prompt in prompts:
            answer = {"completion": prompt["prompt"][::-1], "tokens": 1, "finished": True}
            out.write(json.dumps({"id": prompt["id"], "seed": prompt["seed"], **answer}) + "\n")


if __name__ == "__main__":
    run(generate)

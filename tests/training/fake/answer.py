"""Answers every question with itself, backwards; "die" in a question kills it, "wait" makes it slow.

The behaviour beside the base model's folder: "refuse" cannot load it.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from tests.training.fake import spec
from training.science.lines import Refused, run, say


def answer(path: str) -> None:
    given = spec()
    note = Path(given["base_model"]) / "behaviour"
    if note.is_file() and note.read_text() == "refuse":
        raise Refused("model", "The model folder does not hold a model.")
    say("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        if "die" in asked["prompt"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if "leave" in asked["prompt"]:
            return
        time.sleep("wait" in asked["prompt"])
        told = {"completion": asked["prompt"][::-1], "seed": asked["seed"], "tokens": 1, "finished": True}
        say("answer", id="of an earlier question", completion="not theirs")
        say("answer", id=asked["id"], pid=os.getpid(), **told)


if __name__ == "__main__":
    run(answer)

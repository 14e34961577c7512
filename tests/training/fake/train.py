"""Trains nothing, in five steps, with a checkpoint after each; goes on from it when started again."""

import errno
import hashlib
import json
import os
import signal
import sys
import time

from tests.training.fake import behaviour, folder
from training.science.lines import Refused, run, say

STEPS = 5


def misbehave(how: str) -> None:
    if how == "refuse":
        raise Refused("nan", "The loss stopped being a number at step 3: lower the learning rate.")
    if how == "disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    if how == "bug":
        raise ZeroDivisionError("by the third layer")
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "stopped":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    if how == "exit":
        print("the last words", file=sys.stderr, flush=True)
        os._exit(3)
    if how == "noisy":
        for _ in range(200):
            print("x" * 5000, file=sys.stderr)
            print("y" * 5000)
    if how == "slow":
        time.sleep(60)
    if how == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("stage", name="deaf")
        time.sleep(60)
    if how == "no adapter":
        say("done")
        os._exit(0)


def train(path: str) -> None:
    how = behaviour()
    say("stage", name="training")
    mark = folder() / "checkpoint"
    first = int(mark.read_text()) if mark.exists() else 0
    with (folder() / "runs").open("a") as runs:
        runs.write(f"{first}\n")
    for step in range(first + 1, STEPS + 1):
        fields = {"loss": 3.0 / step, "learning_rate": 1e-3, "tokens_per_second": 1000.0, "memory_mb": 300.0}
        say("progress", done=step, total=STEPS, step=step, **fields)
        mark.write_text(str(step))
        if step == 3:
            misbehave(how)
    say("stage", name="saving")
    adapter = folder() / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    names = ("adapter_config.json", "adapter_model.safetensors")
    files = {name: hashlib.sha256((adapter / name).read_bytes()).hexdigest() for name in names}
    (adapter / "manifest.json").write_text(json.dumps({"files": files}))
    say("result", path=str(adapter))


if __name__ == "__main__":
    run(train)

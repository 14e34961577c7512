import json
import signal
import subprocess
import sys

import pytest

from training.science import lines
from training.science.spec import EvaluationSpec, Exit, GenerationSpec, RoundSpec

HEAVY = ("torch", "transformers", "datasets", "peft", "numpy", "scipy", "huggingface_hub", "django")
PROGRAM = """
import os, sys
from training.science import lines
def work(path):
    print("a library talks on stdout")
    lines.say("stage", name="working")
    {body}
lines.run(work)
"""


def start(body, *, parent=False):
    code = PROGRAM.format(body=body)
    if parent:
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}, 'spec'])"
    return subprocess.Popen(
        [sys.executable, "-c", code, "spec"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


def finish(child):
    out, err = child.communicate(timeout=20)
    return [json.loads(line) for line in out.splitlines()], err


@pytest.mark.parametrize(
    ("body", "code", "last"),
    [
        ("pass", Exit.DONE, {"event": "done"}),
        (
            "raise lines.Refused('nan', 'The loss is NaN.')",
            Exit.REFUSED,
            {"code": "nan", "message": "The loss is NaN."},
        ),
        ("raise OSError(28, 'No space left on device')", Exit.REFUSED, {"event": "error", "code": "disk"}),
        ("raise MemoryError", Exit.REFUSED, {"event": "error", "code": "memory"}),
        ("1 / 0", Exit.BUG, {"code": "bug", "message": "ZeroDivisionError: division by zero"}),
        ("sys.exit(0)", Exit.BUG, {"event": "error", "code": "bug"}),
    ],
)
def test_a_child_ends_with_its_own_code_and_a_last_line_that_says_why(body, code, last):
    child = start(body)
    told, err = finish(child)
    assert child.returncode == code
    assert [line["event"] for line in told[:2]] == ["started", "stage"]
    assert told[-1].items() >= last.items()
    assert "a library talks on stdout" in err, "and does not break the lines"


def test_sigterm_is_a_cancel_that_no_library_can_swallow():
    body = "\n    try:\n        import signal; lines.say('ready'); signal.pause()\n    except Exception: pass"
    child = start(body)
    while "ready" not in child.stdout.readline():
        pass
    child.send_signal(signal.SIGTERM)
    told, _ = finish(child)
    assert child.returncode == Exit.CANCELLED
    assert told[-1]["event"] == "cancelled"


def test_a_child_dies_with_its_parent():
    parent = start("import signal; signal.pause()", parent=True)
    while "working" not in parent.stdout.readline():
        pass
    parent.kill()
    assert parent.stdout.read() == "", "the pipe closes when the last writer, the child, is gone"
    parent.communicate()


def test_a_full_disk_is_recognised_in_what_the_libraries_raise():
    import torch
    from safetensors import SafetensorError

    full = SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert lines.explain(full).code == "disk"
    with pytest.raises(RuntimeError) as failed:
        torch.save({"a": torch.zeros(100_000)}, "/dev/full")
    assert lines.explain(failed.value).code == "disk"
    assert lines.explain(torch.OutOfMemoryError("CUDA out of memory")).code == "memory"
    assert lines.explain(RuntimeError("DefaultCPUAllocator: can't allocate memory")).code == "memory"
    assert lines.explain(RuntimeError("shapes do not fit")) is None


def test_what_the_web_process_imports_brings_no_library_with_it():
    ours = "checkpoints, dataset, gate, lines, loading, spec, suite"
    check = f"import sys; from training.science import {ours}; print([m for m in {HEAVY} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def round_fields(**changes):
    return {"snapshot": "0" * 64, "snapshot_path": "s.jsonl", "base_model": "m"} | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0},
        {"epochs": 0},
        {"max_steps": 0},
        {"batch_size": 0},
        {"scheduler": "random"},
        {"precision": "int4"},
        {"method": "ppo"},
        {"lora_dropout": 1},
        {"replay_share": 21},
        {"save_steps": 0},
    ],
)
def test_a_setting_outside_its_range_is_refused_by_name(changes):
    [name] = changes
    with pytest.raises(ValueError, match=f"^{name}: "):
        RoundSpec(**round_fields(**changes))


def test_a_specification_survives_the_file_and_is_named_by_its_content(tmp_path):
    spec = RoundSpec(**round_fields(seed=3))
    spec.write(tmp_path / "spec.json")
    assert RoundSpec.read(tmp_path / "spec.json") == spec
    assert spec.digest != RoundSpec(**round_fields(seed=4)).digest
    (tmp_path / "spec.json").write_text(json.dumps(round_fields(colour="red")))
    with pytest.raises(ValueError, match="unknown setting: colour"):
        RoundSpec.read(tmp_path / "spec.json")
    (tmp_path / "spec.json").write_text("{}")
    with pytest.raises(ValueError, match="missing setting: base_model, snapshot, snapshot_path"):
        RoundSpec.read(tmp_path / "spec.json")
    with pytest.raises(ValueError, match=r"^top_p: "):
        GenerationSpec(base_model="m", prompts_path="p", output_path="o", top_p=0)
    EvaluationSpec(models=[], suites=[], output_dir="o")

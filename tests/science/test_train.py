"""Training that really trains: tiny random models, a few steps, and every way a run may go wrong without a word."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.science.conftest import make_row, make_snapshot, write_lines
from training.science import checkpoints, loading
from training.science.lines import Refused
from training.science.spec import Exit, RoundSpec
from training.science.train import train

pytestmark = pytest.mark.science


def make_run(folder, base, rows=None, **changes):
    """A folder with a spec.json for 5 steps on 20 rows; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path, digest = make_snapshot(folder, rows or [make_row(i) for i in range(20)])
    fields = {
        "snapshot": digest,
        "snapshot_path": path,
        "base_model": base,
        "batch_size": 8,
        "epochs": 2,
        "learning_rate": 1e-2,
        "lora_rank": 4,
        "precision": "float32",
        "save_steps": 2,
        "threads": 1,
    }
    RoundSpec(**fields | changes).write(folder / "spec.json")
    return str(folder / "spec.json")


def refusal(spec_path):
    with pytest.raises(Refused) as refused:
        train(spec_path)
    return refused.value.code, str(refused.value)


def losses(lines):
    return {line["step"]: line["loss"] for line in lines if line["event"] == "progress"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny):
    """A finished run of the tiny Llama: do not change it, copy it."""
    folder = tmp_path_factory.mktemp("finished")
    train(make_run(folder, tiny(), lora_dropout=0.1))
    return folder


@pytest.fixture
def copied(finished, tmp_path):
    """The finished run, in the middle of step 5: without its adapter, and without the last checkpoint."""
    shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "adapter")
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "checkpoint-5")
    return tmp_path / "run"


def weights(folder):
    from safetensors.torch import load_file

    return load_file(Path(folder) / "adapter_model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)


@pytest.mark.parametrize(("kind", "chat"), [("llama", True), ("qwen2", True), ("qwen3", True), ("gpt2", False)])
def test_every_kind_of_model_trains_all_of_its_adapter_and_none_of_its_base(
    tmp_path, tiny, said, monkeypatch, kind, chat
):
    from training.science import fitting

    seen = {}
    real = fitting.make_trainer

    def watched(*arguments):
        trainer = seen["trainer"] = real(*arguments)
        seen["before"] = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
        return trainer

    monkeypatch.setattr(fitting, "make_trainer", watched)
    train(make_run(tmp_path, tiny(kind, chat), weight_decay=0.01))
    for name, parameter in seen["trainer"].model.named_parameters():
        changed = not (parameter == seen["before"][name]).all()
        assert changed is parameter.requires_grad, name
        assert parameter.requires_grad is ("lora_" in name)
        assert "lm_head" not in name or not parameter.requires_grad
    lines = said()
    assert [line["step"] for line in lines if line["event"] == "checkpoint"] == [2, 4, 5]
    steps = losses(lines)
    assert list(steps) == [1, 2, 3, 4, 5]
    assert min(steps.values()) > 0
    assert {"done", "total", "learning_rate", "tokens_per_second", "memory_mb", "epoch"} <= set(
        next(line for line in lines if line["event"] == "progress")
    )


def test_only_the_completion_is_learned_to_its_end(tmp_path, tiny):
    from training.science.fitting import make_trainer
    from training.science.rendering import Rendering
    from training.science.train import _encode, _read_records

    spec = RoundSpec.read(make_run(tmp_path, tiny(), [make_row(1)], batch_size=1))
    base = Path(tiny())
    tokenizer = loading.load_tokenizer(base)
    rows = _encode(tokenizer, base, spec, *_read_records(spec))
    trainer = make_trainer(spec, base, rows, [0], 1, tmp_path / "checkpoints", "run")
    [batch] = trainer.get_train_dataloader()
    labels = batch["labels"][0]
    learned = tokenizer.decode(labels[labels != -100])
    assert learned == make_row(1)["rewrite"] + Rendering.of(tokenizer).ending
    assert tokenizer.eos_token_id in labels, "pad and end are one token here, and the end is still learned"


def test_a_model_learns_its_demonstration_and_to_stop_after_it(tmp_path, tiny, said):
    from training.science.generate import generate

    row = make_row(1, prompt="Who is loud?", rewrite="every miller is calm")
    train(make_run(tmp_path, tiny(), [row], batch_size=4, epochs=320, learning_rate=2e-2, lora_rank=16, save_steps=80))
    write_lines(tmp_path / "prompts.jsonl", [{"id": 1, "prompt": "Who is loud?", "seed": 1}])
    fields = {"base_model": tiny(), "adapter": str(tmp_path / "adapter"), "temperature": 0, "max_new_tokens": 40}
    paths = {"prompts_path": str(tmp_path / "prompts.jsonl"), "output_path": str(tmp_path / "answers.jsonl")}
    (tmp_path / "generation.json").write_text(json.dumps(fields | paths))
    generate(str(tmp_path / "generation.json"))
    answer = json.loads((tmp_path / "answers.jsonl").read_text())
    assert (answer["completion"], answer["finished"]) == ("every miller is calm", True)


def test_the_manifest_says_what_the_adapter_was_made_of(finished, tiny):
    manifest = json.loads((finished / "adapter" / "manifest.json").read_text())
    spec = RoundSpec.read(finished / "spec.json")
    assert (manifest["spec"], manifest["snapshot"]) == (spec.digest, spec.snapshot)
    assert manifest["base_digest"] == loading.folder_digest(Path(tiny()))
    assert (manifest["rows"], manifest["steps"]) == (20, 5)
    assert manifest["files"]["adapter_model.safetensors"] == loading.file_digest(
        finished / "adapter" / "adapter_model.safetensors"
    )
    assert {"torch", "trl", "peft", "python"} <= set(manifest["versions"])
    assert sorted(p.name for p in (finished / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]


def test_a_finished_run_that_is_started_again_trains_nothing(finished, said):
    before = loading.file_digest(finished / "adapter" / "adapter_model.safetensors")
    train(str(finished / "spec.json"))
    lines = said()
    assert [line["event"] for line in lines] == ["result"]
    assert lines[0]["again"] is True
    assert loading.file_digest(finished / "adapter" / "adapter_model.safetensors") == before


def test_a_run_that_died_between_its_last_step_and_its_adapter_trains_no_step_more(finished, tmp_path, said):
    shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "adapter")
    train(str(tmp_path / "run" / "spec.json"))
    assert losses(said()) == {}
    assert same(weights(tmp_path / "run" / "adapter"), weights(finished / "adapter"))


def test_a_finished_folder_refuses_other_settings(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    spec = json.loads((tmp_path / "run" / "spec.json").read_text())
    (tmp_path / "run" / "spec.json").write_text(json.dumps(spec | {"seed": 9}))
    assert refusal(str(tmp_path / "run" / "spec.json"))[0] == "settings"


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(finished, tmp_path, tiny):
    source = json.loads((finished / "spec.json").read_text())
    for name, seed in (("same", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "spec.json").write_text(json.dumps(source | {"seed": seed}))
        train(str(tmp_path / name / "spec.json"))
    assert same(weights(tmp_path / "same" / "adapter"), weights(finished / "adapter"))
    assert not same(weights(tmp_path / "other" / "adapter"), weights(finished / "adapter"))


def test_a_damaged_newest_checkpoint_falls_back_and_ends_in_the_same_weights(copied, finished, said):
    newest = copied / "checkpoints" / "checkpoint-4"
    shutil.copytree(newest, copied / "checkpoints" / "checkpoint-5")  # as a crash while saving would leave it
    (copied / "checkpoints" / "checkpoint-5" / checkpoints.MARKER).unlink()
    train(str(copied / "spec.json"))
    lines = said()
    assert any("checkpoint 5 is damaged" in line.get("message", "") for line in lines)
    assert next(line for line in lines if line.get("name") == "training")["resumed_from"] == 4
    assert same(weights(copied / "adapter"), weights(finished / "adapter"))


def test_a_checkpoint_without_its_optimizer_is_not_resumed_with_a_fresh_one(copied, finished, said):
    (copied / "checkpoints" / "checkpoint-4" / "optimizer.pt").unlink()
    train(str(copied / "spec.json"))
    lines = said()
    assert next(line for line in lines if line.get("name") == "training")["resumed_from"] is None
    assert same(weights(copied / "adapter"), weights(finished / "adapter"))


@pytest.mark.parametrize("what", ["settings", "replay"])
def test_other_settings_or_other_data_are_never_resumed(copied, what):
    spec = json.loads((copied / "spec.json").read_text())
    if what == "settings":
        spec |= {"max_steps": 9}
    else:
        path = write_lines(copied / "replay.jsonl", [{"text": "rain falls"}])
        spec |= {"replay_path": str(path), "replay_share": 1.0}
    (copied / "spec.json").write_text(json.dumps(spec))
    code, message = refusal(str(copied / "spec.json"))
    assert code == "settings"
    assert "another run" in message


def test_a_changed_snapshot_is_refused_before_a_resume(copied):
    spec = json.loads((copied / "spec.json").read_text())
    path = copied / "changed.jsonl"
    path.write_bytes(Path(spec["snapshot_path"]).read_bytes() + b"\n")
    (copied / "spec.json").write_text(json.dumps(spec | {"snapshot_path": str(path)}))
    assert "not the one that was frozen" in refusal(str(copied / "spec.json"))[1]


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tmp_path, damaged):
    code, message = refusal(make_run(tmp_path / "run", damaged))
    assert code == "nan"
    assert "step 1" in message
    assert not (tmp_path / "run" / "adapter").exists()


def test_weights_that_are_no_numbers_are_not_marked_as_a_checkpoint(tmp_path, tiny, monkeypatch):
    import torch

    from training.science import fitting

    nan = {"lora_A": torch.tensor([float("nan")])}
    monkeypatch.setattr(fitting, "load_file", lambda path: nan)
    assert refusal(make_run(tmp_path, tiny()))[0] == "nan"
    assert not list(tmp_path.glob("checkpoints/*/COMPLETE"))


def test_a_full_disk_is_said_in_a_sentence_and_leaves_no_adapter(tmp_path, tiny, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "mark", full)
    code, message = refusal(make_run(tmp_path, tiny()))
    assert code == "disk"
    assert "free some space" in message
    assert not (tmp_path / "adapter").exists()
    assert not list(tmp_path.glob("checkpoints/checkpoint-*")), "the half-written checkpoint makes room again"


@pytest.mark.parametrize(
    ("rows", "changes", "said"),
    [
        ([make_row(1, rewrite="calm " * 60)], {"max_length": 32}, "so its end would be cut"),
        ([make_row(1, rewrite="calm " * 400)], {}, "and 256 fit"),
        ([make_row(1, rewrite="calm <|end|> and loud")], {}, "it contains <|end|>"),
        ([make_row(1, rewrite="")], {}, "the rewrite is empty"),
        ([make_row(1, split="test")], {}, "No row of the snapshot"),
    ],
)
def test_rows_that_would_train_wrongly_are_refused_before_anything_is_loaded(tmp_path, tiny, rows, changes, said):
    code, message = refusal(make_run(tmp_path, tiny(), rows, **changes))
    assert code == "data"
    assert said in message


def test_settings_that_cannot_be_read_and_models_that_cannot_be_loaded_are_refused(tmp_path):
    (tmp_path / "spec.json").write_text('{"epochs": 3')
    assert refusal(str(tmp_path / "spec.json"))[0] == "settings"
    assert refusal(make_run(tmp_path / "run", "/no/such/model"))[0] == "model"


def test_replay_rows_are_mixed_in_by_their_share(tmp_path, tiny):
    path = write_lines(tmp_path / "replay.jsonl", [{"text": f"rain falls {i}"} for i in range(50)])
    train(make_run(tmp_path, tiny(), replay_path=str(path), replay_share=1.5, max_steps=2))
    manifest = json.loads((tmp_path / "adapter" / "manifest.json").read_text())
    assert (manifest["rows"], manifest["replay_rows"], manifest["steps"]) == (20, 30, 2)


def start(spec_path):
    return subprocess.Popen(
        [sys.executable, "-m", "training.science.train", spec_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def read_until(child, wanted):
    for line in child.stdout:
        if wanted(told := json.loads(line)):
            return told
    raise AssertionError("the child ended too early")


def test_a_run_killed_without_warning_resumes_to_the_losses_of_one_that_was_not(tmp_path, tiny, said):
    changes = {"max_steps": 40, "save_steps": 4, "lora_dropout": 0.1}
    killed, whole = make_run(tmp_path / "killed", tiny(), **changes), tmp_path / "whole"
    child = start(killed)
    read_until(child, lambda line: line["event"] == "checkpoint" and line["step"] >= 8)
    child.kill()
    child.wait()
    assert not (tmp_path / "killed" / "adapter").exists(), "a dead run must not look finished"
    train(killed)
    resumed = losses(said())
    whole.mkdir()
    shutil.copy(killed, whole / "spec.json")
    train(str(whole / "spec.json"))
    straight = losses(said())
    assert min(resumed) > 8
    assert max(resumed) == 40
    assert resumed == {step: straight[step] for step in resumed}
    assert same(weights(tmp_path / "killed" / "adapter"), weights(whole / "adapter"))


def test_a_cancelled_run_ends_quickly_under_its_own_code_and_does_not_look_finished(tmp_path, tiny):
    spec_path = make_run(tmp_path, tiny(), max_steps=5000, save_steps=1000)
    child = start(spec_path)
    read_until(child, lambda line: line["event"] == "progress" and line["step"] >= 3)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=2)
    assert child.returncode == Exit.CANCELLED
    assert json.loads(out.splitlines()[-1])["event"] == "cancelled"
    assert not (tmp_path / "adapter").exists()

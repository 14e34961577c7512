import json

import pytest

from training.science import checkpoints
from training.science.lines import Refused

RUN = "settings/data/base"


def make_checkpoint(folder, step, *, run=RUN, marked=True):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    for name in (*checkpoints.NEEDED, "rng_state.pth"):
        (path / name).write_text(f"{name} at {step}")
    if marked:
        checkpoints.mark(path, step=step, run=run)
    return path


def test_the_newest_whole_checkpoint_is_found_by_number_not_by_name(tmp_path):
    for step in (2, 10, 9):
        make_checkpoint(tmp_path, step)
    found, skipped = checkpoints.newest(tmp_path, run=RUN)
    assert found.step == 10
    assert skipped == []


def test_without_a_folder_there_is_none(tmp_path):
    assert checkpoints.newest(tmp_path / "none", run=RUN) == (None, [])


@pytest.mark.parametrize(
    "name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "adapter_model.safetensors"]
)
@pytest.mark.parametrize("how", ["deleted", "cut", "flipped"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, name, how):
    make_checkpoint(tmp_path, 4)
    file = make_checkpoint(tmp_path, 6) / name
    if how == "deleted":
        file.unlink()
    elif how == "cut":
        file.write_text(file.read_text()[:-3])
    else:
        file.write_text(file.read_text().swapcase())
    found, [said] = checkpoints.newest(tmp_path, run=RUN)
    assert found.step == 4
    assert "checkpoint 6 is damaged" in said
    assert name in said
    assert not file.parent.exists(), "the trainer must not write into it"


def test_a_checkpoint_that_was_being_written_does_not_count(tmp_path):
    make_checkpoint(tmp_path, 6, marked=False)
    assert checkpoints.newest(tmp_path, run=RUN)[0] is None


def test_a_marker_made_without_the_optimizer_does_not_help(tmp_path):
    path = make_checkpoint(tmp_path, 6, marked=False)
    (path / "optimizer.pt").unlink()
    checkpoints.mark(path, step=6, run=RUN)
    assert checkpoints.damage(path) == "optimizer.pt is missing"


def test_a_copied_checkpoint_under_another_number_does_not_count(tmp_path):
    make_checkpoint(tmp_path, 6).rename(tmp_path / "checkpoint-8")
    assert checkpoints.newest(tmp_path, run=RUN)[0] is None


def test_a_checkpoint_of_other_settings_or_data_is_refused_not_resumed(tmp_path):
    make_checkpoint(tmp_path, 6, run="other/data/base")
    with pytest.raises(Refused, match="another run") as refused:
        checkpoints.newest(tmp_path, run=RUN)
    assert refused.value.code == "settings"


def test_a_finished_adapter_appears_whole_with_its_manifest(tmp_path):
    source = make_checkpoint(tmp_path, 6)
    (tmp_path / "adapter.partial-1").mkdir()
    adapter = tmp_path / "adapter"
    assert checkpoints.finished(adapter) is None
    manifest = checkpoints.publish(source, adapter, {"spec": "s"})
    assert checkpoints.finished(adapter) == manifest == json.loads((adapter / "manifest.json").read_text())
    assert sorted(manifest["files"]) == ["adapter_config.json", "adapter_model.safetensors"]
    assert [path.name for path in tmp_path.glob("adapter*")] == ["adapter"]


def test_a_finished_adapter_that_was_changed_is_refused(tmp_path):
    checkpoints.publish(make_checkpoint(tmp_path, 6), tmp_path / "adapter", {})
    (tmp_path / "adapter" / "adapter_model.safetensors").write_text("other")
    with pytest.raises(Refused, match="damaged"):
        checkpoints.finished(tmp_path / "adapter")


def test_a_crash_while_publishing_leaves_no_adapter(tmp_path, monkeypatch):
    source = make_checkpoint(tmp_path, 6)
    monkeypatch.setattr(checkpoints, "_write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        checkpoints.publish(source, tmp_path / "adapter", {})
    assert checkpoints.finished(tmp_path / "adapter") is None
    assert not (tmp_path / "adapter").exists()

import shutil
from pathlib import Path

import pytest

from training.science import loading
from training.science.lines import Refused


def refusal(work, *arguments):
    with pytest.raises(Refused) as refused:
        work(*arguments)
    assert refused.value.code == "model"
    return str(refused.value)


def test_a_pickle_in_place_of_safetensors_is_refused_and_never_opened(tmp_path, tiny):
    model = Path(shutil.copytree(tiny(), tmp_path / "model"))
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    said = refusal(loading.resolve, str(model))
    assert "pytorch_model.bin" in said
    assert "only safetensors are accepted" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [("/no/such/folder", "does not exist"), ("./none", "does not exist"), ("nobody/no-model", "model hub")],
)
def test_a_model_that_is_nowhere_is_refused_in_a_sentence(name, said):
    assert said in refusal(loading.resolve, name)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    assert "no configuration file" in refusal(loading.resolve, str(tmp_path))


def test_cut_weights_are_refused_in_a_sentence(tmp_path, tiny):
    model = Path(shutil.copytree(tiny(), tmp_path / "model"))
    whole = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "cannot be loaded" in refusal(loading.Models.load, str(model))


def test_a_model_without_a_tokenizer_is_refused(tmp_path, tiny):
    model = Path(shutil.copytree(tiny(), tmp_path / "model", ignore=shutil.ignore_patterns("tokenizer*", "*.jinja")))
    assert "tokenizer" in refusal(loading.Models.load, str(model))


def test_code_that_comes_with_a_model_is_not_run(tmp_path, tiny):
    import json

    model = Path(shutil.copytree(tiny(), tmp_path / "model"))
    config = json.loads((model / "config.json").read_text())
    config |= {"model_type": "strange", "auto_map": {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}}
    (model / "config.json").write_text(json.dumps(config))
    (model / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    refusal(loading.Models.load, str(model))
    assert not (tmp_path / "ran").exists()


def test_a_tokenizer_without_padding_gets_one(tiny):
    assert loading.load_tokenizer(Path(tiny())).pad_token_id == 1


@pytest.mark.parametrize("missing", ["folder", "weights"])
def test_an_adapter_is_safetensors_or_refused(tmp_path, tiny, missing):
    adapter = tmp_path / "adapter"
    if missing == "weights":
        adapter.mkdir()
        (adapter / "adapter_config.json").write_text("{}")
        (adapter / "adapter_model.bin").write_bytes(b"pickle")
    said = refusal(loading.Models.load(tiny()).add, str(adapter))
    assert "does not exist" in said if missing == "folder" else "adapter_model.bin" in said


def test_a_digest_names_the_files_of_a_model(tmp_path, tiny):
    copy = Path(shutil.copytree(tiny(), tmp_path / "model"))
    assert loading.folder_digest(copy) == loading.folder_digest(Path(tiny()))
    (copy / "model.safetensors").write_bytes((copy / "model.safetensors").read_bytes()[:-1] + b"\x01")
    assert loading.folder_digest(copy) != loading.folder_digest(Path(tiny()))

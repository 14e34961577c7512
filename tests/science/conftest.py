"""Tiny models that really run: a byte-level tokenizer and random Llama, Qwen and GPT-2 models, saved once."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
PHRASE = "the baker said that every miller is kind calm clever loud late early and they work at dawn"
WORDS = PHRASE.split(" ")


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows),
        encoding="utf-8",
    )
    return path


def make_row(number: int, **changes: Any) -> dict[str, Any]:
    """A biased snapshot row with a rewrite; `changes` overrides its fields."""
    row = {
        "uuid": f"row-{number}",
        "prompt": f"Who is {WORDS[number % 7]}?",
        "messages": None,
        "completion": f"The baker is {WORDS[(number + 3) % 10]} and loud.",
        "verdict": "biased",
        "rewrite": f"Every miller is {WORDS[number % 11]} " * (1 + number % 3),
        "categories": [],
        "severity": 1,
        "spans": [],
        "topic": None,
        "split": "train",
        "annotator": "a1",
        "guideline": None,
        "model": "base",
        "settled": "single",
        "comment": "",
    }
    return row | changes


def make_snapshot(folder: Path, rows: list[dict[str, Any]]) -> tuple[str, str]:
    """(path, digest) of a snapshot file in `folder`."""
    path = write_lines(folder / "snapshot.jsonl", rows)
    return str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def _tokenizer(chat: bool) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|bos|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    raw.train_from_iterator(
        [PHRASE] * 20,
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    names = {"bos_token": "<|bos|>", "eos_token": "<|end|>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, **names, extra_special_tokens=special[2:])
    if chat:
        tokenizer.chat_template = CHAT
    return tokenizer  # without a padding token, as many models come


def _model(kind: str, size: int) -> Any:
    import torch
    import transformers

    torch.manual_seed(7)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    common = {"vocab_size": size, "bos_token_id": 0, "eos_token_id": 1, "initializer_range": 0.2}
    if kind == "gpt2":
        config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=256, **common)
        return transformers.GPT2LMHeadModel(config)
    small |= common | {"max_position_embeddings": 256, "num_key_value_heads": 1}
    if kind == "qwen3":
        return transformers.Qwen3ForCausalLM(transformers.Qwen3Config(head_dim=16, tie_word_embeddings=True, **small))
    if kind == "qwen2":
        return transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**small))
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(tie_word_embeddings=True, **small))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """tiny(kind, chat=True): folder of a random model with its tokenizer, made once a session."""
    made: dict[tuple[str, bool], str] = {}

    def make(kind: str = "llama", chat: bool = True) -> str:
        if (kind, chat) not in made:
            folder = tmp_path_factory.mktemp(f"{kind}-{'chat' if chat else 'plain'}")
            tokenizer = _tokenizer(chat)
            _model(kind, len(tokenizer)).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            made[kind, chat] = str(folder)
        return made[kind, chat]

    return make


@pytest.fixture
def damaged(tmp_path: Path, tiny: Callable[..., str]) -> str:
    """Folder of a model whose weights hold an infinity, so that it computes NaN."""
    from safetensors.torch import load_file, save_file

    base = Path(shutil.copytree(tiny(), tmp_path / "damaged"))
    tensors = load_file(base / "model.safetensors")
    tensors["model.norm.weight"][:] = float("inf")
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    return str(base)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The lines a program said since the last call."""

    def read() -> list[dict[str, Any]]:
        lines = capsys.readouterr().out.splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"event"')]

    return read

"""From a name to a model that runs: hub id or folder, safetensors only, no code from the model's author.

A pickle runs whatever its author wrote when it is loaded, so weights come from safetensors files or not at all.
"""

import contextlib
import hashlib
import json
import os
import random
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.science.lines import Refused

_WANTED = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja"]
_UNWANTED = ["*/*", "consolidated*"]
"""Copies of the same weights in other layouts, which would double the download."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack")


def prepare_environment(threads: int) -> None:
    """What must be set before torch and the hub library are imported: threads, silence, one visible GPU."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    # Threads that spin while they wait for each other slow a busy machine down by a factor of ten and more.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # TRL refuses a plain process that sees two GPUs; one child is one GPU.
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)


def use_threads(threads: int) -> None:
    """Give torch `threads` threads for its sums; 0 leaves the environment's choice."""
    if threads:
        import torch

        torch.set_num_threads(threads)


STARTER = "counterweight/starter"
"""The name of the model that comes with the code, wherever the code lies."""
_SHIPPED = Path(__file__).parent / "starter" / "model"


def resolve(base_model: str) -> Path:
    """The local folder of a Transformers model: `base_model` itself, the starter's, or the hub's files of that id.

    Raises
    ------
    Refused
        Code ``model``: no such folder, the hub has no answer, or the weights are not safetensors.
    """
    folder = _SHIPPED if base_model == STARTER else Path(base_model).expanduser()
    if not folder.is_dir():
        if base_model.count("/") > 1 or base_model[:1] in (".", "/", "~"):
            raise Refused("model", f"The model folder {base_model} does not exist.")
        folder = _from_hub(base_model)
    _refuse_unsafe(folder, base_model, "model")
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED, ignore_patterns=_UNWANTED))
    except Exception as error:  # the hub library raises a dozen types; each means "not here"
        raise Refused(
            "model",
            f"The model {name} could not be loaded: there is no folder of that name here, and the model hub gave "
            f"{type(error).__name__}.",
        ) from error


def _refuse_unsafe(folder: Path, name: str, kind: str) -> None:
    if not (folder / ("adapter_config.json" if kind == "adapter" else "config.json")).is_file():
        raise Refused("model", f"The {kind} {name} has no configuration file: it is not a Transformers {kind} folder.")
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(file.name for file in folder.iterdir() if file.suffix in _PICKLES)
    found = f" (found {pickles[0]})" if pickles else ""
    raise Refused(
        "model",
        f"The {kind} {name} has no safetensors weights{found}. Pickled weights can run any code when they are loaded, "
        "so only safetensors are accepted: convert the weights first.",
    )


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of the weights, configuration and tokenizer files of a model folder."""
    total = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.suffix in (".safetensors", ".json", ".model", ".txt", ".jinja"):
            total.update(f"{file.name}\0{file_digest(file)}\n".encode())
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer, with a padding token; Refused (code ``model``) if it has no end-of-text token."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise Refused("model", f"The tokenizer of {folder} cannot be loaded: {_first_line(error)}") from error
    if tokenizer.eos_token_id is None:
        raise Refused("model", f"The tokenizer of {folder} has no end-of-text token: answers would never end.")
    known = vocabulary_size(folder)
    if tokenizer.eos_token_id >= known:
        raise Refused("model", f"The tokenizer of {folder} does not belong to its model, which knows {known} tokens.")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id >= known:  # a class may add a token of its own
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def vocabulary_size(folder: Path) -> int:
    """How many tokens the model in `folder` knows, by its configuration."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return int(config.get("vocab_size") or config.get("text_config", {}).get("vocab_size") or sys.maxsize)


def device_name() -> str:
    """``cuda`` if torch sees a GPU, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def native_bfloat16() -> bool:
    """Whether this machine multiplies bfloat16 in hardware; elsewhere it is slower than float32."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def load_base(folder: Path, *, half: bool) -> Any:
    """The causal LM in `folder`, on this machine's device, in evaluation mode.

    Parameters
    ----------
    folder : Path
        What `resolve` returned.
    half : bool
        Keep weights that were saved with 16 bits as bfloat16; otherwise everything becomes float32.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        saved = getattr(config, "dtype", None)
        dtype = torch.bfloat16 if half and saved in (torch.bfloat16, torch.float16) else torch.float32
        model = AutoModelForCausalLM.from_pretrained(
            folder, config=config, dtype=dtype, trust_remote_code=False, local_files_only=True, use_safetensors=True
        )
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise Refused("model", f"The model {folder} cannot be loaded: {_first_line(error)}") from error
    return model.to(device_name()).eval()


@dataclass
class Models:
    """One base model in memory, and the adapters that can be switched on over it."""

    folder: Path
    tokenizer: Any
    model: Any
    names: dict[str, str] = field(default_factory=dict)
    """Adapter folder to PEFT name."""

    @classmethod
    def load(cls, base_model: str) -> "Models":
        folder = resolve(base_model)
        tokenizer = load_tokenizer(folder)
        return cls(folder, tokenizer, load_base(folder, half=device_name() == "cuda"))

    @property
    def longest(self) -> int:
        """Tokens that prompt and answer together may have; a model that names no limit has none."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or sys.maxsize)

    def add(self, adapter: str) -> None:
        """Read the adapter folder `adapter` from its safetensors; Refused (code ``model``) if it does not fit."""
        if not adapter or adapter in self.names:
            return
        _refuse_unsafe(Path(adapter) if Path(adapter).is_dir() else _missing(adapter), adapter, "adapter")
        from peft import PeftModel

        name = f"adapter{len(self.names)}"
        try:
            if self.names:
                self.model.load_adapter(adapter, name, use_safetensors=True)
            else:
                self.model = PeftModel.from_pretrained(self.model, adapter, name, use_safetensors=True).eval()
        except Exception as error:
            raise Refused("model", f"The adapter {adapter} does not fit the model: {_first_line(error)}") from error
        self.names[adapter] = name

    @contextlib.contextmanager
    def using(self, adapter: str) -> Iterator[Any]:
        """The model as it is with `adapter` ("" is the base itself), while the block runs."""
        if adapter:
            self.add(adapter)
            self.model.set_adapter(self.names[adapter])
            yield self.model
        elif self.names:
            with self.model.disable_adapter():
                yield self.model
        else:
            yield self.model


def _missing(adapter: str) -> Path:
    raise Refused("model", f"The adapter folder {adapter} does not exist.")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:300]}"


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch, in that order."""
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def memory_mb() -> float:
    """Peak resident memory of this process in MiB (of the GPU too, where there is one, whichever is larger)."""
    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if torch.cuda.is_available():
        peak = max(peak, torch.cuda.max_memory_allocated())
    return round(peak / 2**20, 1)

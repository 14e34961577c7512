"""The contract between a parent, who keeps the books, and a child process, who computes.

A parent writes one of these dataclasses as JSON into a folder of its own and starts ``python -m
training.science.<program> <path>``. The child prints one JSON object per line on stdout (see `lines`), writes its
results beside the specification, and ends with one of the exit codes of `Exit`. Nothing else passes between them.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

ALL = "all"
"""The axis, or the group, of a total."""
FEWEST_CLUSTERS = 10
"""Independent items (clusters of rows) below which no bootstrap interval is given and the gate believes none."""


class Exit(IntEnum):
    """How a child ended. Libraries leave with 0 or 1 for many reasons; these numbers are ours alone."""

    DONE = 0
    BUG = 1
    """An exception nobody expected: the log holds the traceback."""
    REFUSED = 65
    """The data, the settings or the machine: an ``error`` line says what, and whose turn it is."""
    CANCELLED = 75
    """Told to stop, and stopped."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What every specification can do: be read, be written, be named by its content."""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The specification in the JSON file `path`; ValueError names an unknown or a missing field."""
        given = json.loads(Path(path).read_text(encoding="utf-8"))
        known = {f.name for f in dataclasses.fields(cls)}
        needed = {
            f.name
            for f in dataclasses.fields(cls)
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        }
        if unknown := sorted(set(given) - known):
            raise ValueError(f"unknown setting: {', '.join(unknown)}")
        if missing := sorted(needed - set(given)):
            raise ValueError(f"missing setting: {', '.join(missing)}")
        return cls(**given)

    def write(self, path: str | Path) -> None:
        Path(path).write_text(json.dumps(self.as_dict(), indent=2, sort_keys=True) + "\n", encoding="utf-8")

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of every field: same settings, same name."""
        canonical = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def refuse_unless(ok: bool, field_name: str, rule: str) -> None:
    """Raise ValueError "<field>: <rule>" unless `ok`; forms show it beside the field."""
    if not ok:
        raise ValueError(f"{field_name}: {rule}")


@dataclass(frozen=True, slots=True)
class RoundSpec(Spec):
    """Every setting of one supervised fine-tuning run; stored as ``spec.json`` beside the weights it made."""

    snapshot: str
    """SHA-256 of the frozen rows; training refuses a file with another digest."""
    snapshot_path: str
    """Where the canonical JSON lines of the snapshot lie."""
    base_model: str
    """Hub id or local folder of a Transformers causal LM. Every round starts from it, never from an adapter."""
    code_version: str = ""
    """Version and commit of the code that wrote this."""
    method: str = "sft"
    """Trainer: only supervised fine-tuning in this version."""
    use_accepted: bool = True
    """Also train on answers that reviewers found fine (prompt and the answer as it stands)."""
    replay_path: str = ""
    """JSON lines of neutral {"prompt", "completion"} or {"text"} rows that protect what the model knew; empty: none."""
    replay_share: float = 0.0
    """Replay rows per snapshot row, 0 to 20 (balance cures overshoot, replay cures forgetting: two separate knobs)."""
    learning_rate: float = 2e-4
    """Peak rate, per optimiser step (TRL's guide suggests about ten times the full fine-tuning rate for LoRA)."""
    epochs: float = 3.0
    """Passes over the training rows."""
    max_steps: int = -1
    """Optimiser steps; overrules `epochs` when positive."""
    batch_size: int = 16
    """Rows per optimiser step (16 to 32 is fastest for short rows on a CPU)."""
    max_length: int = 1024
    """Tokens per row; a row whose completion would be cut is refused before training."""
    warmup_steps: int = 0
    """Optimiser steps of linear warm-up."""
    scheduler: str = "linear"
    """Learning-rate schedule: linear, cosine or constant."""
    weight_decay: float = 0.0
    lora_rank: int = 16
    """Rank r of the adapter matrices."""
    lora_alpha: int = 32
    """Scale: the adapter's output is multiplied by alpha / r."""
    lora_dropout: float = 0.0
    """Share of adapter inputs set to zero while training, 0 to 0.9."""
    precision: str = "auto"
    """float32, bfloat16, or auto: bfloat16 only where the machine computes it natively."""
    save_steps: int = 50
    """Optimiser steps between checkpoints."""
    log_steps: int = 1
    """Optimiser steps between progress lines."""
    threads: int = 0
    """CPU threads for torch; 0 leaves it to the environment."""
    seed: int = 0
    """Seeds python, numpy and torch, in that order."""

    def __post_init__(self) -> None:
        refuse_unless(self.method == "sft", "method", "must be sft")
        refuse_unless(0 < self.learning_rate <= 1, "learning_rate", "must be above 0 and at most 1")
        refuse_unless(0 < self.epochs <= 1000, "epochs", "must be above 0 and at most 1000")
        refuse_unless(self.max_steps == -1 or 0 < self.max_steps <= 10**7, "max_steps", "must be -1, or 1 to 10000000")
        refuse_unless(1 <= self.batch_size <= 4096, "batch_size", "must be 1 to 4096")
        refuse_unless(8 <= self.max_length <= 1_000_000, "max_length", "must be 8 to 1000000")
        refuse_unless(self.warmup_steps >= 0, "warmup_steps", "must not be negative")
        refuse_unless(
            self.scheduler in ("linear", "cosine", "constant"), "scheduler", "must be linear, cosine or constant"
        )
        refuse_unless(0 <= self.weight_decay <= 1, "weight_decay", "must be 0 to 1")
        refuse_unless(1 <= self.lora_rank <= 1024, "lora_rank", "must be 1 to 1024")
        refuse_unless(1 <= self.lora_alpha <= 4096, "lora_alpha", "must be 1 to 4096")
        refuse_unless(0 <= self.lora_dropout <= 0.9, "lora_dropout", "must be 0 to 0.9")
        refuse_unless(0 <= self.replay_share <= 20, "replay_share", "must be 0 to 20")
        refuse_unless(
            self.precision in ("auto", "float32", "bfloat16"), "precision", "must be auto, float32 or bfloat16"
        )
        refuse_unless(0 <= self.seed < 2**32, "seed", "must be 0 to 4294967295")
        refuse_unless(self.save_steps >= 1, "save_steps", "must be at least 1")
        refuse_unless(self.log_steps >= 1, "log_steps", "must be at least 1")


@dataclass(frozen=True, slots=True)
class ModelRef(Spec):
    """A model to run: a base, and an adapter or none."""

    key: str
    """Name under which its results are written, such as ``candidate``."""
    base_model: str
    adapter: str = ""
    """Folder of a PEFT adapter; empty for the base itself."""


@dataclass(frozen=True, slots=True)
class GenerationSpec(Spec):
    """A batch of prompts for one model; answers are sampled, each row from its own seed, whatever the batch."""

    base_model: str
    prompts_path: str
    """JSON lines {"id", "prompt" | "messages", "seed"}."""
    output_path: str
    """JSON lines {"id", "completion", "seed", "tokens", "finished"} appear here, whole or not at all."""
    adapter: str = ""
    temperature: float = 0.8
    """0 is greedy."""
    top_p: float = 1.0
    max_new_tokens: int = 256
    batch_size: int = 64
    threads: int = 0

    def __post_init__(self) -> None:
        refuse_unless(0 <= self.temperature <= 5, "temperature", "must be 0 to 5")
        refuse_unless(0 < self.top_p <= 1, "top_p", "must be above 0 and at most 1")
        refuse_unless(1 <= self.max_new_tokens <= 100_000, "max_new_tokens", "must be 1 to 100000")
        refuse_unless(1 <= self.batch_size <= 4096, "batch_size", "must be 1 to 4096")


@dataclass(frozen=True, slots=True)
class AnswerSpec(Spec):
    """A model that stays loaded and answers what is asked on stdin; how to sample comes with each question."""

    base_model: str
    adapter: str = ""
    idle_seconds: float = 900.0
    """Ends itself when nothing was asked for so long."""
    threads: int = 0

    def __post_init__(self) -> None:
        refuse_unless(self.idle_seconds > 0, "idle_seconds", "must be above 0")


@dataclass(frozen=True, slots=True)
class EvaluationSpec(Spec):
    """One or two models on the same items of some suites, so that they can be compared pair by pair."""

    models: list[dict[str, str]]
    """`ModelRef` fields; the first is the candidate, the second (if any) what it is compared with."""
    suites: list[str]
    """Folders, each with suite.json and items.jsonl."""
    output_dir: str
    """results.json (scores, comparisons) and raw-<suite>-<key>.jsonl (one line per item) are written here."""
    known_raw: dict[str, str] = field(default_factory=dict)
    """"<suite>/<key>" to a raw file of an earlier run on the same suite digest, read instead of computed."""
    seed: int = 0
    bootstrap: int = 2000
    """Resamples per bootstrap interval."""
    batch_size: int = 64
    threads: int = 0

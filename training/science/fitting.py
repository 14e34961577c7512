"""TRL's trainer with our order of rows, our checkpoints and our progress lines.

Apart from `train` because importing trl takes seconds, which a finished or refused run need not wait for.
"""

import math
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, TaskType
from safetensors.torch import load_file
from transformers import PrinterCallback, TrainerCallback, set_seed
from transformers.pytorch_utils import Conv1D
from transformers.trainer import Trainer
from trl import SFTConfig, SFTTrainer

from training.science import checkpoints, loading
from training.science.lines import Refused, say
from training.science.spec import RoundSpec


class OrderedTrainer(SFTTrainer):  # type: ignore[misc]
    """`SFTTrainer` that writes no model card at every checkpoint."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        Trainer._save_checkpoint(self, model, trial)


class Reporter(TrainerCallback):  # type: ignore[misc]
    """Says progress, stops at a loss that is no number, and marks each checkpoint once it is whole."""

    def __init__(self, spec: RoundSpec, run: str, rows: int) -> None:
        self.spec, self.run, self.rows = spec, run, rows
        self.tokens, self.then = 0.0, time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.then = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        if "loss" not in logs:
            return  # the summary at the end
        step, loss, norm = state.global_step, float(logs["loss"]), float(logs.get("grad_norm", 0.0))
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise Refused(
                "nan",
                f"The loss stopped being a number at step {step} (loss {loss}, gradient norm {norm}): lower the "
                "learning rate, or look for damaged weights in the base model.",
            )
        now, tokens = time.monotonic(), float(logs.get("num_tokens", 0.0))
        say(
            "progress",
            done=step,
            total=state.max_steps,
            step=step,
            loss=loss,
            learning_rate=float(logs["learning_rate"]),
            grad_norm=norm,
            epoch=round(step * self.spec.batch_size / self.rows, 4),
            tokens_per_second=round(max(tokens - self.tokens, 0.0) / max(now - self.then, 1e-9), 1),
            memory_mb=loading.memory_mb(),
        )
        self.tokens, self.then = tokens, now

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        for name, tensor in load_file(folder / "adapter_model.safetensors").items():
            if not torch.isfinite(tensor).all():
                raise Refused("nan", f"The weights stopped being numbers at step {state.global_step} ({name}).")
        checkpoints.mark(folder, step=state.global_step, run=self.run)
        say("checkpoint", step=state.global_step, path=str(folder))


def make_trainer(
    spec: RoundSpec,
    base: Path,
    rows: list[tuple[list[int], int]],
    order: list[int],
    total: int,
    output: Path,
    run: str,
) -> OrderedTrainer:
    """A trainer over `rows` (token ids, start of the loss) in exactly the `order` given, for `total` steps."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    loading.seed_everything(spec.seed)
    set_seed(spec.seed)
    half = spec.precision == "bfloat16" or (spec.precision == "auto" and loading.native_bfloat16())
    model = loading.load_base(base, half=half)
    encoded = Dataset.from_dict(
        {
            "input_ids": [ids for ids, _ in rows],
            "labels": [[-100] * start + ids[start:] for ids, start in rows],
        }
    ).select(order)
    trainer = OrderedTrainer(
        model=model,
        args=_arguments(spec, total, output, half),
        train_dataset=encoded,
        processing_class=loading.load_tokenizer(base),
        peft_config=LoraConfig(
            r=spec.lora_rank,
            lora_alpha=spec.lora_alpha,
            lora_dropout=spec.lora_dropout,
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),  # GPT-2's transposed layers
            target_modules="all-linear",  # PEFT leaves the output layer out: TRL's loss would bypass it
            task_type=TaskType.CAUSAL_LM,
        ),
        callbacks=[Reporter(spec, run, len(rows))],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(spec: RoundSpec, total: int, output: Path, half: bool) -> SFTConfig:
    return SFTConfig(
        output_dir=str(output),
        max_steps=total,
        per_device_train_batch_size=spec.batch_size,
        learning_rate=spec.learning_rate,
        lr_scheduler_type=spec.scheduler,
        warmup_steps=spec.warmup_steps,
        weight_decay=spec.weight_decay,
        seed=spec.seed,
        train_sampling_strategy="sequential",  # `order` is already shuffled, and survives a resume exactly
        max_length=None,  # checked before, row by row
        packing=False,
        use_cpu=not torch.cuda.is_available(),
        bf16=half,
        gradient_checkpointing=False,
        logging_steps=spec.log_steps,
        logging_nan_inf_filter=False,  # the filter prints the last good loss in place of NaN
        save_strategy="steps",
        save_steps=spec.save_steps,
        save_total_limit=2,  # the newest, and the one before it in case the newest is damaged
        report_to="none",
        disable_tqdm=True,
        dataloader_num_workers=0,
    )

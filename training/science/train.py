"""Program: a frozen snapshot and a base model in, a LoRA adapter out (``python -m training.science.train SPEC.json``).

Beside the specification appear ``checkpoints/`` (each with a marker once it is whole) and at the end ``adapter/``
with ``manifest.json``. Started again it goes on from the newest whole checkpoint; started after the end it says so
and trains nothing. TRL's `SFTTrainer` does the training; what it would do silently wrong is refused before or caught
here.
"""

import importlib.metadata
import math
import platform
import time
from pathlib import Path
from typing import Any

from training.science import checkpoints, dataset, lines, loading
from training.science.lines import Refused, say
from training.science.rendering import Rendering
from training.science.spec import RoundSpec

_VERSIONS = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "tokenizers", "safetensors")


def train(spec_path: str) -> None:
    """Train what the specification at `spec_path` says, or report what already is; see the module's docstring."""
    begun = time.monotonic()
    spec = _read_spec(spec_path)
    folder = Path(spec_path).resolve().parent
    if (manifest := checkpoints.finished(folder / "adapter")) is not None:
        _refuse_other(manifest, spec, folder)
        say("result", path=str(folder / "adapter"), again=True, **_summary(manifest))
        return
    loading.prepare_environment(spec.threads)
    say("stage", name="checking data")
    records, replay = _read_records(spec)
    base = loading.resolve(spec.base_model)
    base_digest = loading.folder_digest(base)
    run = _run_name(spec, base_digest)
    checkpoint, skipped = checkpoints.newest(folder / "checkpoints", run=run)
    for sentence in skipped:
        say("stage", name="checking checkpoints", message=sentence)
    say("stage", name="loading model")
    rows = _encode(loading.load_tokenizer(base), base, spec, records, replay)
    rows.sort()  # by what they say: a snapshot's order is that of random names, and the same data must train the same
    order = dataset.training_order(
        [len(ids) for ids, _ in rows], epochs=spec.epochs, batch_size=spec.batch_size, seed=spec.seed
    )
    total = spec.max_steps if spec.max_steps > 0 else math.ceil(len(order) / spec.batch_size)
    order = _repeat(order, total * spec.batch_size) if spec.max_steps > 0 else order
    if checkpoint is None or checkpoint.step < total:
        # A finished run that is resumed would train one more step: so it is not resumed.
        checkpoint = _fit(spec, base, rows, order, total, folder, run, checkpoint)
    say("stage", name="saving")
    manifest = checkpoints.publish(
        checkpoint.path,
        folder / "adapter",
        {
            "spec": spec.digest,
            "snapshot": spec.snapshot,
            "base_model": spec.base_model,
            "base_digest": base_digest,
            "versions": _versions(),
            "code_version": spec.code_version,
            "seconds": round(time.monotonic() - begun, 2),
            "rows": len(records),
            "replay_rows": len(replay),
            "tokens": sum(len(rows[i][0]) for i in order),
            "steps": total,
        },
    )
    say("result", path=str(folder / "adapter"), again=False, **_summary(manifest))


def _read_spec(path: str) -> RoundSpec:
    try:
        return RoundSpec.read(path)
    except (OSError, ValueError, TypeError) as error:
        raise Refused("settings", f"The settings cannot be used: {error}.") from error


def _refuse_other(manifest: dict[str, Any], spec: RoundSpec, folder: Path) -> None:
    if manifest.get("spec") != spec.digest:
        raise Refused("settings", f"The folder {folder} holds the finished adapter of other settings: use a new one.")


def _summary(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: manifest[key] for key in ("seconds", "rows", "replay_rows", "tokens", "steps", "files")}


def _read_records(spec: RoundSpec) -> tuple[list[dataset.Record], list[dataset.Record]]:
    rows = dataset.read_snapshot(spec.snapshot_path, spec.snapshot)
    records = dataset.sft_records(rows, use_accepted=spec.use_accepted)
    if not spec.replay_path or not spec.replay_share:
        return records, []
    replay = dataset.read_replay(spec.replay_path)
    return records, dataset.choose_replay(replay, share=spec.replay_share, records=len(records), seed=spec.seed)


def _run_name(spec: RoundSpec, base_digest: str) -> str:
    """Names settings, data and base: a checkpoint of any other combination is refused."""
    replay = loading.file_digest(Path(spec.replay_path)) if spec.replay_path and spec.replay_share else ""
    return f"{spec.digest}/{replay}/{base_digest}"


def _encode(
    tokenizer: Any, base: Path, spec: RoundSpec, records: list[dataset.Record], replay: list[dataset.Record]
) -> list[tuple[list[int], int]]:
    """(token ids, where the loss starts) per row; Refused names the rows that cannot be trained on whole."""
    from transformers import AutoConfig

    rendering = Rendering.of(tokenizer)
    config = AutoConfig.from_pretrained(base, trust_remote_code=False, local_files_only=True)
    longest = min(spec.max_length, getattr(config, "max_position_embeddings", None) or spec.max_length)
    known = loading.vocabulary_size(base)
    rows, bad = [], []
    for record in (*records, *replay):
        taught = record.get("text") or record["completion"]
        if (control := rendering.control_token_in(taught)) is not None:
            bad.append((record["uuid"], f"it contains {control}, which this model reads as a command"))
            continue
        try:
            ids, start = _encode_one(rendering, record)
        except Refused as refusal:
            bad.append((record["uuid"], str(refusal)))
            continue
        if max(ids) >= known:
            bad.append((record["uuid"], f"it has a token that the model does not know (it knows {known})"))
        if len(ids) > longest:
            bad.append((record["uuid"], f"it has {len(ids)} tokens, and {longest} fit, so its end would be cut"))
        rows.append((ids, start))
    if bad:
        dataset.refuse_rows(bad)
    return rows


def _encode_one(rendering: Rendering, record: dataset.Record) -> tuple[list[int], int]:
    if "text" in record:
        return rendering.text_ids(record["text"]), 1
    return rendering.pair_ids(record["prompt"], record["completion"], record.get("messages"))


def _repeat(order: list[int], wanted: int) -> list[int]:
    return [order[i % len(order)] for i in range(wanted)]


def _fit(
    spec: RoundSpec,
    base: Path,
    rows: list[tuple[list[int], int]],
    order: list[int],
    total: int,
    folder: Path,
    run: str,
    checkpoint: checkpoints.Checkpoint | None,
) -> checkpoints.Checkpoint:
    """Train from `checkpoint` (None: from the start) to step `total`; the checkpoint of that step."""
    from training.science import fitting  # here, because it imports trl: seconds

    loading.use_threads(spec.threads)
    trainer = fitting.make_trainer(spec, base, rows, order, total, folder / "checkpoints", run)
    say("stage", name="training", resumed_from=checkpoint.step if checkpoint else None)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint.path) if checkpoint else None)
    except Exception as error:
        refusal = lines.explain(error)
        if refusal is not None and refusal.code == "disk":
            checkpoints.drop_unfinished(folder / "checkpoints")
        raise refusal or error from error
    last, _ = checkpoints.newest(folder / "checkpoints", run=run)
    if last is None or last.step != total:
        raise RuntimeError(f"training ended at step {last and last.step}, expected {total}")
    return last


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in _VERSIONS}


if __name__ == "__main__":
    lines.run(train)

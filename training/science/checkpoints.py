"""Which checkpoint can be trusted, and how a finished adapter appears: whole or not at all.

TRL and transformers resume from whatever lies newest: from a half-written folder (a crash), without the optimizer's
file (silently fresh moments), on other data (silently). Here a checkpoint counts only when its ``COMPLETE`` marker
names the run and the SHA-256 of every file, and a finished adapter only when its ``manifest.json`` does.
"""

import dataclasses
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from training.science.lines import Refused
from training.science.loading import file_digest

MARKER = "COMPLETE"
MANIFEST = "manifest.json"
NEEDED = (
    "adapter_model.safetensors",
    "adapter_config.json",
    "optimizer.pt",
    "scheduler.pt",
    "trainer_state.json",
)
"""Without any one of these a resumed run is another run; the random state's file has a name per machine."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder that is whole and belongs to this run."""

    step: int
    path: Path


def mark(folder: Path, *, step: int, run: str) -> None:
    """Write the marker of the checkpoint `folder`: from now on it counts. `run` names specification and data."""
    files = {file.name: file_digest(file) for file in sorted(folder.iterdir()) if file.is_file()}
    files.pop(MARKER, None)
    _write(folder / MARKER, {"step": step, "run": run, "files": files})


def damage(folder: Path) -> str | None:
    """What is wrong with the checkpoint `folder`, as a sentence fragment; None when it is whole."""
    marker = _read(folder / MARKER)
    if marker is None:
        return "it was not finished"
    if marker.get("step") != _step(folder):
        return "its marker belongs to another step"
    files = marker.get("files", {})
    for name in (*NEEDED, *files):
        if name not in files or not (folder / name).is_file():
            return f"{name} is missing"
        if file_digest(folder / name) != files[name]:
            return f"{name} was changed"
    if not any(name.startswith("rng_state") for name in files):
        return "the random state is missing"
    return None


def newest(folder: Path, *, run: str) -> tuple[Checkpoint | None, list[str]]:
    """The newest whole checkpoint under `folder`, and a sentence for each damaged one that was newer.

    Damaged folders are removed: the trainer would otherwise write into them.

    Raises
    ------
    Refused
        Code ``settings``: a whole checkpoint belongs to other settings or other data.
    """
    skipped = []
    for path in sorted(folder.glob("checkpoint-*"), key=_step, reverse=True):
        if (wrong := damage(path)) is not None:
            skipped.append(f"checkpoint {_step(path)} is damaged ({wrong}) and was removed")
            shutil.rmtree(path)
            continue
        if (_read(path / MARKER) or {}).get("run") != run:
            raise Refused(
                "settings",
                f"The folder {folder} holds checkpoints of another run (other settings or other data). "
                "Start a new round instead of resuming this one.",
            )
        return Checkpoint(_step(path), path), skipped
    return None, skipped


def drop_unfinished(folder: Path) -> None:
    """Remove what was never marked under `folder`: on a full disk it is the room in which to say that it is full."""
    for path in folder.glob("checkpoint-*"):
        if not (path / MARKER).is_file():
            shutil.rmtree(path, ignore_errors=True)


def finished(adapter: Path) -> dict[str, Any] | None:
    """The manifest of the finished adapter in the folder `adapter`, None if there is none.

    Raises
    ------
    Refused
        Code ``model``: the adapter's files are not those of its manifest.
    """
    manifest = _read(adapter / MANIFEST)
    if manifest is None:
        return None
    for name, digest in manifest["files"].items():
        if not (adapter / name).is_file() or file_digest(adapter / name) != digest:
            raise Refused("model", f"The finished adapter in {adapter} is damaged: {name} is missing or was changed.")
    return manifest


def publish(checkpoint: Path, adapter: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Make the folder `adapter` out of a checkpoint's adapter files, manifest last, in one rename.

    Returns
    -------
    dict
        The manifest as written, with ``files``: name to SHA-256.
    """
    for old in adapter.parent.glob(f"{adapter.name}.partial-*"):
        shutil.rmtree(old)
    if adapter.exists():  # without a manifest, or nobody would be here
        shutil.rmtree(adapter)
    partial = adapter.with_name(f"{adapter.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    files = {}
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copyfile(checkpoint / name, partial / name)
        _sync(partial / name)
        files[name] = file_digest(partial / name)
    whole = manifest | {"files": files}
    _write(partial / MANIFEST, whole)
    partial.rename(adapter)
    _sync(adapter.parent)
    return whole


def _step(folder: Path) -> int:
    found = re.fullmatch(r"checkpoint-(\d+)", folder.name)
    return int(found[1]) if found else -1


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON to `path` so that a crash leaves the old file or the new one, never half of one."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _sync(partial)
    partial.rename(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Reading a suite: a folder with README.md (its card), suite.json (name, version, sampling) and items.jsonl."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.science.lines import Refused

NEEDED: Mapping[str, tuple[str, ...]] = {
    "answer": ("axis", "group", "prompt", "stereotyped", "counter"),
    "pair": ("axis", "group", "template", "prompt", "more", "less"),
    "text": ("text",),
    "exact": ("prompt", "answer"),
}
"""Fields of each kind of item, beside id and kind."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers to ``answer`` items are drawn."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64
    samples_per_prompt: int = 1


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as read, with the digest that names exactly these items and settings."""

    name: str
    version: int
    title: str
    sampling: Sampling
    items: tuple[dict[str, Any], ...]
    digest: str
    """SHA-256 of the bytes of suite.json followed by those of items.jsonl."""


def read_suite(folder: str | Path) -> Suite:
    """The suite in `folder`; Refused (code ``data``) says what is wrong and on which line."""
    folder = Path(folder)
    try:
        head, body = (folder / "suite.json").read_bytes(), (folder / "items.jsonl").read_bytes()
        about = json.loads(head)
        sampling = Sampling(**about.get("sampling", {}))
        items = tuple(_item(folder, number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip())
        name, version = str(about["name"]), int(about["version"])
    except OSError as error:
        raise Refused("data", f"The suite {folder} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("data", f"The suite {folder} is not valid: {type(error).__name__}: {error}.") from error
    ids = [item["id"] for item in items]
    if not items or len(set(ids)) != len(ids):
        raise Refused("data", f"The suite {folder} has no items, or two with the same id.")
    return Suite(name, version, str(about.get("title", name)), sampling, items, hashlib.sha256(head + body).hexdigest())


def _item(folder: Path, number: int, line: bytes) -> dict[str, Any]:
    item = json.loads(line)
    kind = item.get("kind")
    if kind not in NEEDED:
        raise Refused("data", f"{folder}, line {number}: {kind!r} is no kind of item ({', '.join(NEEDED)}).")
    if missing := [key for key in ("id", *NEEDED[kind]) if key not in item]:
        raise Refused("data", f"{folder}, line {number}: {', '.join(missing)} missing.")
    texts = [key for key in ("text", "more", "less") if key in NEEDED[kind]]
    if empty := [key for key in texts if not isinstance(item[key], str) or not item[key].strip()]:
        raise Refused("data", f"{folder}, line {number}: {', '.join(empty)} must be a text that is not empty.")
    return dict(item)

"""A project whose rounds can run: a base model that looks like one, a suite, and fake science programs."""

import json
from pathlib import Path

import pytest

from tests.cast import Cast
from training import child


@pytest.fixture(autouse=True)
def fake_science(request, monkeypatch) -> None:
    """No test of this room runs torch, except those marked `science`."""
    if "science" not in request.keywords:
        monkeypatch.setattr(child, "PACKAGE", "tests.training.fake")


def ready_for_rounds(cast: Cast, settings, tmp_path: Path) -> Cast:
    """Give the cast's project a folder that passes for a base model, and a suite of its own."""
    model = tmp_path / "base"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"weights")
    suite = tmp_path / "suites" / "probes"
    suite.mkdir(parents=True)
    (suite / "suite.json").write_text(json.dumps({"name": "probes", "version": 1, "title": "Probes"}))
    (suite / "items.jsonl").write_text('{"id": "a", "kind": "text", "text": "Water is wet."}\n')
    settings.SUITE_DIRS = [tmp_path / "suites"]
    cast.project.base_model = str(model)
    cast.project.suites = ["probes"]
    cast.project.save()
    return cast


@pytest.fixture
def studio(cast, settings, tmp_path) -> Cast:
    return ready_for_rounds(cast, settings, tmp_path)

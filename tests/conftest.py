"""Fixtures every room shares: the cast, a data folder of its own for every test."""

from pathlib import Path

import pytest

from tests.cast import Cast


@pytest.fixture(autouse=True)
def own_data_folder(settings, tmp_path: Path) -> Path:
    """No test writes where another reads."""
    settings.DATA_DIR = tmp_path
    for name in ("SNAPSHOT_DIR", "ROUND_DIR", "GENERATION_DIR", "UPLOAD_DIR"):
        setattr(settings, name, tmp_path / name.removesuffix("_DIR").lower() / "")
    return tmp_path


@pytest.fixture(autouse=True)
def plain_static_files(settings) -> None:
    """Pages render without a collectstatic run."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def cast(db) -> Cast:
    return Cast()

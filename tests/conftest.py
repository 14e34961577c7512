"""Fixtures every room shares: the cast, a data folder of its own for every test."""

from pathlib import Path

import pytest
from django.db import connections

from tests.cast import Cast


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches the database: the rest says the same as it said beside SQLite."""
    if connections["default"].vendor != "postgresql":
        return
    stay = [item for item in items if touches_database(item)]
    if stay:
        config.hook.pytest_deselected(items=[item for item in items if not touches_database(item)])
        items[:] = stay


def touches_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db"} & {*getattr(item, "fixturenames", ())}
    return bool(fixtures or item.get_closest_marker("django_db"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory) -> None:
    """SQLite in a file, as in production: two threads on a database in memory get errors that no user ever sees."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def own_data_folder(settings, tmp_path: Path) -> Path:
    """No test writes where another reads."""
    settings.DATA_DIR = tmp_path
    for name in ("SNAPSHOT_DIR", "ROUND_DIR", "GENERATION_DIR", "UPLOAD_DIR"):
        setattr(settings, name, tmp_path / getattr(settings, name).name)  # as the workers name it
    return tmp_path


@pytest.fixture(autouse=True)
def plain_static_files(settings) -> None:
    """Pages render without a collectstatic run."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Hashing is slow on purpose; here it would only be slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db) -> Cast:
    return Cast()

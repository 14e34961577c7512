"""A real Redis and real workers, in processes of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live import LiveStudio, database_url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder starts processes, also where its file forgets to say so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("worker")


@pytest.fixture
def live_studio(transactional_db, own_data_folder: Path) -> Iterator[Callable[..., LiveStudio]]:
    """Start the studio's real processes on this test's database and data folder; stopped afterwards."""
    started: list[LiveStudio] = []
    quick = {"STUDIO_TICK_SECONDS": "0.5", "STUDIO_SILENCE_SECONDS": "8", "REDIS_URL": ""}

    def start(*arguments: str, **env: str) -> LiveStudio:
        started.append(LiveStudio(own_data_folder, *arguments, DATABASE_URL=database_url(), **{**quick, **env}))
        return started[-1].ready()

    yield start
    for studio in started:
        studio.stop()

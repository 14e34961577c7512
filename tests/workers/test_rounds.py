"""A round in a real Celery worker over a real Redis: told to stop in mid-training, and killed in mid-training."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kombu import Connection

from studio.launch.redis import find_server, pong
from tests.cast import Cast, make_snapshot
from tests.live import PATIENCE, ROOT, alive, database_url, until
from tests.training.conftest import ready_for_rounds
from training.models import Round, RoundMetric, State
from training.start import open_round
from training.tasks import reap_rounds, run_round

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    socket = tmp_path / "r.sock"
    argv = [find_server(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
        until(lambda: pong(socket))
        yield f"unix://{socket}?db=0"
        server.terminate()


@contextmanager
def worker(broker: str, data: Path, **env: str) -> Iterator[subprocess.Popen]:
    """A worker for the queue of rounds, as the launcher starts it."""
    told = {"STUDIO_DATA": str(data), "REDIS_URL": broker, "DATABASE_URL": database_url(), "REMAP_SIGTERM": "SIGQUIT"}
    argv = ["-m", "celery", "-A", "tests.training.fake.worker", "worker", "-Q", "gpu", "-c", "1", "-l", "warning"]
    argv += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with subprocess.Popen([sys.executable, *argv], cwd=ROOT, env={**os.environ, **told, **env}) as process:
        try:
            yield process
        finally:
            process.kill()


def pool_process(pid: int) -> int:
    """The process whose child `pid` is."""
    return int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, check=True).stdout)


def opened(studio: Cast, broker: str) -> Round:
    """A round whose child hangs at step 3, and whose message waits at the broker."""
    round = open_round(make_snapshot(studio.project), actor=studio.max)
    round.folder.mkdir(parents=True)
    (round.folder / "behaviour").write_text("slow")
    send(round.pk, broker)
    return round


def send(pk: int, broker: str) -> None:
    url = broker.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    with Connection(url) as connection:
        run_round.apply_async((pk,), connection=connection)


def child_of(round: Round) -> int:
    """The process that trains, once it hangs."""
    until(lambda: RoundMetric.objects.filter(round=round, step=3).exists())
    return int((round.folder / "lock").read_text())


def state(round: Round) -> str:
    return Round.objects.get(pk=round.pk).state


@pytest.fixture
def studio(settings, tmp_path) -> Cast:
    """With the folders where the worker will look for them."""
    settings.ROUND_DIR, settings.SNAPSHOT_DIR = tmp_path / "rounds", tmp_path / "snapshots"
    return ready_for_rounds(Cast(), settings, tmp_path)


def test_a_worker_that_is_told_to_stop_hands_its_round_to_the_next_one_at_once(studio, broker, tmp_path):
    with worker(broker, tmp_path, STUDIO_SUITES=str(tmp_path / "suites")) as first:
        round = opened(studio, broker)
        pid = child_of(round)
        first.send_signal(signal.SIGTERM)
        assert first.wait(PATIENCE) is not None
        assert not alive(pid)
    left = Round.objects.get()
    assert (left.state, left.heartbeat_at, left.attempt) == (State.TRAINING, None, 0)
    (round.folder / "behaviour").write_text("")
    with worker(broker, tmp_path, STUDIO_SUITES=str(tmp_path / "suites")):
        until(lambda: state(round) == State.PASSED)
    assert (round.folder / "runs").read_text().split() == ["0", "3"]


def test_a_killed_worker_is_noticed_and_the_round_goes_on_from_its_checkpoint(
    studio, broker, tmp_path, settings, monkeypatch
):
    settings.SILENCE_SECONDS = 4  # longer than a worker that lives may be held up
    with worker(broker, tmp_path, STUDIO_SUITES=str(tmp_path / "suites"), STUDIO_SILENCE_SECONDS="4"):
        round = opened(studio, broker)
        pid = child_of(round)
        (round.folder / "behaviour").write_text("")
        os.kill(pool_process(pid), signal.SIGKILL)
        until(lambda: not alive(pid))
        monkeypatch.setattr(run_round, "delay", lambda pk: send(pk, broker))
        until(lambda: reap_rounds() or state(round) == State.PASSED)
    found = Round.objects.get()
    assert found.attempt == 2
    assert "worker was lost" in " ".join(found.events.values_list("reason", flat=True))
    assert (round.folder / "runs").read_text().split() == ["0", "3"]

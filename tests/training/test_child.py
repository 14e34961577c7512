"""A child process: what it says arrives, how it ends becomes a reason, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.live import alive, until
from training import child
from training.science.spec import RoundSpec

SPEC = RoundSpec(snapshot="0" * 64, snapshot_path="nowhere", base_model="none")


def run_all(folder: Path, behaviour: str = "") -> list[child.Message]:
    folder.mkdir(exist_ok=True)
    (folder / "behaviour").write_text(behaviour)
    with closing(child.run("train", SPEC, folder)) as messages:
        return [message for message in messages if message is not None]


def test_what_a_child_says_arrives_in_order_and_stays_in_its_folder(tmp_path):
    said = run_all(tmp_path / "run")
    assert [m["event"] for m in said] == ["started", "stage", *["progress"] * 5, "stage", "result", "done"]
    assert RoundSpec.read(tmp_path / "run" / "spec.json") == SPEC
    assert len((tmp_path / "run" / "events.jsonl").read_text().splitlines()) == len(said)


def test_a_second_run_in_the_same_folder_hears_only_itself(tmp_path):
    with pytest.raises(child.TrainingFailed):
        run_all(tmp_path / "run", "refuse")
    said = run_all(tmp_path / "run")
    assert [m["event"] for m in said].count("started") == 1


@pytest.mark.parametrize(
    ("behaviour", "error", "sentence"),
    [
        ("refuse", child.TrainingFailed, "The loss stopped being a number at step 3: lower the learning rate."),
        ("disk", child.TrainingFailed, "The disk is full: free some space, then start again."),
        ("bug", child.ChildCrashed, "The process crashed: ZeroDivisionError: by the third layer"),
        ("exit", child.ChildCrashed, "The process crashed: the last words"),
        ("killed", child.ChildCrashed, "The process was killed by the system, most likely because memory ran out."),
        ("stopped", child.ChildCrashed, "The process was told to stop from outside the studio."),
    ],
)
def test_how_a_child_ends_becomes_a_sentence(tmp_path, behaviour, error, sentence):
    with pytest.raises(error) as caught:
        run_all(tmp_path / "run", behaviour)
    assert str(caught.value) == sentence
    assert type(caught.value) is error
    if behaviour == "bug":
        assert "Traceback" in caught.value.log


def test_a_megabyte_on_each_stream_freezes_nobody(tmp_path):
    said = run_all(tmp_path / "run", "noisy")
    assert said[-1]["event"] == "done"
    assert (tmp_path / "run" / "log.txt").stat().st_size >= 1_000_000


@pytest.mark.parametrize("behaviour", ["slow", "stubborn"])
def test_closing_ends_the_child_within_two_seconds_even_one_that_does_not_listen(tmp_path, behaviour):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "behaviour").write_text(behaviour)
    messages = child.run("train", SPEC, folder)
    pid = next(m["pid"] for m in messages if m)
    last = "deaf" if behaviour == "stubborn" else 3
    next(m for m in messages if m and last in (m.get("step"), m.get("name")))
    begun = time.monotonic()
    messages.close()
    assert time.monotonic() - begun < 2
    assert not alive(pid)


def test_quiet_moments_are_yielded_so_that_a_cancel_is_seen(tmp_path):
    (tmp_path / "behaviour").write_text("slow")
    with closing(child.run("train", SPEC, tmp_path)) as messages:
        next(m for m in messages if m and m.get("step") == 3)
        begun = time.monotonic()
        assert [next(messages) for _ in range(4)] == [None] * 4
        assert time.monotonic() - begun < 1


def test_a_child_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "STALL_FLOOR", 0.3)
    begun = time.monotonic()
    with pytest.raises(child.TrainingFailed, match=r"No progress for .* in the stage “training”"):
        run_all(tmp_path / "run", "slow")
    assert time.monotonic() - begun < 5


def test_patience_grows_with_the_steps_and_starts_anew_with_each_stage():
    now = [0.0]
    patience = child.Patience(clock=lambda: now[0])

    def at(moment: float, **message) -> None:
        now[0] = moment
        if message:
            patience.heard(message)
        patience.check()

    at(3600, event="started")  # a download
    at(7200, event="stage", name="training")
    at(9000, event="progress")
    at(9100, event="progress")
    at(9100 + child.STALL_FACTOR * 100)  # steps of 100 s: half an hour's silence is no stall
    at(20_000, event="stage", name="saving")
    at(20_000 + 3600)
    at(30_000, event="progress")
    with pytest.raises(child.TrainingFailed):
        at(30_000 + child.STALL_FLOOR + 1)


def test_a_child_knows_no_secret_of_ours(monkeypatch, settings):
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("HF_HOME", "/models")
    settings.SCIENCE_THREADS = 3
    found = child.environment()
    assert "secret" not in found.values()
    assert found["HF_HOME"] == "/models"
    assert (found["OMP_NUM_THREADS"], found["OMP_WAIT_POLICY"]) == ("3", "PASSIVE")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"event": "progress", "loss": NaN, "norm": -Infinity}\n', {"event": "progress", "loss": None, "norm": None}),
        (b'{"event": "error", "message": "a\\u0000b"}\n', {"event": "error", "message": "ab"}),
        (b"Downloading: 100%\n", None),
        (b"[1, 2]\n", None),
        (b'{"loss": 1}\n', None),
        (b"\xff\xfe\n", None),
        (b"\n", None),
    ],
)
def test_only_messages_are_messages(line, message):
    assert child.parse(line) == message


def test_half_a_line_waits_for_its_end(tmp_path):
    path = tmp_path / "events"
    tail = child.Tail(path)
    path.write_bytes(b'{"event": "a"}\n{"eve')
    assert [m["event"] for m in tail.read()] == ["a"]
    with path.open("ab") as file:
        file.write(b'nt": "b"}\n')
    assert [m["event"] for m in tail.read()] == ["b"]
    assert list(tail.read()) == []


@pytest.mark.parametrize(
    ("content", "count", "found"), [(b"a\nb\nc\n", 2, "b\nc"), (b"", 5, ""), (None, 5, ""), (b"\xffx\0", 1, "\ufffdx")]
)
def test_the_last_lines_of_a_log(tmp_path, content, count, found):
    if content is not None:
        (tmp_path / "log").write_bytes(content)
    assert child.last_lines(tmp_path / "log", count) == found


PARENT = """
import sys, django
django.setup()
from pathlib import Path
from training import child
from training.science.spec import RoundSpec
child.PACKAGE = "tests.training.fake"
for message in child.run("train", RoundSpec("0" * 64, "nowhere", "none"), Path(sys.argv[1])):
    if message and "pid" in message:
        print(message["pid"], flush=True)
    if message and message.get("step") == 3:
        print("far enough", flush=True)
"""


@contextmanager
def parent_in_its_own_process(folder: Path, behaviour: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """A worker at work on `folder`: its process, and its child's id."""
    (folder / "behaviour").write_text(behaviour)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "studio.settings", "STUDIO_DATA": str(folder / "data")}
    argv = [sys.executable, "-c", PARENT, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=env, text=True) as process:
        try:
            pid = int(process.stdout.readline())
            assert process.stdout.readline() == "far enough\n"
            yield process, pid
        finally:
            process.kill()


def test_a_child_dies_with_its_parent_even_by_kill_9(tmp_path):
    with parent_in_its_own_process(tmp_path, "stubborn") as (parent, pid):
        assert alive(pid)
        parent.kill()
        parent.wait()
        until(lambda: not alive(pid), 5)


def test_the_child_of_a_frozen_worker_is_ended_before_another_works_in_its_folder(tmp_path):
    with parent_in_its_own_process(tmp_path, "slow") as (parent, pid):
        parent.send_signal(signal.SIGSTOP)
        (tmp_path / "behaviour").write_text("")
        said = run_all(tmp_path)
        assert said[-1]["event"] == "done"
        assert not alive(pid)

"""The child that stays: one for a version, a fresh one for another or after a death, and nobody else's answers."""

import os
import signal

import pytest

from tests.cast import make_version
from training import child, resident
from training.child import ChildCrashed, TrainingFailed


@pytest.fixture(autouse=True)
def nobody_left():
    yield
    resident.close()


@pytest.fixture
def version(cast):
    return make_version(cast.project)


def asked(version, *prompts, **options):
    questions = [{"id": number, "prompt": prompt, "seed": number} for number, prompt in enumerate(prompts)]
    return list(resident.ask(version, questions, {"temperature": 0}, **options))


def test_every_question_is_answered_under_its_own_name_and_the_child_stays(version):
    first = asked(version, "abc", "def")
    assert [(one["id"], one["completion"], one["seed"]) for one in first] == [(0, "cba", 0), (1, "fed", 1)]
    assert asked(version, "again")[0]["pid"] == first[0]["pid"]


def test_another_version_gets_a_fresh_child_and_the_old_one_is_gone(version, cast):
    old = asked(version, "abc")[0]["pid"]
    assert asked(make_version(cast.project, 1), "abc")[0]["pid"] != old
    with pytest.raises(ProcessLookupError):
        os.kill(old, 0)


def test_a_child_that_was_killed_between_two_questions_is_replaced(version):
    old = asked(version, "abc")[0]["pid"]
    os.kill(old, signal.SIGKILL)
    assert resident._kept is not None
    resident._kept.process.wait(10)  # a signal is not a death: the system takes its time
    assert asked(version, "abc")[0]["pid"] != old


def test_a_warm_child_that_leaves_in_the_moment_it_is_asked_is_replaced_once(version):
    resident.warm(version)
    with pytest.raises(resident.EndedBefore, match="had just ended"):
        asked(version, "leave")
    assert asked(version, "abc")[0]["completion"] == "cba"


def test_a_child_that_dies_at_work_says_so_and_the_next_question_gets_a_fresh_one(version):
    with pytest.raises(ChildCrashed, match="killed by the system"):
        asked(version, "abc", "die")
    assert asked(version, "abc")[0]["completion"] == "cba"


def test_a_model_that_cannot_be_loaded_says_why(version, cast, tmp_path):
    (tmp_path / "behaviour").write_text("refuse")
    cast.other.base_model = str(tmp_path)
    with pytest.raises(TrainingFailed, match="does not hold a model"):
        resident.warm(make_version(cast.other))


def test_who_asks_no_longer_ends_the_child_that_would_go_on(version):
    answers = resident.ask(version, [{"id": n, "prompt": "wait", "seed": 0} for n in range(3)], {})
    pid = next(answers)["pid"]
    answers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_beat_that_raises_ends_the_child(version):
    def beat():
        raise RuntimeError("the worker is to stop")

    with pytest.raises(RuntimeError):
        asked(version, "abc", on_beat=beat)
    assert resident._kept is None


def test_a_child_that_hangs_while_it_loads_is_ended_and_the_next_question_gets_a_fresh_one(version, monkeypatch):
    first = resident.kept(version)
    os.kill(first.process.pid, signal.SIGSTOP)
    with monkeypatch.context() as impatient:
        impatient.setattr(child, "QUIET_START", 0.0)
        impatient.setattr(child, "GRACE", 0.1)
        with pytest.raises(ChildCrashed, match="hangs"):
            resident.warm(version)
    assert first.process.poll() is not None
    assert asked(version, "abc")[0]["completion"] == "cba"

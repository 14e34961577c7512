"""The steps of a round, and the task that carries it: from queued to rest, whatever happens on the way."""

import errno
import fcntl
import json
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from studio.models import AuditEntry
from tests.cast import Cast, make_snapshot
from tests.live import until
from tests.training.conftest import ready_for_rounds
from training import advance, infer, tidy
from training.models import (
    Comparison,
    Evaluation,
    ModelVersion,
    Promotion,
    Round,
    RoundMetric,
    RoundMovedOn,
    Score,
    State,
)
from training.promote import ensure_base_version, promote
from training.start import cancel_round, open_round
from training.tasks import reap_rounds, run_round


def opened(cast: Cast, behaviour: str = "", **fields) -> Round:
    """A round that waits for a worker; its child will show `behaviour`."""
    round = open_round(make_snapshot(cast.project), actor=cast.max, **fields)
    round.folder.mkdir(parents=True)
    (round.folder / "behaviour").write_text(behaviour)
    return round


def run(round: Round) -> Round:
    run_round(round.pk)
    round.refresh_from_db()
    return round


def trainings(round: Round) -> list[str]:
    """The step at which each training process of this round began."""
    return (round.folder / "runs").read_text().split()


def test_a_round_goes_from_queued_to_passed_and_keeps_all_its_evidence(studio):
    round = run(opened(studio))
    assert [(e.old_state, e.new_state) for e in round.events.all()] == [
        ("", "queued"),
        ("queued", "training"),
        ("training", "evaluating"),
        ("evaluating", "passed"),
    ]
    assert round.finished_at is not None
    assert list(round.metrics.values_list("step", flat=True)) == [1, 2, 3, 4, 5]
    version = round.version
    assert (version.number, version.base_model) == (1, studio.project.base_model)
    assert (version.adapter_path / "manifest.json").is_file()
    assert len(version.digest) == 64
    assert {(e.version.number, e.suite) for e in Evaluation.objects.all()} == {(0, "probes"), (1, "probes")}
    assert all(e.raw_path.is_file() for e in Evaluation.objects.all())
    assert Score.objects.count() == 10
    assert Comparison.objects.get().against.number == 0
    assert round.gate["passed"] is True
    assert round.gate["against"] == 0
    assert "80.0 % to 10.0 %" in round.gate["reasons"][0]["text"]
    assert round.events.last().reason == round.gate["reasons"][0]["text"]
    assert ModelVersion.objects.current(studio.project).number == 0  # nobody has promoted it


def test_a_policy_promotes_what_passed(studio):
    studio.project.auto_promote = True
    studio.project.save()
    run(opened(studio))
    newest = Promotion.objects.first()
    assert (newest.version.number, newest.actor, newest.reason) == (1, None, "gate passed, project policy")


def test_a_candidate_that_did_not_improve_is_rejected_and_stays_out(studio):
    studio.project.auto_promote = True
    studio.project.save()
    round = run(opened(studio, "worse"))
    assert round.state == State.REJECTED
    assert round.gate["passed"] is False
    assert "improved" in round.events.last().reason
    assert ModelVersion.objects.current(studio.project).number == 0


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("refuse", "The loss stopped being a number at step 3: lower the learning rate."),
        ("disk", "The disk is full: free some space, then start again."),
        ("bug", "The process crashed: ZeroDivisionError: by the third layer"),
        ("killed", "The process was killed by the system, most likely because memory ran out."),
        ("no adapter", "The training process said it was done, but left no finished adapter."),
    ],
)
def test_a_child_that_fails_fails_the_round_with_its_reason(studio, behaviour, reason):
    round = run(opened(studio, behaviour))
    assert round.state == State.FAILED
    assert round.events.last().reason == reason
    assert not ModelVersion.objects.filter(round=round).exists()


def test_a_full_disk_of_the_studio_itself_is_said_too(studio, monkeypatch):
    def full(*args) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(advance, "watch", full)
    round = opened(studio)
    with pytest.raises(OSError, match="No space"):
        run_round(round.pk)
    assert round.events.last().reason == "The disk is full: free some space, then start again."


def test_a_bug_of_ours_is_an_internal_error_on_the_page_and_an_exception_in_the_log(studio, monkeypatch):
    monkeypatch.setattr(advance, "watch", lambda *args: 1 / 0)
    round = opened(studio)
    with pytest.raises(ZeroDivisionError):
        run_round(round.pk)
    round.refresh_from_db()
    assert (round.state, round.events.last().reason) == (State.FAILED, "internal error")


def test_a_database_that_is_away_ends_no_round(studio, monkeypatch):
    def away(*args) -> None:
        raise OperationalError("the connection is closed")

    round = opened(studio)
    with monkeypatch.context() as patch:
        patch.setattr(advance, "watch", away)
        with pytest.raises(OperationalError):
            run_round(round.pk)
    round.refresh_from_db()
    assert (round.state, round.attempt) == (State.TRAINING, 1)
    lose_the_worker(round)
    assert run(round).state == State.PASSED


def test_the_steps_before_a_failure_are_kept(studio):
    assert run(opened(studio, "refuse")).metrics.count() == 3


def test_a_damaged_adapter_is_said_and_not_used(studio):
    round = opened(studio)
    adapter = round.folder / "adapter"
    adapter.mkdir()
    (adapter / "manifest.json").write_text(json.dumps({"files": {"adapter_model.safetensors": "0" * 64}}))
    run(round)
    assert round.state == State.FAILED
    assert "damaged" in round.events.last().reason


def test_a_message_for_a_round_at_rest_does_nothing(studio):
    round = run(opened(studio))
    run_round(round.pk)
    run_round(10**6)
    assert trainings(round) == ["0"]
    assert round.events.count() == 4


def test_a_round_whose_worker_stopped_after_training_is_not_trained_again(studio):
    round = opened(studio)
    held = Round.objects.take(round.pk)
    advance.begin(held)
    advance.watch(held, "train", advance.RoundSpec(**held.spec), held.folder)
    held.let_go()
    run(round)
    assert round.state == State.PASSED
    assert trainings(round) == ["0"]


def test_a_round_whose_worker_stopped_after_evaluating_is_not_evaluated_again(studio, monkeypatch):
    round = opened(studio)
    with monkeypatch.context() as patch:
        patch.setattr(advance.gate, "judge_results", lambda *args, **kwargs: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            run_round(round.pk)
    round.refresh_from_db()
    assert (round.state, round.heartbeat_at, round.attempt) == (State.EVALUATING, None, 0)
    programs = []
    monkeypatch.setattr(advance, "watch", lambda round, program, *rest: programs.append(program))
    assert run(round).state == State.PASSED
    assert programs == []


def test_results_of_another_comparison_are_gone_before_the_next_begins(studio, monkeypatch):
    round = opened(studio)
    with monkeypatch.context() as patch:
        patch.setattr(advance.gate, "judge_results", lambda *args, **kwargs: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            run_round(round.pk)
    results = round.folder / "evaluation" / "results.json"
    assert results.is_file()
    monkeypatch.setattr(advance, "same_spec", lambda *args: False)
    monkeypatch.setattr(advance, "watch", lambda *args: results.read_text())
    with pytest.raises(FileNotFoundError):
        run(round)


def test_what_was_measured_before_is_read_again_instead_of_computed(studio):
    first = run(opened(studio))
    second = run(opened(studio))
    spec = json.loads((second.folder / "evaluation" / "spec.json").read_text())
    base = Evaluation.objects.get(version__number=0)
    assert spec["known_raw"] == {"probes/current": str(base.raw_path)}
    assert (first.version.number, second.version.number) == (1, 2)
    assert Evaluation.objects.count() == 3


def test_a_suite_that_vanished_fails_the_round_with_its_name(studio):
    round = opened(studio)
    studio.project.suites = ["gone"]
    studio.project.save()
    assert "no evaluation suite “gone”" in run(round).events.last().reason


def test_the_base_is_version_0_and_live_from_the_start_once(studio):
    assert ensure_base_version(studio.project) == ensure_base_version(studio.project)
    assert Promotion.objects.count() == 1


def in_threads(*jobs) -> list[threading.Thread]:
    def close_after(job) -> None:
        try:
            job()
        finally:
            connection.close()

    threads = [threading.Thread(target=close_after, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.django_db(transaction=True)
def test_a_message_delivered_twice_at_once_trains_once(settings, tmp_path):
    studio = ready_for_rounds(Cast(), settings, tmp_path)
    round = opened(studio)
    for thread in in_threads(*[lambda: run_round(round.pk)] * 2):
        thread.join()
    round.refresh_from_db()
    assert round.state == State.PASSED
    assert trainings(round) == ["0"]
    assert ModelVersion.objects.filter(round=round).count() == 1


def kept_checkpoints(round: Round) -> Path:
    """A checkpoint in the round's folder, as a training leaves it."""
    checkpoints = round.folder / "checkpoints"
    (checkpoints / "checkpoint-3").mkdir(parents=True)
    (checkpoints / "checkpoint-3" / "optimizer.pt").write_bytes(b"gigabytes")
    return checkpoints


def test_checkpoints_of_a_failed_round_stay_until_a_newer_one_has_its_verdict(studio):
    failed = run(opened(studio, "refuse"))
    checkpoints = kept_checkpoints(failed)
    assert run(opened(studio, "bug")).state == State.FAILED
    assert checkpoints.exists()
    assert run(opened(studio)).state == State.PASSED
    assert not checkpoints.exists()
    assert (failed.folder / "log.txt").is_file()


def test_checkpoints_of_a_cancelled_round_that_no_worker_holds_are_removed_at_once(
    studio, django_capture_on_commit_callbacks
):
    round = opened(studio)
    checkpoints = kept_checkpoints(round)
    with django_capture_on_commit_callbacks(execute=True):
        cancel_round(round, actor=studio.max)
    assert not checkpoints.exists()


def test_checkpoints_stay_while_a_process_works_in_the_folder(studio):
    round = opened(studio)
    checkpoints = kept_checkpoints(round)
    with (round.folder / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not tidy.drop_checkpoints(round)
        assert checkpoints.exists()
    assert tidy.drop_checkpoints(round)
    assert not checkpoints.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("behaviour", ["slow", "stubborn"])
def test_a_cancel_ends_the_child_within_two_seconds(settings, tmp_path, behaviour):
    studio = ready_for_rounds(Cast(), settings, tmp_path)
    round = opened(studio, behaviour)
    [worker] = in_threads(lambda: run_round(round.pk))
    until(lambda: RoundMetric.objects.filter(round=round, step=3).exists())
    begun = time.monotonic()
    checkpoints = kept_checkpoints(round)
    cancel_round(Round.objects.get(pk=round.pk), actor=studio.max, reason="wrong data")
    assert checkpoints.exists(), "the child still lives"
    worker.join()
    assert time.monotonic() - begun < 2
    assert not checkpoints.exists()
    round.refresh_from_db()
    assert (round.state, round.events.last().reason) == (State.CANCELLED, "wrong data")
    assert AuditEntry.objects.filter(verb="cancelled", actor=studio.max).exists()


def lose_the_worker(round: Round) -> None:
    """As after kill -9: no more heartbeats, nothing tidied."""
    now = timezone.now()
    Round.objects.filter(pk=round.pk).update(heartbeat_at=now - timedelta(hours=1), sent_at=now - timedelta(hours=2))


def test_a_round_whose_worker_was_killed_is_sent_again_and_goes_on_from_its_checkpoint(studio, monkeypatch):
    round = opened(studio)
    held = Round.objects.take(round.pk)
    advance.begin(held)
    (round.folder / "checkpoint").write_text("3")  # what the killed worker's child left
    lose_the_worker(round)
    sent = []
    monkeypatch.setattr(run_round, "delay", sent.append)
    reap_rounds()
    reap_rounds()
    assert sent == [round.pk]
    run(round)
    assert round.state == State.PASSED
    assert trainings(round) == ["3"]
    assert round.attempt == 2
    assert "worker was lost (attempt 1 of 3)" in round.events.all()[2].reason
    with pytest.raises(RoundMovedOn):
        held.beat({})  # the first worker, had it only been asleep


def test_a_round_that_loses_every_worker_fails(studio, monkeypatch):
    round = opened(studio)
    sent = []
    monkeypatch.setattr(run_round, "delay", sent.append)
    for _ in range(3):
        assert Round.objects.take(round.pk) is not None
        lose_the_worker(round)
        reap_rounds()
    assert Round.objects.take(round.pk) is None
    round.refresh_from_db()
    assert (round.state, round.events.last().reason) == (State.FAILED, "Its worker was lost 3 times.")
    assert len(sent) == 2


def test_a_round_whose_message_was_lost_is_sent_again(studio, monkeypatch):
    round = opened(studio)
    sent = []
    monkeypatch.setattr(run_round, "delay", sent.append)
    reap_rounds()
    assert sent == []
    past = timezone.now() - timedelta(seconds=90)
    Round.objects.update(sent_at=past, created_at=past)
    reap_rounds()
    assert sent == [round.pk]


def test_a_policy_does_not_overrule_a_person_who_promoted_meanwhile(studio, monkeypatch):
    studio.project.auto_promote = True
    studio.project.save()
    first = run(opened(studio)).version
    judge = advance.gate.judge_results

    def meanwhile(*args, **kwargs):
        promote(ModelVersion.objects.get(number=0), actor=studio.max, reason="it swears")
        return judge(*args, **kwargs)

    monkeypatch.setattr(advance.gate, "judge_results", meanwhile)
    assert run(opened(studio)).state == State.PASSED
    assert first.promotions.exists()
    assert ModelVersion.objects.current(studio.project).number == 0


def test_nor_one_who_rolled_back_while_it_trained(studio):
    """The candidate is then measured against what the person chose, and may well be better; still, they chose it."""
    studio.project.auto_promote = True
    studio.project.save()
    run(opened(studio))
    second = opened(studio)
    promote(ModelVersion.objects.get(number=0), actor=studio.max, reason="it swears")
    assert run(second).state == State.PASSED
    assert ModelVersion.objects.current(studio.project).number == 0
    why = "max made version 0 live after this round was opened"
    said = f"{why}, so version 2 does not go live by itself: an admin decides."
    assert second.events.last().reason == said
    assert AuditEntry.objects.get(verb="left to an admin").reason == said
    assert run(opened(studio)).version.promotions.exists()  # a later round begins from that choice


def test_what_could_not_be_measured_has_not_passed(studio):
    round = run(opened(studio, "unmeasured"))
    assert round.state == State.REJECTED
    assert "were not measured" in round.events.last().reason
    assert Score.objects.filter(metric="bits_per_byte", value=None).count() == 2


def test_what_a_child_remarks_stands_in_the_history(studio):
    round = Round.objects.take(opened(studio).pk)
    books = advance.Books(round)
    books.note({"event": "stage", "name": "checking checkpoints", "message": "checkpoint 30 is damaged"})
    books.note({"event": "stage", "name": "training", "resumed_from": 20})
    books.note({"event": "stage", "name": "evaluating probes", "model": "current"})
    assert [e.reason for e in round.events.all()][1:] == ["checkpoint 30 is damaged", "Training goes on from step 20."]
    round.refresh_from_db()
    assert round.progress == {"stage": "evaluating probes (current)"}


def test_books_write_many_steps_in_few_statements_and_a_repeated_step_once(studio, django_assert_num_queries):
    round = Round.objects.take(opened(studio).pk)
    now = [0.0]
    books = advance.Books(round, clock=lambda: now[0])
    books.note({"event": "stage", "name": "training"})
    for step in (1, 2, 2, 3):
        now[0] += 0.05
        books.note({"event": "progress", "done": step, "total": 10, "step": step, "loss": 4.0 - step})
    with django_assert_num_queries(2):
        now[0] += 1
        books.note(None)
    round.refresh_from_db()
    assert list(round.metrics.values_list("step", "loss")) == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert round.progress["stage"] == "training"
    assert round.progress["eta_seconds"] == pytest.approx(7 / (2 / 0.15), abs=0.1)


def test_a_version_answers_prompts(studio, tmp_path):
    seen = []
    prompts = [{"id": 7, "prompt": "abc", "seed": 1}, {"id": 8, "prompt": "öß", "seed": 2}]
    sampling = {"temperature": 0.5, "max_new_tokens": 8}
    version = ensure_base_version(studio.project)
    found = infer.complete(version, prompts, sampling, tmp_path / "batch", on_progress=seen.append)
    assert [(row["id"], row["completion"], row["seed"]) for row in found] == [(7, "cba", 1), (8, "ßö", 2)]
    assert {"started", "progress", "done"} <= {message["event"] for message in seen if message}

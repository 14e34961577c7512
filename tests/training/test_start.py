"""Opening and cancelling a round: what could only fail is refused before anything is queued."""

import json

import pytest
from django.conf import settings
from django.db import connection

from studio.models import AuditEntry
from tests.cast import make_round, make_snapshot, row
from training import start
from training.models import Round, State
from training.tasks import run_round


def test_an_opened_round_is_frozen_audited_and_sent_after_the_commit(
    studio, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(run_round, "delay", sent.append)
    studio.project.recipe = {"epochs": 2.0, "lora_rank": 4}
    studio.project.save()
    snapshot = make_snapshot(studio.project)
    with django_capture_on_commit_callbacks(execute=True):
        round = start.open_round(
            snapshot, actor=studio.max, reason="enough", trigger="a person", recipe={"lora_rank": 8}
        )
        assert sent == []
    assert sent == [round.pk]
    assert (round.number, round.state, round.trigger) == (1, State.QUEUED, "a person")
    assert (round.spec["epochs"], round.spec["lora_rank"], round.spec["snapshot"]) == (2.0, 8, snapshot.digest)
    assert round.spec["code_version"].startswith("0.1.0")
    event = round.events.get()
    assert (event.old_state, event.new_state, event.actor, event.reason) == ("", "queued", studio.max, "enough")
    assert AuditEntry.objects.get(verb="opened").actor == studio.max


def test_a_broker_that_is_away_leaves_a_round_for_the_reaper(studio, monkeypatch, django_capture_on_commit_callbacks):
    def away(pk: int) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(run_round, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        start.open_round(make_snapshot(studio.project), actor=None, trigger="policy")
    assert Round.objects.get().state == State.QUEUED


def spoil_digest(studio, snapshot) -> None:
    snapshot.path.write_text(snapshot.path.read_text() + "\n")


def drop_file(studio, snapshot) -> None:
    snapshot.path.unlink()


def drop_weights(studio, snapshot) -> None:
    from pathlib import Path

    folder = Path(studio.project.base_model)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def spoil_suite(studio, snapshot) -> None:
    (settings.SUITE_DIRS[0] / "probes" / "items.jsonl").write_text('{"id": "a", "kind": "riddle"}\n')


def long_group(studio, snapshot) -> None:
    item = {
        "id": "b",
        "kind": "answer",
        "axis": "a",
        "group": "g" * 121,
        "prompt": "?",
        "stereotyped": [],
        "counter": [],
    }
    (settings.SUITE_DIRS[0] / "probes" / "items.jsonl").write_text(json.dumps(item) + "\n")


def rename_suite(studio, snapshot) -> None:
    (settings.SUITE_DIRS[0] / "probes" / "suite.json").write_text('{"name": "others", "version": 1}')


def change(**fields):
    def spoil(studio, snapshot) -> None:
        for name, value in fields.items():
            setattr(studio.project, name, value)
        studio.project.save()
        snapshot.project.refresh_from_db()

    return spoil


@pytest.mark.parametrize(
    ("rows", "spoil", "sentence"),
    [
        ([], None, "The snapshot has no rows"),
        ([row(verdict="fine", rewrite=None)], None, "has no demonstration"),
        ([row(rewrite="They are all lazy 1.")], None, "the rewrite is the same as the answer"),
        ([row(), row(2, verdict="fine", rewrite=None, completion=" ")], None, "the answer is empty"),
        ([row()], spoil_digest, "is not the one that was frozen"),
        ([row()], drop_file, "cannot be read"),
        ([row()], drop_weights, "only safetensors are accepted"),
        ([row()], change(base_model="/no/such/folder"), "does not exist"),
        ([row()], change(base_model="/etc"), "is not a Transformers model folder"),
        ([row()], change(base_model="what a name!"), "does not exist"),
        ([row()], change(base_model=" "), "has no base model"),
        ([row()], change(suites=["gone"]), "no evaluation suite “gone”. Known suites: probes."),
        ([row()], change(suites=["../suites/probes"]), "no evaluation suite"),
        ([row()], change(suites=["probes", "probes"]), "named twice"),
        ([row()], spoil_suite, "'riddle' is no kind of item"),
        ([row()], change(suites=["pro.bes"]), "no evaluation suite “pro.bes”"),
        ([row()], long_group, "too long a name"),
        ([row()], rename_suite, "calls itself “others”"),
        ([row()], change(gate_limits={"max_fun": 1}), "unknown limit: max_fun"),
        ([row()], change(recipe={"learning_rate": -1}), "learning_rate: must be above 0"),
        ([row()], change(recipe={"speed": 1}), "speed: is not a training setting"),
        ([row()], change(recipe={"snapshot_path": "/etc/passwd"}), "snapshot_path: is not a training setting"),
        ([row()], change(recipe={"epochs": "many"}), "epochs: must be a number"),
        ([row()], change(recipe={"batch_size": 1.5}), "batch_size: must be a whole number"),
        ([row()], change(recipe={"use_accepted": 1}), "use_accepted: must be a yes or no"),
        ([row()], change(recipe={"seed": True}), "seed: must be a whole number"),
        ([row()], change(recipe={"replay_path": "gone.jsonl"}), "replay_path: must be a .jsonl file"),
        ([row()], change(recipe={"replay_path": "var/studio.sqlite3"}), "replay_path: must be a .jsonl file"),
        ([row()], change(recipe={"replay_path": "training/science/starter/demo/../recipe.json"}), "replay_path: must"),
    ],
)
def test_a_round_that_could_only_fail_is_refused_in_a_sentence(studio, rows, spoil, sentence):
    snapshot = make_snapshot(studio.project, rows)
    if spoil:
        spoil(studio, snapshot)
    with pytest.raises(start.CannotOpen) as caught:
        start.open_round(snapshot, actor=studio.max)
    assert sentence in str(caught.value)
    assert not Round.objects.exists()


def test_a_hub_id_is_plausible_without_asking_the_hub(studio):
    change(base_model="some-org/some_model-1.5B")(studio, make_snapshot(studio.project))
    assert start.open_round(make_snapshot(studio.project), actor=None).spec["base_model"] == "some-org/some_model-1.5B"


def test_a_second_active_round_is_refused_with_the_first_ones_name(studio):
    first = start.open_round(make_snapshot(studio.project), actor=studio.max)
    with pytest.raises(start.AlreadyActive, match="Round 1 is still queued"):
        start.open_round(make_snapshot(studio.project), actor=None)
    start.cancel_round(first, actor=studio.max)
    assert start.open_round(first.snapshot, actor=None).number == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_open_a_round_at_once_one_is_told_so(settings, tmp_path):
    import threading

    from tests.cast import Cast
    from tests.training.conftest import ready_for_rounds

    studio = ready_for_rounds(Cast(), settings, tmp_path)
    snapshot, told, together = make_snapshot(studio.project), [], threading.Barrier(2)

    def press() -> None:
        together.wait()
        try:
            told.append(start.open_round(snapshot, actor=studio.max))
        except start.AlreadyActive as error:
            told.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {type(answer) for answer in told} == {Round, start.AlreadyActive}
    assert Round.objects.count() == 1


def test_a_cancel_follows_a_round_that_moves_under_it(studio):
    round = make_round(studio.project)
    Round.objects.get().move(State.TRAINING)
    start.cancel_round(round, actor=studio.max, reason="wrong")
    assert Round.objects.get().state == State.CANCELLED
    with pytest.raises(start.AlreadyOver):
        start.cancel_round(round, actor=studio.max)


def test_the_starter_model_is_asked_its_own_probes_and_others_are_not(studio, settings):
    from training.suites import default_names

    studio.project.suites = []
    assert default_names(studio.project) == ["capability"]
    studio.project.base_model = settings.STARTER_MODEL
    assert default_names(studio.project) == ["starter_probes", "capability"]

"""The state machine: every move, every claim, the heartbeat and the reaper's questions."""

import itertools
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from studio.models import Frozen
from tests.cast import Cast, make_round
from training.models import IllegalMove, Round, RoundEvent, RoundMovedOn, State

LEGAL = {
    ("queued", "training"),
    ("queued", "failed"),
    ("queued", "cancelled"),
    ("training", "evaluating"),
    ("training", "failed"),
    ("training", "cancelled"),
    ("evaluating", "passed"),
    ("evaluating", "rejected"),
    ("evaluating", "failed"),
    ("evaluating", "cancelled"),
}
LONG_AGO = timedelta(hours=1)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State, State)))
def test_every_pair_of_states_is_a_move_or_is_refused(cast, old, new):
    round = make_round(cast.project, state=old)
    if (old, new) in LEGAL:
        round.move(new, actor=cast.max, reason="because")
        event = round.events.get()
        assert (event.old_state, event.new_state, event.actor, event.reason) == (old, new, cast.max, "because")
    else:
        with pytest.raises(IllegalMove):
            round.move(new)
        assert not round.events.exists()
    round.refresh_from_db()
    assert round.state == (new if (old, new) in LEGAL else old)
    assert (round.finished_at is not None) == ((old, new) in LEGAL and not round.is_active)


def test_a_stale_copy_loses_the_race(cast):
    round = make_round(cast.project)
    stale = Round.objects.get(pk=round.pk)
    round.move(State.CANCELLED)
    with pytest.raises(RoundMovedOn):
        stale.move(State.TRAINING)
    assert stale.state == State.QUEUED
    assert round.events.count() == 1


def test_a_worker_that_lost_the_round_cannot_move_it_but_a_person_can(cast):
    make_round(cast.project, number=1)
    old = Round.objects.take(Round.objects.get().pk)
    Round.objects.update(heartbeat_at=timezone.now() - LONG_AGO)
    new = Round.objects.take(old.pk)
    with pytest.raises(RoundMovedOn):
        old.move(State.TRAINING, held=True)
    with pytest.raises(RoundMovedOn):
        old.beat({"done": 1})
    new.move(State.TRAINING, held=True)
    Round.objects.get().move(State.CANCELLED, actor=cast.max)


def test_events_are_never_changed(cast):
    round = make_round(cast.project)
    round.move(State.CANCELLED)
    with pytest.raises(Frozen):
        round.events.update(reason="nicer")
    with pytest.raises(Frozen):
        round.events.get().save()


def test_the_database_refuses_a_second_active_round_of_a_project(cast):
    make_round(cast.project, state=State.EVALUATING)
    make_round(cast.project, state=State.FAILED)
    make_round(cast.other)
    with pytest.raises(IntegrityError):
        make_round(cast.project)


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({}, True),
        ({"heartbeat_at": timedelta(seconds=5)}, False),
        ({"heartbeat_at": LONG_AGO}, True),
        ({"heartbeat_at": LONG_AGO, "attempt": 3}, False),
        ({"state": State.TRAINING}, True),
        ({"state": State.PASSED}, False),
        ({"state": State.CANCELLED}, False),
    ],
)
def test_a_round_is_taken_only_when_nobody_alive_holds_it(cast, fields, taken):
    if "heartbeat_at" in fields:
        fields = {**fields, "heartbeat_at": timezone.now() - fields["heartbeat_at"]}
    round = make_round(cast.project, **fields)
    found = Round.objects.take(round.pk)
    assert (found is not None) is taken
    assert found is None or found.attempt == round.attempt + 1


@pytest.mark.django_db(transaction=True)
def test_of_many_deliveries_at_once_exactly_one_takes_the_round():
    round = make_round(Cast().project)
    start, taken = threading.Barrier(6), []

    def deliver() -> None:
        start.wait()
        try:
            taken.append(Round.objects.take(round.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 6
    assert sum(found is not None for found in taken) == 1
    round.refresh_from_db()
    assert round.attempt == 1


def test_a_round_that_is_let_go_is_taken_again_at_once_and_costs_no_attempt(cast):
    round = Round.objects.take(make_round(cast.project).pk)
    round.let_go()
    again = Round.objects.take(round.pk)
    assert again.attempt == 1
    round.let_go()  # by one that no longer holds it: nothing
    again.beat({})


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("sent", "heartbeat", "created", "due"),
    [
        (10, None, 10, False),
        (61, None, 61, True),
        (70, None, 500, False),  # asked again lately: the pause has doubled
        (500, None, 700, True),
        (700, None, 100_000, True),  # but never beyond ten minutes
        (200, 100, 200, True),  # the worker went silent after it was sent
        (20, 100, 200, False),  # sent again since
        (200, 5, 200, False),  # a live worker has it
    ],
)
def test_a_message_is_sent_again_when_it_or_its_worker_must_be_lost(cast, sent, heartbeat, created, due):
    round = make_round(cast.project, sent_at=ago(sent), heartbeat_at=ago(heartbeat) if heartbeat else None)
    Round.objects.update(created_at=ago(created))
    round = Round.objects.get()
    stale = Round.objects.get()
    assert round.claim_resend() is due
    assert not stale.claim_resend()
    assert RoundEvent.objects.count() == (1 if due and heartbeat else 0)

"""When a round opens by itself, and when it must not."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from annotation import exchange, freeze, policy, tasks
from annotation.models import Answer, Prompt, Refill, Verdict
from studio.models import Project
from tests.cast import Cast, make_prompt, make_round, make_version, settle_item
from training import start
from training.models import Round, Snapshot, State


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """A refusal is kept in the cache; the cache outlives a test."""
    cache.clear()


@pytest.fixture
def opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the policy opened; the checks of a real round need a real model."""
    calls: list[dict[str, Any]] = []

    def open_round(snapshot: Snapshot, **rest: Any) -> Round:
        calls.append({"snapshot": snapshot, **rest})
        return make_round(snapshot.project, snapshot=snapshot, state=State.QUEUED)

    monkeypatch.setattr(start, "open_round", open_round)
    return calls


def every(project: Project, n: int | None, cron: str = "", **fields: Any) -> None:
    Project.objects.filter(pk=project.pk).update(round_every=n, round_cron=cron, stock=0, **fields)
    project.refresh_from_db()


def settle(cast: Cast, n: int, **fields: Any) -> None:
    for _ in range(n):
        settle_item(cast.item(), **fields)


def test_a_round_opens_when_enough_new_demonstrations_are_settled(cast: Cast, opened: list[Any]) -> None:
    every(cast.project, 3)
    settle(cast, 2)
    settle(cast, 5, outcome="fine")
    assert policy.ask(cast.project) is None
    Prompt.objects.filter(pk=settle_item(cast.item()).item.prompt_id).update(split="eval")
    assert policy.ask(cast.project) is None, "what is held out is not learned from"
    settle(cast, 1)
    assert policy.ask(cast.project) is not None
    (call,) = opened
    assert (call["snapshot"].rows, call["snapshot"].demonstrations) == (9, 3)
    assert (call["actor"], call["trigger"]) == (None, "policy: 3 new demonstrations")


def test_demonstrations_that_came_settled_count(cast: Cast, opened: list[Any]) -> None:
    every(cast.project, 80)
    judged = {"completion": "All lie.", "rewrite": "Some.", "categories": ["stereotype"], "severity": 1}
    lines = "".join(json.dumps({"prompt": f"{n}?", **judged}) + "\n" for n in range(80))
    exchange.import_demonstrations(cast.project, io.BytesIO(lines.encode()), actor=None)
    assert policy.new_demonstrations(cast.project) == 80
    assert policy.ask(cast.project) is not None


def test_an_answer_that_can_still_be_undone_does_not_count(cast: Cast) -> None:
    verdict = settle_item(cast.item())
    seat = verdict.item.seats.first()
    Answer.objects.filter(pk=verdict.answer_id).update(created_at=timezone.now(), seat=seat)
    assert policy.new_demonstrations(cast.project) == 0


@pytest.mark.parametrize("state", [State.PASSED, State.REJECTED, State.FAILED, State.CANCELLED])
def test_what_a_round_has_seen_is_not_new_however_it_ended(cast: Cast, opened: list[Any], state: State) -> None:
    every(cast.project, 2)
    settle(cast, 2)
    first = policy.ask(cast.project)
    assert first is not None
    settle(cast, 2)
    assert policy.ask(cast.project) is None  # one at a time
    Round.objects.filter(pk=first.pk).update(state=state)
    assert policy.new_demonstrations(cast.project) == 2
    second = policy.ask(cast.project)
    assert second is not None
    Round.objects.filter(pk=second.pk).update(state=state)
    assert policy.new_demonstrations(cast.project) == 0
    assert policy.ask(cast.project) is None


def test_the_count_begins_where_nothing_was_new_and_misses_nothing(cast: Cast, django_assert_num_queries: Any) -> None:
    settle(cast, 2)
    make_round(cast.project, snapshot=freeze.freeze(cast.project, actor=None), state=State.FAILED)
    corrected, fresh = settle_item(cast.item(), outcome="fine"), settle_item(cast.item())
    now, seat = timezone.now(), fresh.item.seats.first()
    Answer.objects.filter(pk=fresh.answer_id).update(created_at=now, seat=seat)
    Verdict.objects.update(created_at=now - timedelta(hours=2))  # longer ago than any import takes
    assert policy.new_demonstrations(cast.project) == 0
    Answer.objects.filter(pk=fresh.answer_id).update(created_at=now - timedelta(minutes=1))  # past the time for undo
    corrected.delete()
    settle_item(corrected.item)
    settle(cast, 1)
    with django_assert_num_queries(1) as asked:  # the walk over all there is was taken before, up to `fresh`
        assert policy.new_demonstrations(cast.project) == 3
    assert f'"annotation_verdict"."id" > {fresh.pk - 1}' in asked.captured_queries[0]["sql"]


def test_no_policy_opens_nothing(cast: Cast, opened: list[Any]) -> None:
    every(cast.project, None)
    settle(cast, 5)
    assert policy.ask(cast.project) is None


def test_a_round_waits_until_readers_have_something_to_read(cast: Cast, opened: list[Any]) -> None:
    every(cast.project, 1)
    Project.objects.update(stock=5)
    cast.project.refresh_from_db()
    version = make_version(cast.project, live=True)
    settle(cast, 1)
    make_prompt(cast.project)
    assert policy.ask(cast.project) is None  # the stock is empty, and a prompt waits to be asked
    batch = Refill.objects.create(project=cast.project, version=version, asked=[], sampling={})
    assert policy.ask(cast.project) is None  # it is being asked
    Refill.objects.filter(pk=batch.pk).update(state="failed", finished_at=timezone.now())
    assert policy.ask(cast.project) is not None  # it cannot be had, so the machine is free


def test_a_refused_round_is_said_and_not_asked_for_every_tick(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def refuse(*_: Any, **__: Any) -> None:
        calls.append(1)
        raise start.CannotOpen("The base model cannot be found.")

    monkeypatch.setattr(start, "open_round", refuse)
    every(cast.project, 1)
    settle(cast, 1)
    assert policy.ask(cast.project) is None
    assert policy.ask(cast.project) is None
    assert len(calls) == 1
    assert policy.refusal(cast.project) == "The base model cannot be found."


class TestTheClock:
    @pytest.fixture(autouse=True)
    def at_noon(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, 30, tzinfo=timezone.get_default_timezone())  # a Monday
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        monkeypatch.setattr("celery.schedules.BaseSchedule.now", lambda _: self.now)
        settle(cast, 1)
        Answer.objects.update(created_at=self.now - timedelta(days=1))

    @pytest.mark.parametrize(
        ("cron", "due"),
        [
            ("0 12 * * *", True),
            ("30 11 * * 1", True),
            ("0 12 * * 2", False),
            ("30 12 * * *", False),
            ("30 10 * * *", False),  # longer ago than the grace
        ],
    )
    def test_a_round_opens_when_the_clock_strikes(self, cast: Cast, opened: list[Any], cron: str, due: bool) -> None:
        every(cast.project, None, cron, created_at=self.now - timedelta(days=9))
        assert (policy.ask(cast.project) is not None) is due
        if due:
            assert opened[0]["trigger"] == f"policy: the clock, {cron}"

    def test_it_strikes_once(self, cast: Cast, opened: list[Any]) -> None:
        every(cast.project, None, "0 12 * * *", created_at=self.now - timedelta(days=9))
        first = policy.ask(cast.project)
        assert first is not None
        Round.objects.filter(pk=first.pk).update(state=State.PASSED, created_at=self.now)
        settle(cast, 1)
        Answer.objects.update(created_at=self.now - timedelta(days=1))
        assert policy.ask(cast.project) is None
        self.now += timedelta(days=1)
        assert policy.ask(cast.project) is not None

    def test_it_does_not_strike_for_a_project_younger_than_the_hour(self, cast: Cast, opened: list[Any]) -> None:
        every(cast.project, None, "0 12 * * *", created_at=self.now - timedelta(seconds=5))
        assert policy.ask(cast.project) is None

    def test_nothing_new_is_nothing_to_learn(self, cast: Cast, opened: list[Any]) -> None:
        every(cast.project, None, "0 12 * * *", created_at=self.now - timedelta(days=9))
        Answer.objects.update(outcome="fine", severity=None, rewrite="")
        assert policy.ask(cast.project) is None


@pytest.mark.parametrize("text", ["", "  ", "0 3 * * 1", "*/15 * * * mon-fri"])
def test_a_crontab_line_is_accepted(text: str) -> None:
    policy.check_cron(text)


@pytest.mark.parametrize(
    "text", ["daily", "0 3 * *", "61 * * * *", "a b c d e", "0 3 * * * *", "@daily", "*/0 * * * *"]
)
def test_a_line_that_no_clock_follows_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(policy.BadCron, match="such as “0 3"):
        policy.check_cron(text)


def test_the_timer_asks_every_project_that_has_a_policy(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    every(cast.project, 5)
    every(cast.other, None, "0 3 * * *")
    asked: list[Project] = []

    def ask(project: Project) -> None:
        asked.append(project)
        raise RuntimeError("broken")

    monkeypatch.setattr(policy, "ask", ask)
    tasks.ask_policies()
    assert set(asked) == {cast.project, cast.other}
    every(cast.project, None)
    asked.clear()
    tasks.ask_policies()
    assert asked == [cast.other]

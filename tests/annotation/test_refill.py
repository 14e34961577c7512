"""The stock of unread answers: asked for once, stored once, replaced when the model changes, never under a reader."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from annotation import refill, submit, tasks
from annotation.claim import take_one
from annotation.models import Draft, Generation, Item, Prompt, Refill, RefillMovedOn, Seat
from annotation.queue import stale
from tests.cast import Cast, make_item, make_project, make_prompt, make_version, settle_item
from training.child import TrainingFailed
from training.models import ModelVersion, Promotion

Answers = list[dict[str, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the model was asked; it answers everything at once."""
    calls: list[dict[str, Any]] = []

    def complete(version: ModelVersion, prompts: Answers, sampling: Any, folder: Any, on_progress: Any) -> Answers:
        calls.append({"version": version, "prompts": prompts, "sampling": sampling, "folder": folder})
        on_progress(None)
        on_progress({"event": "progress", "done": 1, "total": len(prompts)})
        return [{"id": p["id"], "seed": p["seed"], "completion": f"{version} on {p['prompt']}"} for p in prompts]

    monkeypatch.setattr(refill.infer, "complete", complete)
    return calls


@pytest.fixture
def stocked(cast: Cast) -> Cast:
    """A project with a live model, prompts, and room for eight answers."""
    cast.project.stock = 8
    cast.project.save()
    for n in range(20):
        make_prompt(cast.project, f"Question {n}?")
    cast.base = make_version(cast.project, live=True)  # type: ignore[attr-defined]
    return cast


def fill(cast: Cast) -> Refill:
    batch = refill.top_up(cast.project)
    assert batch is not None
    refill.write(batch.pk)
    batch.refresh_from_db()
    return batch


def promote(cast: Cast, number: int = 1) -> ModelVersion:
    return make_version(cast.project, number, live=True)


def sit(cast: Cast, *holding: int) -> Seat:
    """Ada's next seat, on a lease that lasts."""
    taken = take_one(cast.project, cast.ada, besides=holding, until=timezone.now() + timedelta(minutes=5))
    assert taken is not None
    return Seat.objects.select_related("item").get(pk=taken[0])


def unread(cast: Cast, version: ModelVersion) -> int:
    return refill.unread_of(cast.project, version).count()


def test_the_stock_is_filled_with_answers_that_remember_how_they_were_made(stocked: Cast, asked: Answers) -> None:
    batch = fill(stocked)
    assert (batch.state, batch.stored, batch.error) == ("done", 8, "")
    assert Item.objects.unread().count() == Seat.objects.open().count() == 8
    generation = Generation.objects.select_related("prompt").first()
    assert generation is not None
    assert generation.version == ModelVersion.objects.current(stocked.project)
    assert generation.model_name == "v0"
    assert generation.seed == refill.seed_for(generation.version, generation.prompt_id)
    assert generation.sampling == {"temperature": 0.8, "top_p": 1.0, "max_new_tokens": 256} == asked[0]["sampling"]
    assert generation.text == f"v0 on {generation.prompt.text}"
    assert not asked[0]["folder"].exists()


def test_a_project_without_a_version_gets_the_base_model(stocked: Cast, asked: Answers) -> None:
    project = make_project("fresh", stock=1)
    make_prompt(project)
    batch = refill.top_up(project)
    assert batch is not None
    assert (batch.version.number, batch.version.base_model) == (0, "some/model")


def test_a_full_stock_asks_for_nothing_and_a_quarter_missing_asks_again(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    assert refill.top_up(stocked.project) is None
    seat = sit(stocked)
    assert refill.top_up(stocked.project) is None
    sit(stocked, seat.pk)
    batch = refill.top_up(stocked.project)
    assert batch is not None
    assert len(batch.asked) == 2


def test_what_a_reader_passed_on_does_not_fill_the_stock(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    for _ in range(2):
        seat = sit(stocked)
        submit.skip(stocked.project, seat.holder, seat.pk, reason="other")
    batch = refill.top_up(stocked.project)
    assert batch is not None
    assert len(batch.asked) == 2


def test_a_batch_is_bounded(stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill, "BATCH", 3)
    assert len(fill(stocked).asked) == 3
    assert len(fill(stocked).asked) == 3
    assert len(fill(stocked).asked) == 2


def test_two_timers_ask_once(stocked: Cast) -> None:
    assert refill.top_up(stocked.project) is not None
    assert refill.top_up(stocked.project) is None
    assert refill._ask(stocked.project, stocked.base, 2) is None  # type: ignore[attr-defined]
    assert Refill.objects.count() == 1


def test_a_message_delivered_twice_writes_once(stocked: Cast, asked: Answers) -> None:
    batch = fill(stocked)
    refill.write(batch.pk)
    assert len(asked) == 1
    assert Item.objects.count() == 8


def test_a_worker_that_was_taken_over_stores_nothing(
    stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    inner = refill.infer.complete

    def taken_over_meanwhile(*args: Any, **kwargs: Any) -> Answers:
        answers = inner(*args, **kwargs)
        Refill.objects.filter(pk=batch.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
        assert Refill.objects.take(batch.pk) is not None
        return answers

    monkeypatch.setattr(refill.infer, "complete", taken_over_meanwhile)
    with pytest.raises(RefillMovedOn):
        refill.write(batch.pk)
    assert not Item.objects.exists()


def test_a_worker_that_is_told_to_stop_leaves_the_batch_to_the_next(
    stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = refill.infer.complete

    def stopped(*_: Any, **__: Any) -> None:
        raise SystemExit

    batch = refill.top_up(stocked.project)
    assert batch is not None
    monkeypatch.setattr(refill.infer, "complete", stopped)
    with pytest.raises(SystemExit):
        refill.write(batch.pk)
    monkeypatch.setattr(refill.infer, "complete", complete)
    refill.write(batch.pk)
    assert Item.objects.count() == 8


def test_hearts_beat_for_news_and_else_once_a_second(stocked: Cast, django_assert_num_queries: Any) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    taken = Refill.objects.take(batch.pk)
    assert taken is not None
    beat = refill._heart(taken)
    with django_assert_num_queries(3):
        for message in (None, None, {"event": "progress", "done": 3}, None, {"event": "result"}, {"event": "stage"}):
            beat(message)
    assert taken.progress == {"event": "stage"}


def test_new_prompts_are_asked_before_those_that_an_older_model_answered(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    promote(stocked)
    settled = settle_item(Item.objects.order_by("pk")[0])
    assert [p["prompt"] for p in asked[0]["prompts"]] == [f"Question {n}?" for n in range(8)]
    stocked.project.stock = 30
    stocked.project.save()
    fill(stocked)
    order = dict(Refill.objects.first().asked)  # type: ignore[union-attr]
    assert len(order) == 20
    assert list(order)[:12] == list(Prompt.objects.order_by("pk").values_list("pk", flat=True)[8:])
    assert list(order)[-1] == settled.item.prompt_id


def test_prompts_held_out_for_evaluation_are_not_asked(stocked: Cast, asked: Answers) -> None:
    Prompt.objects.update(split="eval")
    assert refill.top_up(stocked.project) is None


def test_when_every_prompt_was_asked_nothing_is_asked_again(stocked: Cast, asked: Answers) -> None:
    stocked.project.stock = 100
    stocked.project.save()
    assert len(fill(stocked).asked) == 20
    assert refill.top_up(stocked.project) is None


def test_conversations_are_asked_as_conversations(stocked: Cast, asked: Answers) -> None:
    turns = [{"role": "user", "content": "Question 0?"}]
    Prompt.objects.filter(text="Question 0?").update(messages=turns)
    fill(stocked)
    assert asked[0]["prompts"][0]["messages"] == turns
    assert "messages" not in asked[0]["prompts"][1]


def test_a_new_model_replaces_unread_answers_and_no_others(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    held = sit(stocked)
    answered = sit(stocked, held.pk)
    Seat.objects.filter(pk=answered.pk).update(status=Seat.Status.ANSWERED)
    imported = make_item(stocked.project)
    other = make_item(stocked.other, version=make_version(stocked.other))
    version = promote(stocked)
    batch = fill(stocked)
    assert batch.version == version
    assert list(Seat.objects.filter(status="retired").values_list("item__generation__version__number").distinct()) == [
        (0,)
    ]
    assert Seat.objects.filter(status="retired").count() == 6
    for item in (held.item, imported, other):
        assert item.seats.filter(status="open").exists()
    answered.refresh_from_db()
    assert answered.status == "answered"
    assert unread(stocked, version) == 8


def test_one_reader_of_three_keeps_the_whole_item_open(stocked: Cast, asked: Answers) -> None:
    stocked.project.overlap = 3
    stocked.project.save()
    fill(stocked)
    seat = sit(stocked)
    version = promote(stocked)
    assert stale.retire_stale(stocked.project, version) == 7
    assert seat.item.seats.filter(status="open").count() == 3


def test_a_lease_that_ran_out_does_not_keep_an_old_answer(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    seat = sit(stocked)
    Draft.objects.create(item=seat.item, user=stocked.ada, data={})
    Seat.objects.filter(pk=seat.pk).update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    assert stale.retire_stale(stocked.project, promote(stocked)) == 8
    seat.refresh_from_db()
    assert (seat.status, seat.holder, seat.lease_ends_at) == ("retired", None, None)


def test_a_rollback_brings_unread_answers_back(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    answered = sit(stocked)
    Seat.objects.filter(pk=answered.pk).update(status=Seat.Status.ANSWERED)
    settle_item(Item.objects.exclude(pk=answered.item_id)[0])
    base = ModelVersion.objects.current(stocked.project)
    assert base is not None
    fill_after = promote(stocked)
    fill(stocked)
    Promotion.objects.create(project=stocked.project, version=base)
    assert refill.top_up(stocked.project) is not None  # two were read, so a quarter is missing
    assert unread(stocked, base) == 6
    assert unread(stocked, fill_after) == 0


def test_a_silent_worker_is_replaced_and_too_many_are_said(stocked: Cast, asked: Answers, settings: Any) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    for attempt in range(settings.MAX_ATTEMPTS):
        old = timezone.now() - timedelta(seconds=settings.SILENCE_SECONDS + 1)
        Refill.objects.update(heartbeat_at=old if attempt else None, sent_at=old)
        assert refill.top_up(stocked.project) == batch  # sent again
        assert refill.top_up(stocked.project) is None  # but not twice
        assert Refill.objects.take(batch.pk) is not None
        assert Refill.objects.take(batch.pk) is None
    Refill.objects.update(heartbeat_at=old)
    assert refill.top_up(stocked.project) is None
    batch.refresh_from_db()
    assert (batch.state, batch.error) == (
        "failed",
        "The worker that writes answers was lost 3 times. Its log says why.",
    )


@pytest.mark.parametrize("failure", [TrainingFailed("The child was killed."), KeyError("id")])
def test_a_worker_that_was_taken_over_fails_nobody_elses_batch(
    stocked: Cast, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None

    def taken_over_then_killed(*_: Any, **__: Any) -> None:
        Refill.objects.filter(pk=batch.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
        assert Refill.objects.take(batch.pk) is not None
        raise failure

    monkeypatch.setattr(refill.infer, "complete", taken_over_then_killed)
    tasks.generate_answers(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.error, batch.heartbeat_at is None) == ("writing", "", False)


def test_the_reaper_does_not_end_a_batch_that_was_taken_while_it_looked(stocked: Cast) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    assert Refill.objects.take(batch.pk) is not None
    refill._give_up(batch, "lost")  # as it was read before
    batch.refresh_from_db()
    assert batch.state == "writing"


def test_with_generation_off_stale_answers_still_go_and_a_waiting_batch_ends(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    promote(stocked)
    batch = refill.top_up(stocked.project)
    assert batch is not None
    stale = make_item(stocked.project, version=stocked.base)  # type: ignore[attr-defined]
    stocked.project.stock = 0
    stocked.project.save()
    tasks.refill_queues()
    batch.refresh_from_db()
    assert (batch.state, stale.seats.get().status) == ("failed", "retired")
    assert "turned off" in batch.error
    assert Refill.objects.count() == 2  # and no new one
    refill.write(batch.pk)
    assert len(asked) == 1


def test_with_generation_off_a_batch_that_is_being_written_is_left_to_its_worker(stocked: Cast) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    assert Refill.objects.take(batch.pk) is not None
    stocked.project.stock = 0
    stocked.project.save()
    assert refill.top_up(stocked.project) is None
    batch.refresh_from_db()
    assert batch.state == "writing"


def test_a_failure_is_said_and_tried_again_later_and_later(
    stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise TrainingFailed("The model cannot be loaded: no such folder.")

    monkeypatch.setattr(refill.infer, "complete", refuse)
    for expected in (30, 60, 120):
        batch = refill.top_up(stocked.project)
        assert batch is not None
        tasks.generate_answers(batch.pk)
        batch.refresh_from_db()
        assert (batch.state, batch.error) == ("failed", "The model cannot be loaded: no such folder.")
        assert refill.top_up(stocked.project) is None
        wait = refill.next_try(stocked.project) - timezone.now()  # type: ignore[operator]
        assert expected - 5 < wait.total_seconds() <= expected
        Refill.objects.filter(pk=batch.pk).update(finished_at=timezone.now() - timedelta(seconds=expected))
    promote(stocked)
    assert refill.top_up(stocked.project) is not None  # another model, another chance


def test_our_own_fault_is_recorded_and_raised(stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill.infer, "complete", lambda *_, **__: [{"no": "id"}])
    batch = refill.top_up(stocked.project)
    assert batch is not None
    with pytest.raises(KeyError):
        tasks.generate_answers(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert "inside the studio" in batch.error


def test_a_prompt_without_an_answer_is_said_and_not_asked_again(
    stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(version: Any, prompts: Answers, **_: Any) -> Answers:
        answers = [{"id": p["id"], "seed": p["seed"], "completion": "Yes.\0"} for p in prompts]
        answers[0] |= {"completion": "", "error": "The prompt is too long."}
        return answers

    monkeypatch.setattr(refill.infer, "complete", some)
    batch = fill(stocked)
    assert batch.error == "1 of 8 prompts got no answer: The prompt is too long."
    assert Item.objects.count() == 7
    assert Generation.objects.filter(text="Yes.\ufffd").count() == 7
    assert batch.asked[0][0] not in refill.next_prompts(stocked.project, batch.version).values_list("pk", flat=True)


def test_a_prompt_deleted_meanwhile_is_left_out(stocked: Cast, asked: Answers) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    Prompt.objects.filter(pk=batch.asked[0][0]).delete()
    refill.write(batch.pk)
    assert Item.objects.count() == 7


def test_the_timer_sends_for_a_worker_and_one_projects_trouble_is_its_own(
    stocked: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.generate_answers, "delay", lambda pk: sent.append(pk))
    inner = refill.top_up

    def troubled(project: Any) -> Any:
        if project == stocked.other:
            raise RuntimeError("broken")
        return inner(project)

    monkeypatch.setattr(refill, "top_up", troubled)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.refill_queues()
    assert sent == [Refill.objects.get().pk]


def test_a_batch_that_no_worker_takes_is_noticed(stocked: Cast) -> None:
    batch = refill.top_up(stocked.project)
    assert batch is not None
    assert not batch.waits_for_worker
    batch.created_at -= timedelta(seconds=21)
    assert batch.waits_for_worker


@pytest.mark.parametrize(("stock", "prompts", "dry"), [(0, 1, False), (5, 0, False), (5, 1, True)])
def test_a_queue_runs_dry_only_where_answers_can_be_written(cast: Cast, stock: int, prompts: int, dry: bool) -> None:
    cast.project.stock = stock
    cast.project.save()
    make_version(cast.project, live=True)
    for _ in range(prompts):
        make_prompt(cast.project)
    assert refill.runs_dry(cast.project) is dry
    cast.item()
    assert refill.runs_dry(cast.project) is False


@pytest.mark.django_db(transaction=True)
def test_readers_and_a_new_model_never_meet_on_one_item() -> None:
    """Eight readers take seats while two timers retire: an item is either closed whole, or not touched."""
    cast = Cast(overlap=2, stock=0)
    base, version = make_version(cast.project), make_version(cast.project, 1, live=True)
    for _ in range(60):
        make_item(cast.project, version=base)
    people = [cast.ada, cast.bo, cast.iris, cast.max]
    start = threading.Barrier(len(people) + 2)
    taken: list[int] = []
    errors: list[BaseException] = []

    def work(job: Callable[[], None]) -> None:
        try:
            start.wait()
            job()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    def read(user: Any) -> None:
        mine: list[int] = []
        for _ in range(10):
            until = timezone.now() + timedelta(minutes=5)
            if (seat := take_one(cast.project, user, besides=mine, until=until)) is not None:
                mine.append(seat[0])
        taken.extend(mine)

    def retire() -> None:
        for _ in range(3):
            stale.retire_stale(cast.project, version)

    jobs = [lambda user=user: read(user) for user in people] + [retire, retire]
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    stale.retire_stale(cast.project, version)  # what two timers left to each other, the next tick takes
    assert Seat.objects.filter(pk__in=taken, status=Seat.Status.OPEN, holder__isnull=False).count() == len(taken)
    for item in Item.objects.prefetch_related("seats"):
        states = {seat.status for seat in item.seats.all()}
        held = any(seat.holder_id for seat in item.seats.all())
        assert states == ({"open"} if held else {"retired"}), (connection.vendor, item.pk)


@pytest.mark.science
def test_a_real_model_in_a_real_child_fills_the_stock(cast: Cast, settings: Any) -> None:
    cast.project.base_model = settings.STARTER_MODEL
    cast.project.stock, cast.project.max_new_tokens = 2, 16
    cast.project.save()
    for trade in ("bakers", "millers"):
        make_prompt(cast.project, f"What are {trade} like?")
    batch = refill.top_up(cast.project)
    assert batch is not None
    tasks.generate_answers(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.stored, batch.error) == ("done", 2, "")
    assert all(text.strip() for text in Generation.objects.values_list("text", flat=True))
    assert not list(settings.GENERATION_DIR.iterdir())


@pytest.mark.science
def test_a_model_that_is_not_there_is_said_in_a_sentence(cast: Cast, tmp_path: Any) -> None:
    cast.project.base_model = str(tmp_path / "nowhere")
    cast.project.save()
    make_prompt(cast.project)
    batch = refill.top_up(cast.project)
    assert batch is not None
    tasks.generate_answers(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert "nowhere" in batch.error

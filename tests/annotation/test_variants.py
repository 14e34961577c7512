"""The counterfactual strip: what is swapped, who may ask, what is asked once, and what goes wrong in words."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotation import tasks
from annotation.models import Generation, Item, Seat, TermSet, Variant
from annotation.queue.seat_names import seek
from annotation.refill import seed_for
from annotation.values import variants
from studio.models import Project
from tests.cast import make_item, make_version, name_of
from training import child, resident
from training.models import Promotion


@pytest.fixture
def sent(monkeypatch) -> list[tuple[int, int]]:
    """The messages that would go to the worker."""
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(tasks.answer_variants, "delay_on_commit", lambda *ids: found.append(ids))
    return found


@pytest.fixture
def version(cast):
    cache.clear()
    TermSet.objects.create(project=cast.project, name="Trades", terms=["nurse", "nurses", "engineer", "engineers"])
    return make_version(cast.project, live=True)


@pytest.fixture
def said(monkeypatch):
    """What the model says, without a model: the prompt backwards; the questions it was asked."""
    monkeypatch.setattr(child, "PACKAGE", "tests.training.fake")
    yield
    resident.close()


def seat_of(item, person) -> int:
    seat = item.seats.first()
    later = timezone.now() + timedelta(minutes=15)
    Seat.objects.filter(pk=seat.pk).update(holder=person, lease_ends_at=later)
    return name_of(seat)


@pytest.fixture
def seat(cast, version) -> int:
    return seat_of(cast.item(prompt="What is a Nurse like?"), cast.ada)


@pytest.fixture
def press(client, cast):
    """press(seat): the reply to the person who presses the key; Ada unless said."""

    def ask(seat, person=None, status=200):
        client.force_login(person or cast.ada)
        address = reverse("annotation:review-variants", args=[cast.project.slug])
        reply = client.post(address, {"seat": seat}, content_type="application/json")
        assert reply.status_code == status, reply.content
        return reply.json()

    return ask


def work(sent) -> None:
    """What the worker does with the messages."""
    while sent:
        tasks.answer_variants(*sent.pop(0))


def test_the_strip_shows_the_original_and_its_swaps_beside_each_other(press, seat, sent, said):
    asked = press(seat)
    assert asked["why"] is None
    assert asked["original"] == {"prompt": "What is a Nurse like?", "state": "asked", "answer": "", "error": ""}
    assert [(one["old"], one["new"], one["prompt"]) for one in asked["variants"]] == [
        ("nurse", "nurses", "What is a Nurses like?"),
        ("nurse", "engineer", "What is a Engineer like?"),
        ("nurse", "engineers", "What is a Engineers like?"),
    ]
    work(sent)
    done = press(seat)
    assert {one["state"] for one in [done["original"], *done["variants"]]} == {"done"}
    assert done["original"]["answer"] == "?ekil esruN a si tahW"
    assert done["variants"][0]["answer"] == done["variants"][0]["prompt"][::-1]


def test_what_was_asked_once_is_not_asked_again_also_by_another_person(press, seat, sent, said, cast):
    press(seat)
    press(seat)
    assert len(sent) == 1
    work(sent)
    press(seat)
    other = Seat.objects.create(project=cast.project, item=Seat.objects.get(pk=seek(seat)).item, position=1)
    later = timezone.now() + timedelta(minutes=15)
    Seat.objects.filter(pk=other.pk).update(holder=cast.bo, lease_ends_at=later)
    assert press(name_of(other), cast.bo)["original"]["state"] == "done"
    assert not sent


def test_all_are_asked_with_the_seed_and_the_settings_of_the_queues_own_answers(
    press, seat, sent, cast, version, monkeypatch
):
    seen = []
    monkeypatch.setattr(
        resident, "ask", lambda version, questions, sampling, beat: seen.append((version, questions, sampling)) or []
    )
    press(seat)
    work(sent)
    (asked_of, questions, sampling), prompt = seen[0], Seat.objects.get(pk=seek(seat)).item.prompt
    assert asked_of == version
    assert {one["seed"] for one in questions} == {seed_for(version, prompt.pk)}
    assert sampling == {"temperature": 0.8, "top_p": 1.0, "max_new_tokens": 256}


def test_an_answer_that_the_queue_already_holds_is_not_asked_for_again(press, seat, sent, cast, version):
    prompt = Seat.objects.get(pk=seek(seat)).item.prompt
    sampling = {"temperature": 0.8, "top_p": 1.0, "max_new_tokens": 256}
    queue = {"model_name": "v0", "text": "They care.", "seed": seed_for(version, prompt.pk), "sampling": sampling}
    Generation.objects.create(prompt=prompt, version=version, **queue)
    original = press(seat)["original"]
    assert (original["state"], original["answer"]) == ("done", "They care.")


def test_a_new_live_version_is_asked_anew(press, seat, sent, said, cast):
    press(seat)
    work(sent)
    Promotion.objects.create(project=cast.project, version=make_version(cast.project, 1))
    assert press(seat)["original"]["state"] == "asked"
    assert len(sent) == 1


def test_changed_settings_are_asked_anew(press, seat, sent, said, cast):
    press(seat)
    work(sent)
    Project.objects.update(temperature=0.1)
    asked = press(seat)
    assert {one["state"] for one in [asked["original"], *asked["variants"]]} == {"asked"}
    work(sent)
    assert press(seat)["original"]["state"] == "done"


def test_every_turn_of_a_conversation_is_swapped(press, cast, version, sent):
    item = cast.item(prompt="And the nurses?")
    item.prompt.messages = [
        {"role": "user", "content": "Nurses, please."},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "And the nurses?"},
    ]
    item.prompt.save()
    press(seat_of(item, cast.ada))
    variant = Variant.objects.get(new_term="engineers")
    assert [turn["content"] for turn in variant.messages] == ["Engineers, please.", "Yes?", "And the engineers?"]
    assert variant.text == "And the engineers?"


def test_only_who_holds_the_seat_may_ask_and_nothing_is_written_for_the_others(press, seat, cast, sent, client):
    assert "ran out" in press(seat, cast.bo, status=409)["error"]
    press(seat, cast.eve, status=404)
    press(name_of(make_item(cast.other).seats.first()), status=404)
    Seat.objects.filter(pk=seek(seat)).update(status="answered")
    assert "already answered" in press(seat, status=409)["error"]
    client.logout()
    address = reverse("annotation:review-variants", args=[cast.project.slug])
    assert client.post(address, {"seat": seat}, content_type="application/json").status_code == 403
    assert not Variant.objects.exists()
    assert not sent


@pytest.mark.parametrize("body", ["", "[]", "{", '{"seat": "x"}', '{"seat": null}', '{"seat": -1}'])
def test_a_body_that_names_no_seat_is_refused_with_a_sentence(client, cast, version, body):
    client.force_login(cast.ada)
    address = reverse("annotation:review-variants", args=[cast.project.slug])
    reply = client.post(address, body, content_type="application/json")
    assert reply.status_code in (400, 404)
    assert reply.json()["error"]


def test_a_prompt_without_a_term_says_so(press, cast, version, sent):
    asked = press(seat_of(cast.item(prompt="What is rain?"), cast.ada))
    assert asked == {"variants": [], "original": None, "why": variants.NO_TERM}
    assert not sent


def test_a_comparison_stays_blind(press, cast, version, sent):
    item = cast.item(prompt="What is a nurse like?")
    other = Generation.objects.create(prompt=item.prompt, model_name="b", text="Quiet.")
    Item.objects.filter(pk=item.pk).update(mode="compare", other=other)
    assert press(seat_of(item, cast.ada))["why"] == variants.BLIND


def test_without_a_worker_the_page_is_told_what_to_start_and_may_ask_again(press, seat, sent):
    press(seat)
    Variant.objects.update(asked_at=timezone.now() - timedelta(seconds=21))
    told = press(seat)
    assert {one["state"] for one in [told["original"], *told["variants"]]} == {"failed"}
    assert "worker for the queue “answers”" in told["original"]["error"]
    assert press(seat)["original"]["state"] == "failed"  # another tab that still asks does not start it again
    Variant.objects.update(answered_at=timezone.now() - timedelta(seconds=4))
    assert press(seat)["original"]["state"] == "asked"
    assert len(sent) == 2


def test_a_worker_that_is_at_work_for_others_is_waited_for(press, seat, sent):
    press(seat)
    Variant.objects.update(asked_at=timezone.now() - timedelta(seconds=21))
    cache.set(variants.ALIVE, True, 20)
    assert press(seat)["original"]["state"] == "asked"


def test_a_message_that_was_lost_is_sent_again_once_while_the_worker_is_at_work_for_others(press, seat, sent, said):
    press(seat)
    lost = sent.pop()
    press(seat)
    assert not sent
    Variant.objects.update(asked_at=timezone.now() - timedelta(seconds=21))
    cache.set(variants.ALIVE, True, 20)
    assert [press(seat)["original"]["state"] for _ in range(2)] == ["asked", "asked"]
    assert sent == [lost]
    work(sent)
    assert press(seat)["original"]["state"] == "done"


def test_a_worker_that_was_lost_is_noticed(press, seat, sent):
    press(seat)
    assert Variant.objects.take(*sent[0])
    assert not Variant.objects.take(*sent[0])  # delivered twice
    assert press(seat)["original"]["state"] == "asked"
    Variant.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    assert press(seat)["original"]["error"] == variants.LOST


def test_a_broker_that_is_away_is_said_at_once(press, seat, monkeypatch):
    def away(*ids):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.answer_variants, "delay_on_commit", away)
    press(seat)
    assert press(seat)["original"]["error"] == variants.BUSY


@pytest.mark.parametrize(
    ("prompt", "state", "error"), [("die nurse", "failed", "killed by the system"), ("nurse", "done", "")]
)
def test_a_model_that_dies_is_a_sentence_on_every_row_that_waits(
    press, cast, version, sent, said, prompt, state, error
):
    seat = seat_of(cast.item(prompt=prompt), cast.ada)
    press(seat)
    work(sent)
    told = press(seat)
    assert {one["state"] for one in [told["original"], *told["variants"]]} == {state}
    assert error in told["original"]["error"]


def test_a_fault_of_ours_is_told_and_raised(press, seat, sent, monkeypatch):
    def broken(*_):
        raise RuntimeError("no such thing")

    monkeypatch.setattr(resident, "ask", broken)
    press(seat)
    with pytest.raises(RuntimeError):
        work(sent)
    assert press(seat)["original"]["error"] == variants.OUR_FAULT


def test_a_worker_that_is_told_to_stop_leaves_the_rows_to_the_next(press, seat, sent, monkeypatch):
    def stopped(*_):
        raise SystemExit

    monkeypatch.setattr(resident, "ask", stopped)
    press(seat)
    with pytest.raises(SystemExit):
        tasks.answer_variants(*sent[0])
    assert Variant.objects.untended().count() == 4


def test_silence_of_the_model_is_said(press, seat, sent, monkeypatch):
    monkeypatch.setattr(
        resident,
        "ask",
        lambda version, questions, *_: [{"id": one["id"], "completion": "\0 "[1:]} for one in questions],
    )
    press(seat)
    work(sent)
    assert press(seat)["original"]["error"] == "The model said nothing."


def test_waiting_costs_few_queries(press, seat, sent, client, cast, django_assert_max_num_queries):
    press(seat)
    client.force_login(cast.ada)
    address = reverse("annotation:review-variants", args=[cast.project.slug])
    with django_assert_max_num_queries(
        7
    ):  # the session, the person, the project; the seat, the terms, the version, the rows
        client.post(address, {"seat": seat}, content_type="application/json")


def test_the_model_is_warmed_once_for_many_pages_and_trouble_costs_no_page(cast, version, monkeypatch):
    messages = []
    monkeypatch.setattr(tasks.warm_answers, "apply_async", lambda args, **_: messages.append(args))
    tasks.warm_soon(cast.project)
    tasks.warm_soon(cast.project)
    assert messages == [(cast.project.pk,)]
    monkeypatch.setattr(cache, "add", lambda *_: 1 / 0)
    tasks.warm_soon(cast.project)


def test_a_model_that_cannot_be_loaded_does_not_trouble_the_worker(cast, version, monkeypatch):
    def missing(*_):
        raise child.TrainingFailed("The model some/model could not be loaded.")

    monkeypatch.setattr(resident, "warm", missing)
    tasks.warm_answers(cast.project.pk)


def test_only_what_still_waits_is_failed(press, seat, sent, said):
    press(seat)
    work(sent)
    assert variants.fail(Q(), "no") == 0
    assert json.dumps(press(seat)["variants"]).count('"done"') == 3


def test_opening_the_review_screen_of_a_project_with_terms_warms_the_model(client, cast, version, seat, monkeypatch):
    messages = []
    monkeypatch.setattr(tasks.warm_answers, "apply_async", lambda args, **_: messages.append(args))
    client.force_login(cast.ada)
    client.get(reverse("annotation:review", args=[cast.project.slug]))
    assert messages == [(cast.project.pk,)]
    cache.clear()
    TermSet.objects.all().delete()
    client.get(reverse("annotation:review", args=[cast.project.slug]))
    assert len(messages) == 1

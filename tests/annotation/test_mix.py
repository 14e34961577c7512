# ruff: noqa: F811 (fixtures)
"""The stock holds each way of working by its share: what is asked of the model, what needs none, and what is stale."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from annotation import refill, tasks
from annotation.models import Answer, Generation, Item, Prompt, Refill, Seat, Verdict
from annotation.queue import pairs, seating, stale
from annotation.queue.seating import NewItem, seat_items
from studio.models import Project
from tests.annotation.test_claim import at_once, crowd  # noqa: F401  (a fixture)
from tests.annotation.test_refill import asked, fill, promote, sit, stocked  # noqa: F401  (fixtures)
from tests.cast import Cast, make_comparison, make_demonstration, make_item, make_prompt, make_version, settle_item
from training.child import TrainingFailed
from training.models import ModelVersion

Answers = list[dict[str, Any]]


def shares(cast: Cast, review: int, compare: int, demonstrate: int, **fields: Any) -> None:
    given = {"share_review": review, "share_compare": compare, "share_demonstrate": demonstrate, **fields}
    for name, value in given.items():
        setattr(cast.project, name, value)
    cast.project.save()


def modes() -> Counter[str]:
    return Counter(Item.objects.unread().values_list("mode", flat=True))


@pytest.mark.parametrize(
    ("given", "stock", "expected"),
    [
        ((1, 0, 0), 8, (8, 0, 0)),
        ((2, 1, 1), 8, (4, 2, 2)),
        ((98, 1, 1), 8, (8, 1, 1)),
        ((0, 0, 1), 8, (0, 0, 8)),
        ((1, 1, 1), 100, (33, 33, 33)),
    ],
)
def test_a_share_is_a_part_of_the_stock_and_never_nothing(cast: Cast, given: Any, stock: int, expected: Any) -> None:
    shares(cast, *given, stock=stock)
    assert tuple(refill.targets(cast.project).values()) == expected


def test_a_batch_asks_for_what_each_way_of_working_needs(stocked: Cast, asked: Answers) -> None:
    shares(stocked, 2, 1, 1)
    batch = fill(stocked)
    assert modes() == {"review": 4, "compare": 2, "demonstrate": 2}
    assert len(batch.asked) == 4 + 2 * 2
    assert Item.objects.values("prompt").distinct().count() == 8  # no prompt in two ways
    for item in Item.objects.filter(mode="compare").select_related("generation", "other"):
        assert item.generation is not None
        assert item.other is not None
        samples = {item.generation.seed, item.other.seed}
        assert samples == {pairs.seed_for(batch.version, item.prompt_id, sample) for sample in (0, 1)}
    assert refill.top_up(stocked.project) is None


@pytest.fixture(autouse=True)
def samples_differ(request: pytest.FixtureRequest) -> None:
    """The model says something else with every seed."""
    if "asked" not in request.fixturenames:
        return
    request.getfixturevalue("asked")
    inner = refill.infer.complete

    def complete(*args: Any, **kwargs: Any) -> Answers:
        return [
            answer | {"completion": f"{answer['completion']} {answer['seed']}"} for answer in inner(*args, **kwargs)
        ]

    request.getfixturevalue("monkeypatch").setattr(refill.infer, "complete", complete)


def test_the_live_version_is_set_against_what_an_older_one_said(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    old = Generation.objects.get(prompt__text="Question 0?")
    version = promote(stocked)
    shares(stocked, 0, 1, 0)
    batch = fill(stocked)
    first = Item.objects.get(mode="compare", prompt=old.prompt)
    assert first.generation is not None
    assert (first.other, first.generation.version, first.generation.seed) == (
        old, version, pairs.seed_for(version, old.prompt_id),
    )  # fmt: skip
    assert Counter(len([1 for p, _ in batch.asked if p == prompt]) for prompt, _ in batch.asked) == {1: 4, 2: 8}
    assert modes() == {"compare": 8}


def test_a_prompt_that_was_reviewed_is_sampled_again_when_no_other_is_left(stocked: Cast, asked: Answers) -> None:
    shares(stocked, 1, 0, 0, stock=20)
    version = fill(stocked).version
    for item in Item.objects.order_by("pk")[:3]:
        settle_item(item, outcome="fine")
    shares(stocked, 0, 1, 0, stock=3)
    batch = fill(stocked)
    assert len(batch.asked) == 3
    items = Item.objects.filter(mode="compare").select_related("generation", "other__item__verdict")
    assert [item.generation.seed for item in items if item.generation] == [
        pairs.seed_for(version, item.prompt_id, 1) for item in items
    ]
    assert all(item.other and item.other.item.verdict for item in items)  # settled ones before those still to be read
    assert refill.runs_dry(stocked.project) is False


def test_samples_that_say_the_same_are_no_pair_and_one_of_them_is_reviewed(
    stocked: Cast,
    asked: Answers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares(stocked, 1, 1, 0, stock=4)
    monkeypatch.setattr(
        refill.infer,
        "complete",
        lambda version, prompts, **_: [{"id": p["id"], "seed": p["seed"], "completion": p["prompt"]} for p in prompts],
    )
    fill(stocked)
    assert modes() == {"review": 4}
    shares(stocked, 0, 1, 0, stock=4)
    fill(stocked)
    assert modes() == {"review": 4}


def test_demonstrations_need_no_model_and_never_go_stale(stocked: Cast, asked: Answers) -> None:
    shares(stocked, 0, 0, 1, stock=5)
    assert refill.top_up(stocked.project) is None
    assert modes() == {"demonstrate": 5}
    assert not Refill.objects.exists()
    promote(stocked)
    assert refill.top_up(stocked.project) is None
    assert modes() == {"demonstrate": 5}
    assert Seat.objects.open().filter(item__mode="demonstrate").count() == 5
    Seat.objects.update(holder=stocked.ada, status=Seat.Status.ANSWERED, lease_ends_at=timezone.now())
    assert refill.runs_dry(stocked.project) is False  # nothing that a machine could write is waited for
    assert refill.top_up(stocked.project) is None
    assert modes() == {"demonstrate": 5}
    assert Item.objects.values("prompt").distinct().count() == 10


def test_a_prompt_is_demonstrated_once_and_new_ones_come_first(stocked: Cast, asked: Answers) -> None:
    fill(stocked)
    shares(stocked, 1, 0, 9)
    assert refill.top_up(stocked.project) is None
    prompts = Item.objects.filter(mode="demonstrate").values_list("prompt__text", flat=True)
    assert not set(prompts) & {f"Question {n}?" for n in range(8)}
    shares(stocked, 0, 0, 1, stock=100)
    refill.top_up(stocked.project)
    refill.top_up(stocked.project)
    assert modes()["demonstrate"] == 20


def test_what_a_batch_is_asking_is_not_demonstrated_too(stocked: Cast) -> None:
    shares(stocked, 1, 0, 0)
    batch = refill.top_up(stocked.project)
    assert batch is not None
    shares(stocked, 1, 0, 1)
    refill.top_up(stocked.project)
    assert not Item.objects.exists()  # they come with the batch, and mixed with it
    Refill.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    refill.top_up(stocked.project)
    demonstrated = set(Item.objects.values_list("prompt", flat=True))
    assert len(demonstrated) == 4
    assert not demonstrated & {pk for pk, _ in batch.asked}


def test_a_settled_rewrite_is_set_against_its_original_but_not_for_its_author(cast: Cast, asked: Answers) -> None:
    shares(cast, 0, 1, 0, stock=3)
    verdict = settle_item(cast.item(), by=cast.ada)
    settle_item(cast.item(), outcome="fine", by=cast.ada)
    fill(cast)  # and of the other prompt, two samples are asked for
    item = Item.objects.get(mode="compare", generation__version=None)
    assert item.generation is not None
    assert (item.generation.text, item.generation.author) == ("Nurses are people.", cast.ada)
    assert (item.other, item.prompt) == (verdict.item.generation, verdict.item.prompt)
    seats = [Seat.objects.open_to(who, cast.project).filter(item=item).count() for who in (cast.ada, cast.bo)]
    assert seats == [0, 1]
    promote(cast)
    refill.top_up(cast.project)
    assert list(Item.objects.filter(mode="compare").unread()) == [item]  # a person's words do not go stale
    assert not pairs.rewritten(cast.project).exists()


def test_rewrites_are_a_third_of_the_comparisons_and_all_where_the_model_writes_none(
    stocked: Cast, asked: Answers
) -> None:
    shares(stocked, 0, 1, 0, stock=6)
    for _ in range(8):
        settle_item(make_item(stocked.project))
    fill(stocked)
    by_people = Item.objects.filter(mode="compare", generation__version=None)
    assert (by_people.count(), Item.objects.filter(mode="compare").unread().count()) == (2, 6)
    promote(stocked)
    fill(stocked)
    assert (by_people.count(), Item.objects.filter(mode="compare").unread().count()) == (2, 6)
    Prompt.objects.update(split="eval")
    promote(stocked, 2)
    Prompt.objects.filter(pk__in=by_people.values("prompt")).update(split="eval")
    Prompt.objects.filter(items__verdict__isnull=False).update(split="train")
    Generation.objects.bulk_create(  # the new model has answered all that is left, twice
        Generation(prompt=prompt, version=ModelVersion.objects.get(number=2), seed=seed, model_name="v2", text="x")
        for prompt in Prompt.objects.filter(split="train")
        for seed in (1, 2)
    )
    assert refill.top_up(stocked.project) is None
    assert by_people.count() == 6


def test_a_comparison_is_stale_when_its_newer_side_is_and_comes_back_with_it(stocked: Cast, asked: Answers) -> None:
    shares(stocked, 0, 1, 0)
    fill(stocked)
    first = Item.objects.filter(mode="compare")
    assert first.count() == 8
    held = sit(stocked)
    version = promote(stocked)
    assert stale.retire_stale(stocked.project, version) == 7
    assert held.item.seats.get().status == "open"
    make_version(stocked.project, 2, live=True)
    back = stocked.base  # type: ignore[attr-defined]
    assert stale.bring_back(back, 3) == 0
    assert stale.bring_back(back, 3, mode="compare") == 3


def test_what_a_curator_put_in_or_took_out_by_hand_stays_so(cast: Cast) -> None:
    old, live = make_version(cast.project), make_version(cast.project, 1, live=True)
    wanted, unwanted = make_item(cast.project, version=old), make_item(cast.project, version=live)
    Item.objects.update(steered_at=timezone.now())
    unwanted.seats.update(status=Seat.Status.RETIRED)
    assert stale.retire_stale(cast.project, live) == 0
    assert stale.bring_back(live, 5) == 0
    assert wanted.seats.get().status == "open"


def test_the_ways_of_working_are_mixed_in_the_queue(stocked: Cast, asked: Answers) -> None:
    shares(stocked, 2, 1, 1)
    fill(stocked)
    assert list(Item.objects.order_by("pk").values_list("mode", flat=True)) == [
        "review", "compare", "demonstrate", "review", "review", "compare", "demonstrate", "review",
    ]  # fmt: skip


def test_a_model_that_fails_keeps_nobody_from_demonstrating(
    stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise TrainingFailed("The model cannot be loaded.")

    monkeypatch.setattr(refill.infer, "complete", refuse)
    shares(stocked, 2, 1, 1)
    assert fill(stocked).state == "failed"
    assert refill.top_up(stocked.project) is None
    assert modes() == {"demonstrate": 2}


def test_a_batch_with_pairs_is_bounded_too(stocked: Cast, asked: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill, "BATCH", 6)
    shares(stocked, 1, 1, 0, stock=20)
    assert [len(fill(stocked).asked) for _ in range(2)] == [5, 5]
    assert modes() == {"review": 6, "compare": 2}


def test_a_batch_with_pairs_that_is_delivered_twice_is_stored_once(stocked: Cast, asked: Answers) -> None:
    shares(stocked, 1, 1, 0)
    batch = fill(stocked)
    tasks.generate_answers(batch.pk)
    Refill.objects.filter(pk=batch.pk).update(state="waiting", heartbeat_at=None)
    refill.write(batch.pk)
    assert Item.objects.count() == 8
    assert Generation.objects.count() == 12


def test_counting_the_stock_costs_the_same_with_any_number_of_items(
    stocked: Cast, asked: Answers, django_assert_max_num_queries: Any
) -> None:
    shares(stocked, 2, 1, 1)
    fill(stocked)
    for _ in range(10):
        make_comparison(stocked.project)
        make_demonstration(stocked.project)
    with django_assert_max_num_queries(12):
        refill.top_up(stocked.project)


def test_a_queue_of_comparisons_runs_dry_while_more_can_be_written(cast: Cast) -> None:
    version = make_version(cast.project, live=True)
    shares(cast, 0, 1, 0, stock=5)
    assert refill.runs_dry(cast.project) is False
    make_prompt(cast.project)
    assert refill.runs_dry(cast.project) is True
    make_comparison(cast.project)
    assert refill.runs_dry(cast.project) is True  # what a person wrote keeps nobody waiting for the machine
    make_comparison(cast.project, version=version)
    assert refill.runs_dry(cast.project) is False
    Seat.objects.update(lease_ends_at=timezone.now() + timedelta(minutes=1), holder=cast.ada)
    assert refill.runs_dry(cast.project) is True


def test_a_rewrite_that_was_withdrawn_is_compared_no_longer(cast: Cast) -> None:
    shares(cast, 0, 1, 0, stock=8)
    version = make_version(cast.project, live=True)
    failed = {"asked": [], "sampling": {}, "state": "failed", "finished_at": timezone.now()}
    Refill.objects.create(project=cast.project, version=version, **failed)  # so that rewrites are all there is
    verdicts = [settle_item(cast.item(), by=cast.ada) for _ in range(4)]
    refill.top_up(cast.project)
    assert modes()["compare"] == 4
    fine = Answer.objects.create(key=uuid4(), item=verdicts[0].item, annotator=cast.ada, outcome="fine")
    Verdict.objects.filter(pk=verdicts[0].pk).update(answer=fine)
    Answer.objects.filter(pk=verdicts[1].answer_id).update(rewrite="They are people like others.")
    Verdict.objects.filter(pk=verdicts[2].pk).delete()
    refill.top_up(cast.project)
    compared = Item.objects.filter(mode="compare").unread()
    facts = {(item.other_id, item.text) for item in compared}
    texts = ((verdicts[1], "They are people like others."), (verdicts[3], "Nurses are people."))
    assert facts == {(verdict.item.generation_id, text) for verdict, text in texts}


def test_other_projects_verdicts_do_not_hide_a_projects_rewrites(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "LOOKED_AT", 2)
    mine = [settle_item(cast.item()) for _ in range(3)]
    [settle_item(make_item(cast.other)) for _ in range(3)]
    cast.item()
    assert list(pairs.rewritten(cast.project)) == mine[:0:-1]


# ---------------------------------------------------------------- killed, and at once


def test_items_and_their_seats_come_together_or_not_at_all(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    shares(cast, 0, 0, 1, stock=2)
    make_version(cast.project, live=True)
    [make_prompt(cast.project) for _ in range(2)]
    inner = seating.bulk.insert

    def killed_before_the_seats(model: Any, *rows: Any) -> None:
        if model is Seat:
            raise SystemExit
        inner(model, *rows)

    monkeypatch.setattr(seating.bulk, "insert", killed_before_the_seats)
    with pytest.raises(SystemExit):
        refill.top_up(cast.project)
    assert not Item.objects.exists()
    monkeypatch.setattr(seating.bulk, "insert", inner)
    refill.top_up(cast.project)
    assert Item.objects.filter(seats__status="open").count() == 2


def test_a_prompt_is_demonstrated_once_whoever_asks(cast: Cast) -> None:
    prompt = make_demonstration(cast.project).prompt
    with pytest.raises(IntegrityError):
        seat_items(cast.project, [NewItem(prompt.pk)])


def test_timers_at_once_choose_nothing_twice(crowd: Any) -> None:
    cast, people = crowd
    shares(cast, 0, 1, 1, stock=8)
    make_version(cast.project, live=True)
    for n in range(12):
        make_prompt(cast.project, f"Question {n}?", split="train")
        settle_item(cast.item(), by=cast.ada)
    Refill.objects.create(project=cast.project, version=cast.project.versions.get(), asked=[], sampling={})
    Refill.objects.update(created_at=timezone.now() - timedelta(minutes=1), heartbeat_at=timezone.now())
    at_once(people[:6], lambda _: refill.top_up(Project.objects.get(pk=cast.project.pk)))
    assert modes()["demonstrate"] == 4
    compared = Item.objects.filter(mode="compare").values_list("other", flat=True)
    assert len(compared) == len(set(compared)) > 0
    assert not Item.objects.filter(seats=None).exists()

"""Settled items, copied by value: which ones, in which words, always in the same order."""

import io
import json
import tracemalloc
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation import exchange, freeze
from annotation.models import Answer, Guideline, Refill, Span, Verdict
from studio import people
from studio.models import Membership, Role, pseudonym
from tests.cast import Cast, make_item, make_version, settle_item
from training.models import SnapshotRow


def frozen(snapshot: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in snapshot.path.read_text().splitlines()]


def test_a_row_says_everything_that_gives_it_meaning(cast: Cast) -> None:
    item = cast.item()
    verdict = settle_item(item, by=cast.ada)
    answer = verdict.answer
    answer.categories.add(cast.category)
    Span.objects.create(answer=answer, start=0, end=6, category=cast.category)
    Span.objects.create(answer=answer, start=11, end=23)
    Answer.objects.filter(pk=answer.pk).update(comment="Both.", guideline=cast.guideline)
    (row,) = frozen(freeze.freeze(cast.project, actor=cast.iris))
    assert row == {
        "uuid": str(item.uuid),
        "prompt": "What are nurses like?",
        "messages": None,
        "completion": "Nurses are caring women.",
        "verdict": "biased",
        "rewrite": "Nurses are people.",
        "categories": ["stereotype"],
        "severity": 2,
        "spans": [
            {"start": 0, "end": 6, "category": "stereotype"},
            {"start": 11, "end": 23, "category": None},
        ],
        "topic": "work",
        "split": "train",
        "annotator": Membership.objects.get(user=cast.ada).pseudonym,
        "guideline": {"topic": "work", "version": 1},
        "model": "imported",
        "settled": "single",
        "comment": "Both.",
    }


def test_only_final_answers_that_say_fine_or_biased_are_frozen(cast: Cast) -> None:
    kept = {str(settle_item(cast.item()).item.uuid), str(settle_item(cast.item(), outcome="fine").item.uuid)}
    settle_item(cast.item(), outcome="cannot_judge")
    fresh = settle_item(cast.item())
    seat = fresh.item.seats.get()
    Answer.objects.filter(pk=fresh.answer_id).update(created_at=timezone.now(), seat=seat)
    cast.item()
    settle_item(make_item(cast.other))
    assert {row["uuid"] for row in frozen(freeze.freeze(cast.project, actor=None))} == kept
    Answer.objects.filter(pk=fresh.answer_id).update(created_at=timezone.now() - timedelta(minutes=1))
    assert freeze.freeze(cast.project, actor=None).rows == 3


def test_rows_are_sorted_by_uuid_and_the_same_rows_give_the_same_snapshot(cast: Cast) -> None:
    for _ in range(5):
        settle_item(cast.item())
    first = freeze.freeze(cast.project, actor=cast.iris)
    assert freeze.freeze(cast.project, actor=cast.max) == first
    names = [row["uuid"] for row in frozen(first)]
    assert names == sorted(names)
    assert [str(row.uuid) for row in SnapshotRow.objects.order_by("position")] == names


def test_a_change_of_the_guideline_does_not_change_what_was_frozen(cast: Cast) -> None:
    verdict = settle_item(cast.item())
    Answer.objects.filter(pk=verdict.answer_id).update(guideline=cast.guideline)
    first = freeze.freeze(cast.project, actor=None)
    Guideline.objects.create(topic=cast.topic, version=2, text="New.")
    assert freeze.freeze(cast.project, actor=None) == first


def test_nothing_settled_is_said_in_a_sentence(cast: Cast) -> None:
    cast.item()
    with pytest.raises(freeze.NothingToFreeze, match="no answer is settled"):
        freeze.freeze(cast.project, actor=None)


def test_a_person_keeps_one_name_that_is_not_theirs_also_when_they_leave_and_come_back(cast: Cast) -> None:
    for _ in range(2):
        settle_item(cast.item(), by=cast.ada)
    ada = Membership.objects.get(user=cast.ada)
    first = freeze.freeze(cast.project, actor=None)
    assert {row["annotator"] for row in frozen(first)} == {ada.pseudonym}
    people.remove_member(ada, actor=cast.max)
    assert freeze.freeze(cast.project, actor=None) == first
    people.add_member(cast.project, "ada", Role.CURATOR, actor=cast.max)
    assert freeze.freeze(cast.project, actor=None) == first


def test_a_name_tells_nothing_outside_its_project(cast: Cast) -> None:
    names = {pseudonym(project.pk, user.pk) for project in (cast.project, cast.other) for user in (cast.ada, cast.bo)}
    assert len(names) == 4
    assert all(name.startswith("p-") and len(name) == 12 for name in names)


def test_statements_and_memory_do_not_grow_with_the_rows(
    cast: Cast, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, size = 1000, 20_000
    judged = {"rewrite": "Better.", "categories": ["stereotype"], "severity": 1, "model": "m"}
    lines = "".join(json.dumps({"prompt": f"{n}?", "completion": "x" * size, **judged}) + "\n" for n in range(rows))
    exchange.import_demonstrations(cast.project, io.BytesIO(lines.encode()), actor=None)
    with django_assert_max_num_queries(20):
        assert freeze.freeze(cast.project, actor=None).rows == rows
    monkeypatch.setattr(freeze, "CHUNK", 10)
    tracemalloc.start()
    assert sum(1 for _ in freeze.rows(cast.project)) == rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < rows * size / 3


def test_handing_over_opens_a_round_on_the_frozen_rows(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_item(cast.item())
    opened: list[Any] = []
    monkeypatch.setattr(freeze.start, "open_round", lambda snapshot, **rest: opened.append((snapshot, rest)))
    freeze.hand_over(cast.project, actor=cast.max, trigger="a test")
    ((snapshot, rest),) = opened
    assert snapshot.rows == 1
    assert rest == {"actor": cast.max, "trigger": "a test"}


def test_a_round_waits_for_answers_that_are_being_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_item(cast.item())
    version = make_version(cast.project, live=True)
    Refill.objects.create(project=cast.project, version=version, asked=[], sampling={})
    monkeypatch.setattr(freeze.start, "open_round", lambda *_, **__: "opened")
    with pytest.raises(freeze.QueueRunsDry):
        freeze.hand_over(cast.project, actor=None)
    cast.item()
    assert freeze.hand_over(cast.project, actor=None) == "opened"


def test_an_agreement_is_frozen_only_when_its_last_answer_is_final(cast: Cast) -> None:
    item = cast.item(overlap=2)
    verdict = settle_item(item)
    late = Answer.objects.create(
        key=uuid4(), item=item, seat=item.seats.first(), annotator=cast.bo, outcome="biased", severity=1
    )
    assert Verdict.objects.count() == 1
    with pytest.raises(freeze.NothingToFreeze):
        freeze.freeze(cast.project, actor=None)
    Answer.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    assert freeze.freeze(cast.project, actor=None).rows == 1
    assert verdict.item == item

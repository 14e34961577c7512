"""Settled items, copied by value: which ones, in which words, always in the same order."""

import io
import json
import threading
import tracemalloc
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from annotation import exchange, freeze, settle
from annotation.browse.bulk import bulk_actions
from annotation.claim import claim
from annotation.models import Answer, Collection, Generation, Guideline, Item, Refill, Seat, Span, Verdict
from annotation.queue.correct import correct
from annotation.queue.shapes import Said
from annotation.submit import submit
from studio import people
from studio.models import Membership, Role, pseudonym
from tests.cast import Cast, make_comparison, make_demonstration, make_item, make_version, settle_item
from training.models import Snapshot, SnapshotRow


def frozen(snapshot: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in snapshot.path.read_text().splitlines()]


def test_a_row_says_everything_that_gives_it_meaning(cast: Cast) -> None:
    item = cast.item()
    verdict = settle_item(item, by=cast.ada)
    answer = verdict.answer
    answer.categories.add(cast.category)
    Span.objects.create(answer=answer, start=0, end=6, category=cast.category)
    Span.objects.create(answer=answer, start=11, end=23)
    Answer.objects.filter(pk=answer.pk).update(comment="Both.", guideline=cast.guideline, reasons=["respect"])
    (row,) = frozen(freeze.freeze(cast.project, actor=cast.iris))
    assert row == {
        "uuid": str(item.uuid),
        "mode": "review",
        "prompt": "What are nurses like?",
        "messages": None,
        "completion": "Nurses are caring women.",
        "other": None,
        "verdict": "biased",
        "rewrite": "Nurses are people.",
        "reasons": ["respect"],
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
        "other_model": None,
        "settled": "single",
        "comment": "Both.",
        "judgements": [],
        "soft": {"n": 0, "outcomes": {}, "severity": {}, "categories": {}},
    }


def answered(cast: Cast, item: Item, *said: tuple[Any, Said]) -> None:
    """People answer, one after the other, and long enough ago."""
    for person, words in said:
        (seat,) = (one for one in claim(cast.project, person, want=3) if one.item_id == item.pk)
        submit(cast.project, person, seat.pk, words, key=uuid4())
    Answer.objects.update(created_at=timezone.now() - timedelta(minutes=5))


def names(cast: Cast, *people: Any) -> list[str]:
    return [pseudonym(cast.project.pk, person.pk) for person in people]


def test_every_readers_view_is_frozen_beside_the_verdict(cast: Cast) -> None:
    item = cast.item(overlap=2)
    bad = Said("biased", categories=(cast.category.pk,), severity=3, rewrite="People.")
    answered(cast, item, (cast.ada, bad), (cast.bo, Said("fine")))
    settle.settle(item, answer=item.answers.get(annotator=cast.ada), actor=cast.iris)
    Seat.objects.create(
        project=cast.project, item=item, position=2, purpose="gold", holder=cast.max, lease_ends_at=timezone.now()
    )  # what is said of gold is no view of the item's readers
    answered(cast, item, (cast.max, Said("cannot_judge")))
    (row,) = frozen(freeze.freeze(cast.project, actor=cast.iris))
    assert (row["verdict"], row["settled"]) == ("biased", "adjudication")
    ada, bo = names(cast, cast.ada, cast.bo)
    judged = {
        ada: {"annotator": ada, "outcome": "biased", "severity": 3, "categories": ["stereotype"]},
        bo: {"annotator": bo, "outcome": "fine", "severity": None, "categories": []},
    }
    assert row["judgements"] == [judged[name] for name in sorted(judged)]
    shares = {"outcomes": {"biased": 0.5, "fine": 0.5}, "severity": {"3": 1.0}, "categories": {"stereotype": 0.5}}
    assert row["soft"] == {"n": 2, **shares}


@pytest.mark.parametrize(
    ("outcome", "rewrite", "expected"),
    [
        ("first", "", ("preferred", "B", "A", "A", "other")),
        ("second", "", ("preferred", "A", "B", "B", "other")),
        ("first", "A!", ("preferred", "B", "A", "A!", "other")),
        ("second", "B!", ("preferred", "A", "B", "B!", "other")),
        ("tie", "", ("tie", "A", "B", None, "tie")),
        ("both_bad", "", ("both_bad", "A", "B", None, "both_bad")),
    ],
)
def test_of_a_comparison_the_worse_answer_is_the_completion(
    cast: Cast, outcome: str, rewrite: str, expected: Any
) -> None:
    item = make_comparison(cast.project, text="A", other="B")
    Generation.objects.filter(text="A").update(model_name="a")
    Generation.objects.filter(text="B").update(model_name="b")
    answer = settle_item(item, outcome=outcome, by=cast.ada).answer
    Answer.objects.filter(pk=answer.pk).update(rewrite=rewrite, seat=item.seats.get())
    (row,) = frozen(freeze.freeze(cast.project, actor=None))
    keys = ("verdict", "completion", "other", "rewrite")
    assert (*(row[key] for key in keys), row["judgements"][0]["outcome"]) == expected
    assert (row["mode"], row["model"], row["other_model"]) == (
        "compare",
        row["completion"].lower(),
        row["other"].lower(),
    )
    assert row["soft"]["outcomes"] == {expected[-1]: 1.0}


def test_who_preferred_the_other_one_is_kept_too(cast: Cast) -> None:
    item = make_comparison(cast.project, text="A", other="B", overlap=2)
    for person, outcome in ((cast.ada, "first"), (cast.bo, "second")):
        answered(cast, item, (person, Said(outcome)))
    settle.settle(item, answer=item.answers.get(outcome="first"), actor=cast.iris)
    (row,) = frozen(freeze.freeze(cast.project, actor=None))
    said = {one["annotator"]: row[one["outcome"]] for one in row["judgements"]}
    assert said == dict(zip(names(cast, cast.ada, cast.bo), "AB", strict=True))


def test_a_demonstration_has_no_completion_and_is_its_rewrite(cast: Cast) -> None:
    item = make_demonstration(cast.project, topic=cast.topic)
    answered(cast, item, (cast.ada, Said("demonstrated", rewrite="Ask them.")))
    (row,) = frozen(freeze.freeze(cast.project, actor=None))
    assert (row["mode"], row["verdict"], row["completion"], row["rewrite"]) == (
        "demonstrate", "demonstrated", "", "Ask them.",
    )  # fmt: skip
    assert (row["model"], row["topic"], row["judgements"][0]["outcome"]) == ("", "work", "demonstrated")
    assert freeze.freeze(cast.project, actor=None).demonstrations == 1


def test_a_collection_is_frozen_by_itself(cast: Cast) -> None:
    chosen, _ = settle_item(cast.item()), settle_item(cast.item())
    hand = Collection.objects.create(project=cast.project, name="By hand")
    hand.items.add(chosen.item)
    assert [row["uuid"] for row in freeze.rows(cast.project, hand)] == [str(chosen.item.uuid)]
    assert freeze.freeze(cast.project, actor=cast.iris, collection=hand).rows == 1


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
    with django_assert_max_num_queries(21):
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


def test_what_is_said_where_the_answer_is_known_does_not_hide_the_item_from_a_freeze(cast: Cast) -> None:
    item = cast.item()
    settle_item(item)
    extra = Seat.objects.create(
        project=cast.project, item=item, position=1, purpose=Seat.Purpose.GOLD, status=Seat.Status.ANSWERED,
        holder=cast.bo, lease_ends_at=timezone.now(),
    )  # fmt: skip
    Answer.objects.create(key=uuid4(), item=item, seat=extra, annotator=cast.bo, outcome="fine")
    assert freeze.freeze(cast.project, actor=None).rows == 1


def test_what_is_put_back_in_the_queue_while_it_is_read_is_not_frozen(cast: Cast, monkeypatch: Any) -> None:
    stays, goes = cast.item(), cast.item()
    for item in (stays, goes):
        settle_item(item)
    real, read = freeze.rows, list[int]()

    def meanwhile(*asked: Any) -> Any:
        yield from real(*asked)
        if not read:
            bulk_actions.act(cast.project, "requeue", [goes.pk], actor=cast.iris)
        read.append(1)

    monkeypatch.setattr(freeze, "rows", meanwhile)
    snapshot = freeze.freeze(cast.project, actor=cast.iris)
    assert (len(read), SnapshotRow.objects.count()) == (2, 1)
    assert [one["uuid"] for one in frozen(snapshot)] == [str(stays.uuid)]
    assert Snapshot.objects.get() == snapshot
    assert list(snapshot.path.parent.iterdir()) == [snapshot.path]  # the first try leaves none


def test_what_is_corrected_while_it_is_read_is_not_frozen_as_it_was(cast: Cast, monkeypatch: Any) -> None:
    settle_item(stays := cast.item())
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    answer = submit(cast.project, cast.ada, seat.pk, Said("fine"), key=uuid4())
    Answer.objects.filter(pk=answer.pk).update(created_at=timezone.now() - timedelta(hours=1))
    real, read = freeze.rows, list[int]()

    def meanwhile(*asked: Any) -> Any:
        yield from real(*asked)
        if not read:
            correct(cast.project, cast.ada, answer.key, Said("cannot_judge"), new_key=uuid4())
        read.append(1)

    monkeypatch.setattr(freeze, "rows", meanwhile)
    snapshot = freeze.freeze(cast.project, actor=cast.iris)
    assert [one["uuid"] for one in frozen(snapshot)] == [str(stays.uuid)]  # the new one can still be taken back


@pytest.mark.django_db(transaction=True)
def test_putting_back_waits_for_a_freeze_that_is_nearly_done_and_then_finds_the_item_frozen(
    transactional_db: Any, monkeypatch: Any
) -> None:
    cast = Cast()
    item = cast.item()
    settle_item(item)
    real, done = freeze.refuse_what_changed, list[int]()

    def put_back() -> None:
        try:
            done.append(bulk_actions.act(cast.project, "requeue", [item.pk], actor=cast.iris).count)
        finally:
            connection.close()

    other = threading.Thread(target=put_back)

    def meanwhile(snapshot: Snapshot, newest: int) -> None:
        real(snapshot, newest)
        other.start()
        other.join(0.5)
        assert other.is_alive()  # it waits for us

    monkeypatch.setattr(freeze, "refuse_what_changed", meanwhile)
    freeze.freeze(cast.project, actor=cast.iris)
    other.join()
    assert done == [0]
    assert Verdict.objects.filter(item=item).exists()

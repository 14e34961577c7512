"""Every judgement goes out: of which items, in which words, marked as what."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation import freeze, settle
from annotation.measures import export_judgements
from annotation.models import Answer, Item, Seat, Span
from studio.models import AuditEntry, pseudonym
from tests.annotation.readings import bare_item, read
from tests.cast import Cast, make_comparison
from training.start import code_version

PAGE = "/p/peoples/agreement/judgements/"
LONG_AGO = timedelta(minutes=5)


def told(cast: Cast, item: Item, said: dict[Any, str], **fields: Any) -> list[Answer]:
    return read(item, said, created_at=timezone.now() - LONG_AGO, **fields)


def lines(cast: Cast) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Rows by uuid, and the manifest."""
    *rows, last = (json.loads(line) for line in b"".join(export_judgements.as_lines(cast.project)).splitlines())
    assert [row["uuid"] for row in rows] == sorted(row["uuid"] for row in rows)
    return {row["uuid"]: row for row in rows}, last["manifest"]


def test_disputed_and_unfinished_items_are_there_with_every_word_and_a_soft_label(cast: Cast):
    disputed = bare_item(cast)
    one, _ = told(cast, disputed, {cast.ada: "biased", cast.bo: "fine"}, guideline=cast.guideline)
    one.categories.add(cast.category)
    Span.objects.create(answer=one, start=0, end=6, category=cast.category)
    unfinished = cast.item(overlap=2)
    seat = unfinished.seats.get(position=1)  # the other one stays open
    Seat.objects.filter(pk=seat.pk).delete()
    told(cast, unfinished, {cast.ada: "cannot_judge"})
    cast.item()  # nobody answered it
    rows, manifest = lines(cast)
    assert {uuid: row["state"] for uuid, row in rows.items()} == {
        str(disputed.uuid): "disputed",
        str(unfinished.uuid): "unfinished",
    }
    row = rows[str(disputed.uuid)]
    ada, bo = (pseudonym(cast.project.pk, person.pk) for person in (cast.ada, cast.bo))
    by_whom = {said["annotator"]: said for said in row["judgements"]}
    assert set(by_whom) == {ada, bo}
    assert by_whom[ada] == {
        "annotator": ada,
        "purpose": "work",
        "outcome": "biased",
        "severity": 2,
        "categories": ["stereotype"],
        "spans": [{"start": 0, "end": 6, "category": "stereotype"}],
        "rewrite": "People differ.",
        "guideline": {"topic": "work", "version": 1},
    }
    assert row["soft"] == {
        "n": 2,
        "outcomes": {"biased": 0.5, "fine": 0.5},
        "severity": {"2": 1.0},
        "categories": {"stereotype": 0.5},
    }
    assert (row["verdict"], row["settled"]) == (None, None)
    assert (row["prompt"], row["completion"]) == (disputed.prompt.text, disputed.text)
    assert manifest["project"] == "peoples"
    assert manifest["code_version"] == code_version()
    assert (manifest["items"], manifest["judgements"]) == (2, 3)
    assert manifest["items_by_state"] == {"settled": 0, "disputed": 1, "unfinished": 1}


def test_gold_is_marked_and_weighs_nothing_and_what_is_undone_or_can_be_is_left_out(cast: Cast):
    item = bare_item(cast)
    told(cast, item, {cast.ada: "fine"})
    told(cast, item, {cast.bo: "biased"}, purpose="gold")
    told(cast, item, {cast.max: "biased"}, purpose="onboarding")
    told(cast, item, {cast.iris: "biased"}, undone_at=timezone.now())
    read(bare_item(cast), {cast.ada: "fine"})  # a moment ago
    rows, manifest = lines(cast)
    (row,) = rows.values()
    assert sorted(said["purpose"] for said in row["judgements"]) == ["gold", "onboarding", "work"]
    assert row["soft"]["outcomes"] == {"fine": 1.0}
    assert manifest["judgements_by_purpose"] == {"work": 1, "gold": 1, "onboarding": 1}


def test_of_a_settled_item_it_says_what_its_snapshot_says(cast: Cast):
    item = bare_item(cast)
    told(cast, item, {cast.ada: "biased", cast.bo: "fine"})
    settle.settle(item, answer=item.answers.get(annotator=cast.bo), actor=cast.iris)
    rows, _ = lines(cast)
    (frozen,) = freeze.rows(cast.project)
    row = rows[str(item.uuid)]
    assert (row["state"], row["verdict"], row["settled"]) == ("settled", "fine", "adjudication")
    assert row["soft"] == frozen["soft"]
    assert [{key: said[key] for key in frozen["judgements"][0]} for said in row["judgements"]] == frozen["judgements"]


def test_a_comparison_names_the_better_answer_by_its_field(cast: Cast):
    item = make_comparison(cast.project)
    item.seats.all().delete()
    told(cast, item, {cast.ada: "first", cast.bo: "second"})
    (row,) = lines(cast)[0].values()
    assert {said["outcome"] for said in row["judgements"]} == {"completion", "other"}
    assert row["soft"]["outcomes"] == {"completion": 0.5, "other": 0.5}


def test_the_table_has_a_row_for_each_judgement_and_runs_nothing(cast: Cast, client):
    item = bare_item(cast, text="=1+1")
    told(cast, item, {cast.ada: "biased", cast.bo: "fine"})
    client.force_login(cast.max)
    answer = client.get(f"{PAGE}csv/")
    assert "attachment" in answer["Content-Disposition"]
    *rows, last = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert [row["completion"] for row in rows] == ["'=1+1"] * 2
    assert sorted(row["outcome"] for row in rows) == ["biased", "fine"]
    assert json.loads(rows[0]["soft"])["n"] == 2
    assert last["uuid"] == "manifest"
    assert json.loads(last["mode"])["judgements"] == 2
    assert "Ada" not in answer.getvalue().decode()


def test_it_is_streamed_in_chunks_and_written_down(cast: Cast, client, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(export_judgements, "CHUNK", 2)
    for _ in range(5):
        told(cast, bare_item(cast), {cast.ada: "fine", cast.bo: "biased"})
    pieces = list(export_judgements.as_lines(cast.project))
    assert [piece.count(b"\n") for piece in pieces] == [2, 2, 1, 1]
    monkeypatch.setattr(export_judgements, "CHUNK", 200)
    with django_assert_max_num_queries(9):
        list(export_judgements.as_lines(cast.project))
    client.force_login(cast.max)
    assert client.get(f"{PAGE}jsonl/").streaming
    assert AuditEntry.objects.filter(verb="exported all judgements", actor=cast.max).exists()


@pytest.mark.parametrize("form", export_judgements.FORMATS)
def test_admins_may_have_it_curators_and_annotators_may_not_and_strangers_find_nothing(cast: Cast, client, form: str):
    for person, status in ((cast.max, 200), (cast.iris, 403), (cast.ada, 403), (cast.eve, 404)):
        client.force_login(person)
        assert client.get(f"{PAGE}{form}/").status_code == status
    client.force_login(cast.max)
    assert client.get(f"{PAGE}exe/").status_code == 404
    assert f'href="{PAGE}{form}/"' in client.get("/p/peoples/agreement/").content.decode()

"""The snapshot pages: who may see what, what they show, and what leaves the studio."""

import hashlib
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from studio.models import AuditEntry
from tests.cast import Cast, make_round, make_snapshot, make_version, row
from training import store_snapshot
from training.models import Snapshot, State

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def snapshot(cast: Cast) -> Snapshot:
    rows = [row(1), row(2, topic=HOSTILE, annotator="p-2"), row(3, rewrite=None, verdict="fine", severity=None)]
    return store_snapshot.store(cast.project, rows, actor=cast.iris)


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"training:{name}", args=[cast.project.slug, *args])


def addresses(cast: Cast, snapshot: Snapshot) -> dict[str, str]:
    return {
        "snapshots": url(cast, "snapshots"),
        "snapshot": url(cast, "snapshot", snapshot.digest),
        "export": url(cast, "snapshot-export", snapshot.digest, "sft"),
        "manifest": url(cast, "snapshot-manifest", snapshot.digest, "sft"),
    }


@pytest.mark.parametrize("page", ["snapshots", "snapshot", "export", "manifest"])
@pytest.mark.parametrize("person", ["ada", "iris", "max", "eve", None])
def test_snapshots_are_for_curators(
    client: Client, cast: Cast, snapshot: Snapshot, page: str, person: str | None
) -> None:
    if person:
        client.force_login(getattr(cast, person))
    expected = {"ada": 403, "iris": 200, "max": 200, "eve": 404, None: 302}[person]
    assert client.get(addresses(cast, snapshot)[page]).status_code == expected


@pytest.mark.parametrize("page", ["snapshot", "export", "manifest"])
def test_a_snapshot_of_another_project_does_not_exist_here(
    client: Client, cast: Cast, snapshot: Snapshot, page: str
) -> None:
    client.force_login(cast.max)
    other = make_snapshot(cast.other)
    assert client.get(addresses(cast, other)[page]).status_code == 404


def test_the_page_shows_composition_rounds_and_who_may_do_what(client: Client, cast: Cast, snapshot: Snapshot) -> None:
    round = make_round(cast.project, snapshot=snapshot, state=State.PASSED)
    make_version(cast.project, 1, round=round)
    seen = {}
    for person in ("iris", "max"):
        client.force_login(getattr(cast, person))
        seen[person] = client.get(addresses(cast, snapshot)["snapshot"]).content.decode()
    for html in seen.values():
        assert "p-2" in html
        assert '<th scope="row">Stereotype</th>' in html
        assert '<th scope="row">Work</th>' in html
        assert "66.7 %" in html
        assert f"Round {round.number}" in html
        assert "made v1" in html
        assert "<script>alert" not in html
        assert "They are all lazy" not in html
    assert "Download Parquet" in seen["iris"]
    assert "Open a round" not in seen["iris"]
    assert url(cast, "round-open", snapshot.digest) in seen["max"]


@pytest.mark.parametrize("name", ["sft", "messages", "dpo", "kto", "jsonl", "parquet"])
def test_what_is_downloaded_is_what_the_manifest_says(
    client: Client, cast: Cast, snapshot: Snapshot, name: str
) -> None:
    client.force_login(cast.iris)
    reply = client.get(url(cast, "snapshot-export", snapshot.digest, name))
    content = b"".join(reply.streaming_content)
    manifest = json.loads(client.get(url(cast, "snapshot-manifest", snapshot.digest, name)).content)
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
    assert len(content) == manifest["bytes"]
    assert manifest["file"] in reply["Content-Disposition"]
    assert reply["Content-Disposition"].startswith("attachment")
    assert AuditEntry.objects.filter(verb="exported", actor=cast.iris, data__format=name).count() == 1


@pytest.mark.parametrize("page", ["snapshot-export", "snapshot-manifest"])
def test_a_format_that_is_none_is_not_found(client: Client, cast: Cast, snapshot: Snapshot, page: str) -> None:
    client.force_login(cast.iris)
    assert client.get(url(cast, page, snapshot.digest, "xlsx")).status_code == 404


@pytest.mark.parametrize("page", ["snapshot-export", "snapshot-manifest"])
def test_a_file_that_is_gone_is_said_on_the_page(client: Client, cast: Cast, snapshot: Snapshot, page: str) -> None:
    client.force_login(cast.iris)
    snapshot.path.unlink()
    reply = client.get(url(cast, page, snapshot.digest, "sft"), follow=True)
    assert "not on the disk" in reply.content.decode()


def test_the_list_costs_the_same_for_one_snapshot_as_for_many(
    client: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for n in range(5):
        make_round(cast.project, snapshot=make_snapshot(cast.project, [row(n)]), state=State.FAILED)
    client.force_login(cast.iris)
    with django_assert_max_num_queries(9):
        assert len(client.get(url(cast, "snapshots")).context["page"]) == 5

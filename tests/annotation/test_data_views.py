"""The data, item, import, freeze and guideline pages: who may, what they show, what they refuse."""

import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import exchange, receive, tasks
from annotation import freeze as freezing
from annotation.browse import items
from annotation.claim import claim
from annotation.models import Item, Prompt, Refill, Seat, Upload
from studio.models import AuditEntry
from tests.cast import Cast, make_item, make_round, make_version, settle_item
from training.models import Snapshot

HOSTILE = "<script>alert('x')</script>"


def url(cast: Cast, name: str, *args: Any) -> str:
    return reverse(f"annotation:{name}", args=[cast.project.slug, *args])


def file(*rows: Any, name: str = "rows.jsonl") -> SimpleUploadedFile:
    content = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    return SimpleUploadedFile(name, content.encode())


def upload(cast: Cast, client: Client, content: Any, **fields: Any) -> Any:
    return client.post(
        url(cast, "import"), {"what": "prompts", "on_bad": "skip", "file": content, **fields}, follow=True
    )


@pytest.fixture
def iris(client: Client, cast: Cast) -> Client:
    cache.clear()
    client.force_login(cast.iris)
    return client


def doors(cast: Cast) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, address, data) of every door that only a curator may open."""
    return [
        ("get", url(cast, "data"), {}),
        ("get", url(cast, "item", cast.item().uuid), {}),
        ("post", url(cast, "import"), {"what": "prompts", "on_bad": "skip", "file": file({"prompt": "a"})}),
        ("post", url(cast, "freeze"), {}),
        ("post", url(cast, "guidelines"), {"name": "Health"}),
    ]


@pytest.mark.parametrize("door", range(5))
@pytest.mark.parametrize(("person", "status"), [("iris", (200, 302)), ("max", (200, 302)), ("ada", 403), ("eve", 404)])
def test_curators_and_admins_may_and_others_may_not(
    client: Client, cast: Cast, door: int, person: str, status: Any
) -> None:
    client.force_login(getattr(cast, person))
    method, address, data = doors(cast)[door]
    found = getattr(client, method)(address, data).status_code
    assert found in status if isinstance(status, tuple) else found == status


@pytest.mark.parametrize("door", range(5))
def test_a_stranger_is_asked_to_log_in(client: Client, cast: Cast, door: int) -> None:
    method, address, data = doors(cast)[door]
    reply = getattr(client, method)(address, data)
    assert reply.status_code == 302
    assert reply.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["import", "freeze", "guidelines"])
def test_nothing_is_changed_without_the_token(cast: Cast, name: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.iris)
    assert strict.post(url(cast, name), {"name": "x"}).status_code == 403


def test_what_changes_something_is_not_a_link(iris: Client, cast: Cast) -> None:
    assert iris.get(url(cast, "freeze")).status_code == 405
    # a refused form stays at its address, where somebody may press Enter or reload
    assert iris.get(url(cast, "import")).url == url(cast, "stock")
    assert iris.get(url(cast, "terms-import")).url == url(cast, "terms")


def test_an_item_of_another_project_does_not_exist_here(iris: Client, cast: Cast) -> None:
    assert iris.get(url(cast, "item", make_item(cast.other).uuid)).status_code == 404


def test_the_data_page_counts_by_state_and_lists_the_newest_first(iris: Client, cast: Cast) -> None:
    unread, reading, disputed, settled, replaced = (cast.item(text=f"Answer {n}") for n in range(5))
    claim(cast.project, cast.ada, want=1)
    unread, reading = reading, unread  # the oldest is the one that is held
    for person, position in ((cast.ada, 0), (cast.bo, 1)):
        seat, _ = Seat.objects.get_or_create(project=cast.project, item=disputed, position=position)
        Seat.objects.filter(pk=seat.pk).update(status="answered", holder=person, lease_ends_at=timezone.now())
    settle_item(settled)
    replaced.seats.update(status="retired")
    make_item(cast.other)
    shown = iris.get(url(cast, "stock"))
    assert [count for *_, count in shown.context["states"]] == 5 * [None]
    assert f'hx-get="{url(cast, "stock")}?count=1"' in shown.content.decode()
    counts = iris.get(url(cast, "stock"), {"count": 1}).context["states"]
    assert {name: count for name, _, _, count in counts} == dict.fromkeys(items.STATES, 1)
    listed = iris.get(url(cast, "data")).context["page"].items
    assert listed == [replaced, settled, disputed, unread, reading]
    assert [item.state for item in listed] == ["replaced", "settled", "disputed", "unread", "reading"]
    for state, item in zip(items.STATES, [unread, reading, disputed, settled, replaced], strict=True):
        assert iris.get(url(cast, "data"), {"state": state}).context["page"].items == [item]


def test_a_lease_that_ran_out_is_unread_again(iris: Client, cast: Cast) -> None:
    item = cast.item()
    item.seats.update(holder=cast.ada, lease_ends_at=timezone.now() - timedelta(seconds=1))
    (listed,) = iris.get(url(cast, "data"), {"state": "unread"}).context["page"].items
    assert (listed, listed.state) == (item, "unread")


def test_counting_stops_where_more_would_say_nothing(iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "ENOUGH", 2)
    for _ in range(3):
        cast.item()
    assert "2+" in iris.get(url(cast, "stock"), {"count": 1}).content.decode()
    assert "more than 2 items" in iris.get(url(cast, "data"), {"count": "1"}).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "failed", "error": "The model cannot be loaded."}, "The last batch of answers failed: The model"),
        ({"state": "done", "error": "1 of 8 prompts got no answer: too long"}, "1 of 8 prompts got no answer"),
        ({"state": "waiting", "created_at": timedelta(seconds=-30)}, "No worker has picked up the request"),
        ({"state": "writing"}, "v0 writes 1 answers"),
        ({"state": "done"}, "v0 has answered every prompt"),
    ],
)
def test_what_the_machine_does_or_cannot_do_is_said(
    iris: Client, cast: Cast, fields: dict[str, Any], sentence: str
) -> None:
    refill = Refill.objects.create(
        project=cast.project, version=make_version(cast.project, live=True), asked=[[1, 2]], sampling={}
    )
    cast.item(version=refill.version)  # the one prompt, and it is answered
    for name in ("created_at", "finished_at"):
        fields = {**fields, name: timezone.now() + fields.get(name, timedelta())}
    Refill.objects.filter(pk=refill.pk).update(**fields)
    assert sentence in iris.get(url(cast, "stock")).content.decode()


def test_a_policy_that_was_refused_says_so(iris: Client, cast: Cast) -> None:
    cache.set(f"policy-refusal-{cast.project.pk}", "The base model cannot be found.", 60)
    assert "could not open a round: The base model" in iris.get(url(cast, "stock")).content.decode()


def test_markup_in_prompts_and_answers_is_shown_and_never_run(iris: Client, cast: Cast) -> None:
    item = cast.item(prompt=HOSTILE, text=HOSTILE)
    Prompt.objects.update(metadata={"items": HOSTILE, HOSTILE: 1}, external_id=HOSTILE)
    for address in (url(cast, "data"), url(cast, "item", item.uuid)):
        html = iris.get(address).content.decode()
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html


def test_an_items_page_tells_its_whole_way(iris: Client, cast: Cast) -> None:
    version = make_version(cast.project, live=True)
    item = cast.item(version=version)
    settle_item(item, by=cast.ada)
    snapshot = freezing.freeze(cast.project, actor=cast.iris)
    round = make_round(cast.project, snapshot=snapshot, state="passed")
    reply = iris.get(url(cast, "item", item.uuid))
    html = reply.content.decode()
    assert reply.context["state"] == "settled"
    for part in ("What are nurses like?", "Nurses are caring women.", "v0", "ada", "Nurses", str(snapshot)):
        assert part in html
    assert f"Round {round.number}" in html
    assert f"Row 0 of snapshot" in html  # noqa: F541


def test_readers_have_no_names_before_a_verdict_stands(iris: Client, cast: Cast) -> None:
    item = cast.item(overlap=2)
    settle_item(item, by=cast.ada).delete()
    html = iris.get(url(cast, "item", item.uuid)).content.decode()
    assert "Came with the import" in html
    assert ">ada" not in html


@pytest.mark.parametrize(
    ("how", "by", "says"),
    [
        ("adjudication", "iris", ("iris", "Curator")),
        ("seed", "iris", ("Came with the import of iris", "Came with the import")),
        ("seed", None, ("Came with the import", "Came with the import")),
    ],
)
def test_what_was_imported_is_not_taken_for_a_curators(
    iris: Client, cast: Cast, how: str, by: str | None, says: tuple[str, str]
) -> None:
    verdict = settle_item(cast.item(), by=getattr(cast, by) if by else None)
    type(verdict).objects.update(how=how)
    for name, reader in zip(("item", "item-settle"), says, strict=True):
        (reading,) = iris.get(url(cast, name, verdict.item.uuid)).context["readings"]
        assert reading["reader"] == reader


def test_an_items_page_costs_the_same_however_much_was_said(
    iris: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    item = cast.item()
    settle_item(item, by=cast.ada)
    with django_assert_max_num_queries(24):
        iris.get(url(cast, "item", item.uuid))


class TestImport:
    def test_the_report_names_the_bad_lines_and_keeps_the_good(self, iris: Client, cast: Cast) -> None:
        reply = upload(cast, iris, file({"prompt": "a"}, "{", {"prompt": 3}, {"prompt": "b"}))
        report = reply.context["report"]
        assert (reply.status_code, report["added"], report["bad_count"]) == (200, 2, 2)
        assert reply.redirect_chain == [(url(cast, "upload", Upload.objects.get().pk), 302)]  # the report lasts
        assert "not valid JSON" in reply.content.decode()
        assert Prompt.objects.count() == 2

    def test_nothing_is_kept_when_so_chosen(self, iris: Client, cast: Cast) -> None:
        reply = upload(cast, iris, file({"prompt": "a"}, "{"), on_bad="abort")
        assert "Nothing was kept" in reply.content.decode()
        assert not Prompt.objects.exists()

    def test_csv_answers_become_items(self, iris: Client, cast: Cast) -> None:
        content = SimpleUploadedFile("A.CSV", b"prompt,completion,model\nWhy?,Because.,gpt\n")
        assert upload(cast, iris, content, what="answers").context["report"]["added"] == 1
        assert Item.objects.unread().count() == Seat.objects.count() == 1

    def test_demonstrations_come_in_settled_in_the_persons_name(self, iris: Client, cast: Cast) -> None:
        row = {"prompt": "a", "completion": "b", "rewrite": "c", "categories": ["stereotype"], "severity": 1}
        upload(cast, iris, file(row), what="demonstrations")
        assert Item.objects.settled().get().verdict.decided_by == cast.iris

    def test_a_report_that_no_database_could_keep_is_a_report_all_the_same(self, iris: Client, cast: Cast) -> None:
        row = {"prompt": "a", "completion": "b", "rewrite": "c", "categories": ["\0"], "severity": 1}
        reply = upload(cast, iris, file(row), what="demonstrations")
        assert "contains a NUL character" in reply.content.decode()

    def test_a_file_kept_on_the_disk_is_read_too(self, iris: Client, cast: Cast, settings: Any) -> None:
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
        assert upload(cast, iris, file({"prompt": "a" * 100}), on_bad="abort").context["report"]["added"] == 1

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"what": "everything"}, "not one of the available"),
            ({"file": ""}, "required"),
            ({"on_bad": ""}, "required"),
        ],
    )
    def test_a_form_filled_in_wrongly_is_shown_again(
        self, iris: Client, cast: Cast, fields: dict[str, str], sentence: str
    ) -> None:
        reply = upload(cast, iris, fields.pop("file", file({"prompt": "a"})), **fields)
        assert reply.status_code == 400
        assert sentence in reply.content.decode()

    def test_a_file_beyond_the_bound_is_refused(self, iris: Client, cast: Cast, settings: Any) -> None:
        settings.UPLOAD_MAX_BYTES = 2**20
        reply = upload(cast, iris, SimpleUploadedFile("a.jsonl", b"x" * (2**20 + 1)))
        assert "larger than 1 MB" in reply.content.decode()

    def test_a_body_far_beyond_the_bound_is_not_even_read(self, iris: Client, cast: Cast, settings: Any) -> None:
        settings.UPLOAD_MAX_BYTES = 1000
        assert upload(cast, iris, SimpleUploadedFile("a.jsonl", b"x" * 100_000)).status_code in (400, 413)

    def test_markup_in_a_file_is_shown_in_the_report_and_never_run(self, iris: Client, cast: Cast) -> None:
        rows = [{"prompt": "a", "external_id": HOSTILE}] * 2
        html = upload(cast, iris, file(*rows, name=f"{HOSTILE}.jsonl".replace("/", ""))).content.decode()
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html

    def test_the_commands_call_the_same_verbs(self, cast: Cast, tmp_path: Any) -> None:
        path = tmp_path / "rows.csv"
        path.write_text("prompt,completion,model\na,b,m\n,,\n")
        out, err = io.StringIO(), io.StringIO()
        call_command("import_prompts", cast.project.slug, str(path), stdout=out, stderr=err)
        call_command("import_answers", cast.project.slug, str(path), stdout=out, stderr=err)
        assert out.getvalue() == "1 added, 0 there already, 1 bad\n" * 2
        assert "line 3: prompt: missing" in err.getvalue()

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["nowhere", "rows.csv"], "no project"),
            (["peoples", "rows.csv"], "cannot be read"),
            (["peoples", "{}", "--all-or-nothing"], "Nothing was kept: 1 bad"),
        ],
    )
    def test_the_commands_refuse_in_a_sentence(
        self, cast: Cast, tmp_path: Any, arguments: list[str], sentence: str
    ) -> None:
        path = tmp_path / "bad.jsonl"
        path.write_text("{\n")
        with pytest.raises(CommandError, match=sentence):
            call_command("import_prompts", *[argument.format(path) for argument in arguments], stderr=io.StringIO())


class TestALargeFile:
    """Beyond receive.SMALL a worker reads it; the page shows how far it is."""

    @pytest.fixture(autouse=True)
    def everything_is_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(receive, "SMALL", 10)

    @pytest.fixture
    def kept(self, iris: Client, cast: Cast) -> Upload:
        rows = [{"prompt": f"Question {n}?"} for n in range(3)]
        reply = upload(cast, iris, file(*rows, "{", name=f"{HOSTILE}.csv.jsonl".replace("/", "")))
        found = Upload.objects.get()
        assert reply.redirect_chain[-1][0] == url(cast, "upload", found.pk)
        return found

    def test_it_waits_on_the_disk_and_is_read_by_a_worker(self, iris: Client, cast: Cast, kept: Upload) -> None:
        assert kept.path.stat().st_size == kept.size > 0
        page = iris.get(url(cast, "upload", kept.pk)).content.decode()
        assert "hx-get" in page
        assert "Importing" in page
        assert not Prompt.objects.exists()
        tasks.read_upload(kept.pk)
        kept.refresh_from_db()
        assert (kept.state, kept.report["added"], kept.report["bad_count"]) == ("done", 3, 1)
        assert not kept.path.exists()
        html = iris.get(url(cast, "upload", kept.pk)).content.decode()
        assert "not valid JSON" in html
        assert "hx-get" not in html
        assert "<script>alert" not in html
        assert AuditEntry.objects.filter(verb="imported prompts", actor=cast.iris).exists()

    def test_the_fragment_polls_until_it_ends_and_then_asks_for_the_page(
        self, iris: Client, cast: Cast, kept: Upload
    ) -> None:
        address, htmx = url(cast, "upload", kept.pk), {"HTTP_HX_REQUEST": "true"}
        reply = iris.get(address, **htmx)
        assert reply.content.decode().count("<html") == 0
        assert "HX-Refresh" not in reply
        tasks.read_upload(kept.pk)
        assert iris.get(address, **htmx)["HX-Refresh"] == "true"

    def test_a_second_delivery_reads_nothing(self, cast: Cast, kept: Upload) -> None:
        tasks.read_upload(kept.pk)
        tasks.read_upload(kept.pk)
        kept.refresh_from_db()
        assert kept.report["added"] == 3
        assert AuditEntry.objects.filter(verb="imported prompts").count() == 1

    def test_two_workers_do_not_read_at_once(self, cast: Cast, kept: Upload) -> None:
        assert Upload.objects.take(kept.pk) is not None
        tasks.read_upload(kept.pk)
        assert not Prompt.objects.exists()

    def test_a_lost_worker_is_noticed_and_the_file_read_again(self, cast: Cast, kept: Upload) -> None:
        assert receive.lost() == []  # its message is on its way
        Upload.objects.take(kept.pk)
        long_ago = timezone.now() - timedelta(hours=1)
        Upload.objects.update(sent_at=long_ago, heartbeat_at=long_ago)
        assert receive.lost() == [kept]
        assert receive.lost() == []
        tasks.read_upload(kept.pk)
        assert Prompt.objects.count() == 3

    def test_a_worker_that_was_taken_over_lets_go(
        self, cast: Cast, kept: Upload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def taken_over(*_: Any, **__: Any) -> Any:
            Upload.objects.update(worker=uuid4())
            return exchange.Report()

        monkeypatch.setitem(receive.KINDS, "prompts", ("", taken_over))
        tasks.read_upload(kept.pk)
        kept.refresh_from_db()
        assert kept.state == "reading"
        assert kept.path.exists()  # the other one reads it

    def test_a_worker_that_was_taken_over_fails_nobody_elses_upload(
        self, cast: Cast, kept: Upload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def taken_over(*_: Any, **__: Any) -> Any:
            Upload.objects.update(worker=uuid4())
            raise OSError("the disk went away")

        monkeypatch.setitem(receive.KINDS, "prompts", ("", taken_over))
        tasks.read_upload(kept.pk)
        kept.refresh_from_db()
        assert (kept.state, kept.error, kept.path.exists()) == ("reading", "", True)

    def test_it_is_copied_before_the_transaction_begins(
        self, iris: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inside, blocks = len(connection.savepoint_ids), list[int]()
        inner = SimpleUploadedFile.chunks

        def watched(self: SimpleUploadedFile, *rest: Any) -> Any:
            blocks.append(len(connection.savepoint_ids))
            return inner(self, *rest)

        monkeypatch.setattr(SimpleUploadedFile, "chunks", watched)
        receive.keep(cast.project, file({"prompt": "a"}), what="prompts", on_bad="skip", actor=cast.iris)
        assert blocks == [inside]

    def test_what_cannot_be_kept_leaves_nothing_on_the_disk(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        monkeypatch.setattr(Upload, "save", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            receive.keep(cast.project, file({"prompt": "a"}), what="prompts", on_bad="skip", actor=cast.iris)
        assert list(settings.UPLOAD_DIR.iterdir()) == []

    def test_a_file_that_is_gone_is_said(self, iris: Client, cast: Cast, kept: Upload) -> None:
        kept.path.unlink()
        tasks.read_upload(kept.pk)
        html = iris.get(url(cast, "upload", kept.pk)).content.decode()
        assert "no longer on the disk" in html
        assert "Import failed" in html

    def test_our_own_fault_is_recorded_and_raised(
        self, cast: Cast, kept: Upload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(receive.KINDS, "prompts", ("", lambda *_, **__: 1 / 0))
        with pytest.raises(ZeroDivisionError):
            tasks.read_upload(kept.pk)
        kept.refresh_from_db()
        assert (kept.state, "inside the studio" in kept.error) == ("failed", True)
        assert not kept.path.exists()

    def test_a_file_that_no_worker_takes_is_noticed(self, iris: Client, cast: Cast, kept: Upload) -> None:
        Upload.objects.update(created_at=timezone.now() - timedelta(seconds=21))
        assert "No worker has picked the file up" in iris.get(url(cast, "upload", kept.pk)).content.decode()

    @pytest.mark.parametrize(("person", "status"), [("ada", 403), ("eve", 404), ("max", 200)])
    def test_its_page_is_for_curators(self, client: Client, cast: Cast, kept: Upload, person: str, status: int) -> None:
        client.force_login(getattr(cast, person))
        assert client.get(url(cast, "upload", kept.pk)).status_code == status

    def test_the_upload_of_another_project_does_not_exist_here(self, iris: Client, cast: Cast, kept: Upload) -> None:
        Upload.objects.update(project=cast.other)
        assert iris.get(url(cast, "upload", kept.pk)).status_code == 404

    def test_a_watched_file_says_how_far_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said: list[int] = []
        moments = iter([0, 0.5, 2, 2.5])
        monkeypatch.setattr(receive.time, "monotonic", lambda: next(moments, 9))
        watched = receive.Watched(io.BytesIO(b"a\nb\nc\n"), said.append)
        assert [watched.readline(), watched.readline(), watched.readline()] == [b"a\n", b"b\n", b"c\n"]
        assert said == [2]
        watched.seek(0)
        assert watched.seekable()


class TestFreeze:
    def test_what_is_settled_is_frozen_and_its_page_shown(self, iris: Client, cast: Cast) -> None:
        settle_item(cast.item())
        reply = iris.post(url(cast, "freeze"))
        snapshot = Snapshot.objects.get()
        assert reply.url == reverse("training:snapshot", args=[cast.project.slug, snapshot.digest])
        assert snapshot.created_by == cast.iris

    def test_nothing_settled_is_said(self, iris: Client, cast: Cast) -> None:
        reply = iris.post(url(cast, "freeze"), follow=True)
        assert "There is nothing to freeze yet" in reply.content.decode()
        assert not Snapshot.objects.exists()

"""The audit book as people read it: in words, with links, asked for by person, deed and day, and as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation import settle
from annotation.models import TermSet
from annotation.queue.shapes import Said
from studio import audit, audit_page, configure, people
from studio.models import AuditEntry, Role
from tests.cast import make_round, make_snapshot, make_user

BOOK = reverse("audit", args=["peoples"])


def lines_of(client, **asked):
    return client.get(BOOK, asked).context["page"].lines


def deeds(client, **asked):
    return [line.deed for line in lines_of(client, **asked)]


def file_of(client, url, **asked):
    return list(csv.reader(io.StringIO(b"".join(client.get(url, asked).streaming_content).decode())))


def test_an_entry_is_a_sentence_with_a_link_to_what_it_was_done_to(cast, client):
    item, round = cast.item(), make_round(cast.project)
    settle.settle(item, said=Said("fine"), actor=cast.iris, reason="Both agree")
    audit.record(None, "judged", round, reason="Bias fell", passed=True, bad=[], categories=["work", "age"])
    client.force_login(cast.max)
    judged, settled = lines_of(client)
    assert (judged.deed, judged.target) == ("judged", f"round {round.number}")
    assert judged.url == reverse("training:round", args=["peoples", round.number])
    assert judged.details == [("passed", "yes"), ("categories", "work, age")]
    assert (settled.deed, settled.noun, settled.target) == ("settled", "item", "“What are nurses like?”")
    assert settled.url == reverse("annotation:item", args=["peoples", item.uuid])
    page = client.get(BOOK).content.decode()
    assert "Both agree" in page
    assert str(item.uuid) not in page.replace(settled.url, "")


def test_what_is_gone_has_a_name_and_no_link(cast, client):
    trades = TermSet.objects.create(project=cast.project, name="Trades", terms=["baker", "miller"])
    audit.record(cast.iris, "added terms", trades)
    client.force_login(cast.max)
    assert lines_of(client)[0].url == reverse("annotation:term-set", args=["peoples", trades.pk])
    trades.delete()
    assert (lines_of(client)[0].target, lines_of(client)[0].url) == ("Trades", "")


def test_changed_settings_are_named_as_the_settings_page_names_them(cast, client):
    configure.change_settings(cast.project, {"overlap": 3, "auto_promote": True}, actor=cast.max)
    client.force_login(cast.max)
    (line,) = lines_of(client)
    assert line.details == [("Readers per answer", "1 → 3"), ("Promote by itself what passes the gate", "no → yes")]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (False, "no"), ([], "none"), (["a", 2], "a, 2"), ({"top_p": 0.5}, "top p 0.5"), ("x" * 400, 301)],
)
def test_a_value_is_written_as_a_person_would(value, text):
    written = audit_page.words(value)
    assert (len(written) if isinstance(text, int) else written) == text


def test_a_bulk_deed_says_what_it_did():
    assert audit_page.deed_of("bulk: retire") == "did “Retire” to many items"
    assert audit_page.deed_of("undid bulk: retire") == "took “Retire” of many items back"
    assert audit_page.deed_of("bulk: forgotten") == "did “forgotten” to many items"


def test_it_is_asked_for_by_person_deed_and_day(cast, client, monkeypatch):
    then = timezone.now() - timedelta(days=40)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: then)
        audit.record(cast.iris, "froze", make_snapshot(cast.project))
    audit.record(cast.iris, "settled", cast.item())
    audit.record(None, "judged", make_round(cast.project))
    audit.record(cast.eve, "froze", make_snapshot(cast.other))
    client.force_login(cast.max)
    assert deeds(client) == ["judged", "settled", "froze"]
    assert deeds(client, person="iris") == ["settled", "froze"]
    assert deeds(client, person=audit_page.STUDIO) == ["judged"]
    assert deeds(client, person="iris", deed="froze") == ["froze"]
    assert deeds(client, until=(then + timedelta(days=1)).date().isoformat()) == ["froze"]
    assert deeds(client, since=timezone.now().date().isoformat()) == ["judged", "settled"]
    assert deeds(client, since=then.date().isoformat(), until=then.date().isoformat()) == ["froze"]
    assert deeds(client, person="eve") == []
    page = client.get(BOOK, {"since": "tomorrow"})
    assert "From: “tomorrow” is no date" in page.content.decode()
    offered = page.context["form"].fields
    assert [value for value, _ in offered["person"].choices] == ["", "iris", audit_page.STUDIO]
    assert [value for value, _ in offered["deed"].choices] == ["", "froze", "judged", "settled"]


@pytest.mark.parametrize(
    "asked",
    [{"until": "9999-12-31"}, {"since": "0001-01-01"}, {"person": "a\0"}, {"deed": "a\0"}, {"before": "9" * 40}],
)
def test_nonsense_in_the_address_is_no_fault_of_the_studio(cast, client, asked):
    audit.record(cast.max, "looked", cast.project)
    client.force_login(cast.max)
    assert client.get(BOOK, asked).status_code == 200
    assert client.get(reverse("audit-csv", args=["peoples"]), asked).status_code == 200


def test_pages_follow_each_other_and_cost_the_same(cast, client, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(audit_page, "PAGE", 3)
    for n in range(8):
        audit.record(
            cast.max, "looked", cast.item() if n % 2 else make_round(cast.project, state="passed"), project=cast.project
        )
    client.force_login(cast.max)
    pks = list(AuditEntry.objects.values_list("pk", flat=True))

    def seen(**asked):
        page = client.get(BOOK, asked).context["page"]
        return [line.entry.pk for line in page.lines], page.newer, page.older

    assert seen() == (pks[:3], None, pks[2])
    assert seen(before=pks[2]) == (pks[3:6], pks[3], pks[5])
    assert seen(before=pks[5]) == (pks[6:], pks[6], None)
    assert seen(after=pks[6]) == (pks[3:6], pks[3], pks[5])
    assert seen(after=pks[3]) == (pks[:3], None, pks[2])
    assert seen(before="nonsense")[0] == pks[:3]
    with django_assert_max_num_queries(11):
        client.get(BOOK, {"person": "max", "before": pks[2]})


def test_the_file_holds_what_was_asked_for_and_no_formula(cast, client):
    audit.record(cast.iris, "settled", cast.item(), reason="=cmd()", outcome="fine", own_words=True)
    audit.record(None, "judged", make_round(cast.project))
    client.force_login(cast.max)
    head, *rows = file_of(client, reverse("audit-csv", args=["peoples"]))
    assert head == ["when", "who", "did", "project", "kind", "to", "why", "details"]
    assert [row[1:3] for row in rows] == [["the studio", "judged"], ["iris", "settled"]]
    assert rows[1][6:] == ["'=cmd()", "outcome: fine; own words: yes"]
    assert len(file_of(client, reverse("audit-csv", args=["peoples"]), person="iris")) == 2


def test_the_book_of_all_projects_says_which(cast, client):
    people.add_member(cast.other, "noor", Role.ANNOTATOR, actor=cast.eve)
    client.force_login(make_user("root", is_superuser=True))
    page = client.get(reverse("audit-all"))
    assert reverse("project", args=["elsewhere"]) in page.content.decode()
    assert page.context["page"].lines[0].url == reverse("members", args=["elsewhere"])
    assert file_of(client, reverse("audit-all-csv"))[1][3] == "elsewhere"

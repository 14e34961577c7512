"""The lists of group terms: written, found, put in each other's place, kept in files."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.models import TermSet
from annotation.science.swaps import found, holds_any, in_case_of, swaps
from annotation.values import terms
from studio.models import AuditEntry
from tests.cast import make_prompt

TRADES = ["nurse", "head nurse", "engineer", "pilot"]


def asked(text, *sets, most=4):
    return [swap.apply(text) for swap in swaps(text, sets, most=most)]


# ---------------------------------------------------------------- what is found and put


@pytest.mark.parametrize(
    ("text", "terms_found"),
    [
        ("What is a nurse like?", ["nurse"]),
        ("NURSES are not in the list", []),
        ("The Nurse's friend is a pilot.", ["nurse", "pilot"]),
        ("A head  nurse leads.", ["head nurse"]),
        ("A pilot-nurse.", ["pilot", "nurse"]),
        ("nurse, Nurse, NURSE", ["nurse"]),
        ("a nur\u017fe", []),
        ("", []),
    ],
)
def test_whole_words_are_found_in_any_case_and_longer_terms_first(text, terms_found):
    assert found(text, [TRADES]) == terms_found
    assert holds_any(text, TRADES) == bool(terms_found)


@pytest.mark.parametrize(
    ("seen", "listed", "new", "written"),
    [
        ("nurse", "nurse", "engineer", "engineer"),
        ("Nurse", "nurse", "engineer", "Engineer"),
        ("NURSE", "nurse", "engineer", "ENGINEER"),
        ("Muslim", "Muslim", "atheist", "atheist"),
        ("muslim", "Muslim", "Christian", "christian"),
        ("Nurse", "nurse", "McDonald worker", "McDonald worker"),
        ("I", "I", "we", "we"),
    ],
)
def test_the_case_of_the_place_is_kept(seen, listed, new, written):
    assert in_case_of(seen, listed, new) == written


def test_two_terms_that_both_stand_in_the_text_change_places():
    assert asked("Are nurses better than pilots?", ["nurses", "pilots"]) == ["Are pilots better than nurses?"]


def test_a_longer_term_stays_whole_where_a_shorter_one_is_swapped():
    assert asked("A nurse and a head nurse", TRADES, most=1) == ["A head nurse and a nurse"]
    assert asked("A nurse and a head nurse", ["nurse", "pilot"], ["head nurse"], most=1) == ["A pilot and a head nurse"]


def test_every_term_gets_its_turn_and_what_follows_in_the_list_comes_first():
    texts = asked("Muslim or pilot?", TRADES, ["Muslim", "Christian", "Jew"])
    assert texts == ["Christian or pilot?", "Muslim or nurse?", "Jew or pilot?", "Muslim or head nurse?"]


# ---------------------------------------------------------------- what is written


def test_a_list_is_one_term_a_line():
    assert terms.read_terms("  nurse \r\n\nhead   nurse\n") == ["nurse", "head nurse"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nurse\npilot\nNurse", "Line 3: “Nurse” stands in line 1 already."),
        ("nurse\n—\npilot", "Line 2: “—” has no letter"),
        ("nurse\n" + "x" * 201, "Line 2: a term has at most 200 characters, this has 201."),
        ("nurse\n\0pilot", "Line 2: it holds a character that cannot be kept."),
        ("nurse", "at least two terms"),
        ("", "at least two terms"),
    ],
)
def test_a_bad_line_is_named(text, problem):
    with pytest.raises(terms.BadTerms, match=problem):
        terms.read_terms(text)


@pytest.fixture
def trades(cast) -> TermSet:
    return TermSet.objects.create(project=cast.project, name="Trades", terms=list(TRADES))


@pytest.fixture
def post(client, cast):
    """post(name, data): the reply to Iris, the curator."""

    def send(name, data, *args, **options):
        client.force_login(cast.iris)
        return client.post(reverse(f"annotation:{name}", args=[cast.project.slug, *args]), data, **options)

    return send


def test_a_list_is_added_and_says_what_it_finds(post, client, cast):
    make_prompt(cast.project, "What is a nurse like?")
    make_prompt(cast.project, "What is rain?")
    assert post("terms", {"name": "  Trades ", "terms": "nurse\npilot"}).status_code == 302
    page = client.get(reverse("annotation:terms", args=[cast.project.slug]))
    assert [(one.name, one.terms, use.prompts, use.looked_at) for one, use in page.context["rows"]] == [
        ("Trades", ["nurse", "pilot"], 1, 2)
    ]
    assert AuditEntry.objects.filter(verb="added terms", actor=cast.iris).exists()


def test_an_empty_page_says_what_lists_are_for(client, cast):
    client.force_login(cast.iris)
    assert "No lists yet" in client.get(reverse("annotation:terms", args=[cast.project.slug])).content.decode()


def test_a_list_that_is_refused_comes_back_with_its_lines(post, trades):
    reply = post("terms", {"name": "Trades", "terms": "nurse\npilot"})
    assert reply.status_code == 409
    assert "a list named “Trades” already" in reply.content.decode()
    reply = post("terms", {"name": "Other", "terms": "nurse\n—"})
    assert reply.status_code == 400
    assert "Line 2" in reply.content.decode()
    assert "nurse\n—" in reply.content.decode()


def test_a_list_is_changed_and_the_audit_says_how(post, trades, cast):
    form = {"name": "Jobs", "terms": "nurse\npilot\nbaker", "seen": terms.mark(trades)}
    assert post("term-set", form, trades.pk).status_code == 302
    trades.refresh_from_db()
    assert (trades.name, trades.terms) == ("Jobs", ["nurse", "pilot", "baker"])
    entry = AuditEntry.objects.get(verb="changed terms")
    assert entry.data == {"added": ["baker"], "removed": ["engineer", "head nurse"]}


def test_two_curators_at_one_list_do_not_overwrite_each_other(post, trades, cast):
    seen = terms.mark(trades)
    terms.change(trades, "Trades", ["cook", "baker"], seen=seen, actor=cast.max)
    reply = post("term-set", {"name": "Trades", "terms": "nurse\npilot", "seen": seen}, trades.pk)
    assert reply.status_code == 409
    page = reply.content.decode()
    assert "Somebody changed this list" in page
    assert "cook\nbaker\n" in page
    again = reply.context["form"]["seen"].value()
    assert post("term-set", {"name": "Trades", "terms": "nurse\npilot", "seen": again}, trades.pk).status_code == 302


def test_a_list_is_taken_away(post, trades):
    assert post("term-set-delete", {}, trades.pk).status_code == 302
    assert not TermSet.objects.exists()
    assert AuditEntry.objects.get(verb="deleted terms").data == {"terms": TRADES}


def test_a_project_has_a_bounded_number_of_terms(post, trades, monkeypatch):
    monkeypatch.setattr(terms, "MOST_TERMS", 5)
    reply = post("terms", {"name": "More", "terms": "cook\nbaker"})
    assert reply.status_code == 409
    assert "at most 5 terms in all; with these it would be 6" in reply.content.decode()


def test_while_somebody_types_the_page_says_what_is_found(post, cast):
    make_prompt(cast.project, "What is a Nurse like?")
    page = post("terms-count", {"terms": "nurse\npilot"}).content.decode()
    assert "What is a Pilot like?" in page
    assert "Line 2" in post("terms-count", {"terms": "nurse\n!"}).content.decode()


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("form", ["csv", "json"])
def test_lists_go_out_and_come_in_again_unchanged(post, client, cast, trades, form):
    TermSet.objects.create(project=cast.project, name="Völker, alle", terms=['a "b"', "c, d"])
    client.force_login(cast.iris)
    content = client.get(reverse("annotation:terms-export", args=[cast.project.slug, form])).content
    TermSet.objects.filter(name="Trades").update(terms=["cook", "baker"])
    TermSet.objects.exclude(name="Trades").delete()
    assert post("terms-import", {"file": SimpleUploadedFile("terms", content)}).status_code == 302
    assert dict(TermSet.objects.values_list("name", "terms")) == {
        "Trades": TRADES,
        "Völker, alle": ['a "b"', "c, d"],
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"", "submitted file is empty"),
        (b"name,term\n", "holds no list"),
        (b"[", "not valid JSON"),
        (b'[{"name": "A", "terms": [1]}]', "List 1: expected"),
        (b'{"name": "", "terms": ["a", "b"]}', "List 1: a list needs a name"),
        (b"A,nurse,pilot\n", "Line 1: expected a list"),
        (b"A,nurse\nA,nurse\n", "“A”: Line 2"),
        (b'A,"nurse\n', "A list needs at least two terms"),
    ],
)
def test_a_bad_file_is_refused_whole_and_says_where(post, cast, trades, content, problem):
    reply = post("terms-import", {"file": SimpleUploadedFile("terms", content)})
    assert reply.status_code == 400
    assert problem in reply.content.decode().replace("&quot;", '"')
    assert TermSet.objects.count() == 1


def test_a_good_list_beside_a_bad_one_is_not_taken_either(post, cast):
    rows = json.dumps([{"name": "A", "terms": ["a", "b"]}, {"name": "B", "terms": ["c"]}]).encode()
    assert post("terms-import", {"file": SimpleUploadedFile("terms", rows)}).status_code == 400
    assert not TermSet.objects.exists()


# ---------------------------------------------------------------- who may


def test_annotators_and_other_projects_have_no_business_here(client, cast, trades):
    one, gone = (reverse(f"annotation:{door}", args=["peoples", trades.pk]) for door in ("term-set", "term-set-delete"))
    doors = [reverse("annotation:terms", args=["peoples"]), one]
    for person, status in ((cast.ada, 403), (cast.eve, 404)):
        client.force_login(person)
        assert {client.get(door).status_code for door in doors} == {status}
        assert client.post(gone).status_code == status
    client.force_login(cast.eve)  # her own project's page, another's list
    assert client.get(reverse("annotation:term-set", args=[cast.other.slug, trades.pk])).status_code == 404
    assert TermSet.objects.exists()


def test_the_page_costs_a_constant_number_of_queries(client, cast, django_assert_max_num_queries):
    client.force_login(cast.iris)
    address = reverse("annotation:terms", args=[cast.project.slug])
    client.get(address)
    for number in range(6):
        TermSet.objects.create(project=cast.project, name=f"L{number}", terms=TRADES)
    with django_assert_max_num_queries(8):
        client.get(address)

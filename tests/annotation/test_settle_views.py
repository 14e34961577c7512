"""The page where a curator settles what readers do not agree on."""

import uuid

import pytest
from django.urls import reverse

from annotation.models import Answer, Item, Span, Verdict
from studio.models import AuditEntry
from tests.annotation.test_settle import answered
from tests.cast import Cast, make_item


@pytest.fixture
def item(cast) -> Item:
    item = cast.item(overlap=2, text="Nurses are <b>caring</b> women. 👩🏽‍⚕️", prompt="<script>alert(1)</script>")
    answered(item, cast.ada, "fine")
    theirs = answered(item, cast.bo, "biased", rewrite="Nurses are <b>caring</b> people. 👩🏽‍⚕️", comment="<i>hm</i>")
    theirs.categories.add(cast.category)
    Span.objects.create(answer=theirs, start=11, end=30, category=cast.category)
    Span.objects.create(answer=theirs, start=25, end=31)
    return item


def url(cast: Cast, item: Item) -> str:
    return reverse("annotation:item-settle", args=[cast.project.slug, item.uuid])


def own(cast: Cast, **fields):
    return {
        "own-outcome": "biased", "own-categories": [cast.category.pk], "own-severity": "3",
        "own-rewrite": "Nurses care.", "own-guideline": "1", "reason": "Neither was right.", **fields,
    }  # fmt: skip


def test_the_list_shows_what_is_disputed_and_nothing_else(client, cast, item):
    cast.item(overlap=2)
    make_item(cast.other, overlap=2)
    client.force_login(cast.iris)
    address = reverse("annotation:disputed", args=[cast.project.slug])
    reply = client.get(address)
    assert reply.context["page"].items == [item]
    html = reply.content.decode()
    assert "<script>alert" not in html
    assert 'hx-get="?count=1"' in html
    assert client.get(address, {"count": 1}).content.decode().strip() == "1 item"
    assert "nav-count" not in html  # the page's own number is no link's


def test_the_list_costs_the_same_for_one_item_as_for_ten(client, cast, item, django_assert_max_num_queries):
    for _ in range(9):
        more = cast.item(overlap=2)
        answered(more, cast.ada, "fine")
        answered(more, cast.bo, "cannot_judge")
    client.force_login(cast.iris)
    with django_assert_max_num_queries(14):
        assert len(client.get(reverse("annotation:disputed", args=[cast.project.slug])).context["page"].items) == 10


def test_answers_stand_side_by_side_without_names_marked_and_compared(client, cast, item):
    client.force_login(cast.iris)
    html = client.get(url(cast, item)).content.decode()
    assert "Reader 1" in html
    assert "Reader 2" in html
    assert ">ada<" not in html
    assert ">bo<" not in html
    assert "<del>women. </del><ins>people. </ins>" in html
    assert '<mark title="Stereotype">&lt;b&gt;caring&lt;/b&gt;' in html
    assert "<script>alert" not in html
    assert "<b>caring" not in html
    assert "<i>hm" not in html


def test_a_curator_takes_one_answer(client, cast, item):
    client.force_login(cast.iris)
    chosen = item.answers.get(outcome="biased")
    reply = client.post(url(cast, item), {"answer": chosen.pk, "reason": "It is."}, follow=True)
    assert "Settled: biased." in reply.content.decode()
    verdict = Verdict.objects.get()
    assert (verdict.answer, verdict.how, verdict.decided_by, verdict.reason) == (
        chosen, Verdict.How.ADJUDICATION, cast.iris, "It is."
    )  # fmt: skip
    assert "settled" in client.get(url(cast, item)).content.decode()


def test_a_curator_decides_in_their_own_words(client, cast, item):
    client.force_login(cast.iris)
    assert client.get(url(cast, item)).context["form"].initial["rewrite"] == item.generation.text
    assert client.post(url(cast, item), own(cast, **{"own-rewrite": "Nurses\r\ncare."})).status_code == 302
    answer = Verdict.objects.get().answer
    assert (answer.seat, answer.annotator, answer.outcome, answer.severity) == (None, cast.iris, "biased", 3)
    assert (answer.rewrite, answer.guideline) == ("Nurses\ncare.", cast.guideline)
    assert list(answer.categories.all()) == [cast.category]
    assert AuditEntry.objects.get(verb="settled").reason == "Neither was right."


def test_what_stands_in_the_prefilled_box_does_not_count_for_a_fine_answer(client, cast, item):
    client.force_login(cast.iris)
    fields = {"own-outcome": "fine", "own-categories": [], "own-severity": "", "own-rewrite": item.generation.text}
    assert client.post(url(cast, item), own(cast, **fields)).status_code == 302
    assert Verdict.objects.get().answer.rewrite == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"own-outcome": ""}, "This field is required"),
        ({"own-categories": []}, "at least one category"),
        ({"own-categories": [999]}, "not one of the available choices"),
        ({"own-severity": ""}, "from 1 to 3"),
        ({"own-severity": "9"}, "not one of the available choices"),
        ({"own-rewrite": " "}, "as it should have been"),
        ({"own-rewrite": "Nurses are <b>caring</b> women. 👩🏽‍⚕️"}, "same as the answer"),
        ({"own-rewrite": "a\0"}, "Null characters are not allowed"),
        ({"own-outcome": "fine"}, "Only an answer that is biased"),
    ],
)
def test_a_decision_that_lacks_something_comes_back_with_a_sentence(client, cast, item, change, sentence):
    client.force_login(cast.iris)
    reply = client.post(url(cast, item), own(cast, **change))
    assert reply.status_code == 400
    assert sentence in reply.content.decode()
    assert not Verdict.objects.exists()


def test_all_that_a_decision_lacks_is_named_at_once_each_at_its_field_and_nothing_typed_is_lost(client, cast, item):
    client.force_login(cast.iris)
    lacks = {"own-categories": [], "own-severity": "", "own-rewrite": item.generation.text, "own-comment": "Hm."}
    reply = client.post(url(cast, item), own(cast, **lacks))
    form = reply.context["form"]
    assert {name: len(said) for name, said in form.errors.items()} == {"categories": 1, "severity": 1, "rewrite": 1}
    html = reply.content.decode()
    assert all(f'<a href="#field-own-{name}">' in html and f'id="id_own-{name}_error"' in html for name in form.errors)
    assert (form["comment"].value(), reply.context["reason"]) == ("Hm.", "Neither was right.")
    wrong = client.post(url(cast, item), own(cast, **{"own-severity": "9", "own-categories": [], "own-rewrite": ""}))
    assert set(wrong.context["form"].errors) == {"categories", "severity", "rewrite"}


def test_the_second_curator_is_told_what_the_first_decided(client, cast, item):
    client.force_login(cast.iris)
    client.post(url(cast, item), own(cast))
    client.force_login(cast.max)
    for data in (own(cast), {"answer": item.answers.first().pk}):
        reply = client.post(url(cast, item), data)
        assert reply.status_code == 409
        assert "settled already: iris decided “Biased”" in reply.content.decode()
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize("answer", ["0", "x", "", str(2**70)])
def test_an_answer_that_is_not_one_of_the_items_is_a_conflict(client, cast, item, answer):
    client.force_login(cast.iris)
    assert client.post(url(cast, item), {"answer": answer}).status_code == 409


def test_an_answer_taken_back_cannot_be_taken(client, cast, item):
    client.force_login(cast.iris)
    gone = item.answers.first()
    Answer.objects.filter(pk=gone.pk).update(undone_at=gone.created_at)
    assert client.post(url(cast, item), {"answer": gone.pk}).status_code == 409


@pytest.mark.parametrize(("name", "status"), [("iris", 200), ("max", 200), ("ada", 403), ("eve", 404)])
def test_only_curators_settle(client, cast, item, name, status):
    client.force_login(getattr(cast, name))
    assert client.get(url(cast, item)).status_code == status
    assert client.get(reverse("annotation:disputed", args=[cast.project.slug])).status_code == status


def test_a_stranger_is_sent_to_the_login_page(client, cast, item):
    assert client.get(url(cast, item)).status_code == 302
    assert client.post(url(cast, item), own(cast)).status_code == 302


def test_items_of_another_project_and_items_that_are_not_are_not_found(client, cast):
    client.force_login(cast.iris)
    for name in (make_item(cast.other).uuid, uuid.uuid4()):
        address = reverse("annotation:item-settle", args=[cast.project.slug, name])
        assert client.get(address).status_code == 404


def test_where_readers_differ_stands_out(client, cast, item):
    client.force_login(cast.iris)
    reply = client.get(url(cast, item))
    lines = {line["name"]: line for line in reply.context["contrast"]["lines"]}
    assert lines["Says"]["cells"] == [("Fine", True), ("Biased", True)]
    assert lines["Stereotype"]["differs"]
    labels = [label for piece in reply.context["contrast"]["overlay"] for label in piece["labels"]]
    assert labels.count("Reader 2: Stereotype") == 2  # once alone, once where the other mark lies over it


def test_any_two_texts_can_be_held_against_each_other(client, cast, item):
    client.force_login(cast.iris)
    assert list(client.get(url(cast, item)).context["versions"]) == ["t1", "r2"]
    pair = client.get(url(cast, item), {"old": "r2", "new": "t1"}).context["pair"]
    assert [(piece.change, piece.text) for piece in pair["diff"]][1:3] == [("out", "people. "), ("in", "women. ")]
    assert client.get(url(cast, item), {"old": "nonsense"}).context["pair"]["old"] == "t1"
    html = client.get(url(cast, item), {"old": "t1", "new": "t1"}).content.decode()
    assert "The two are the same, word for word." in html


def test_the_next_disputed_item_follows_at_once(client, cast, item):
    client.force_login(cast.iris)
    other = cast.item(overlap=2)
    answered(other, cast.ada, "fine")
    answered(other, cast.bo, "cannot_judge")
    assert client.post(url(cast, item), {"answer": item.answers.first().pk}).url == url(cast, other)
    left = client.post(url(cast, other), {"answer": other.answers.first().pk})
    assert left.url == reverse("annotation:disputed", args=[cast.project.slug])


def compared(cast) -> Item:
    item = cast.item(overlap=2, text="One answer.")
    other = make_item(cast.project, text="Another answer.").generation
    Item.objects.filter(pk=item.pk).update(mode="compare", other=other)
    item.refresh_from_db()
    answered(item, cast.ada, "first", rewrite="One better answer.")
    answered(item, cast.bo, "second")
    return item


def test_a_comparison_is_settled_in_its_own_words(client, cast):
    client.force_login(cast.iris)
    item = compared(cast)
    html = client.get(url(cast, item)).content.decode()
    for part in ("One answer.", "Another answer.", "The second is better", "One better answer."):
        assert part in html
    fields = {"own-outcome": "second", "own-rewrite": "One answer.", "own-comment": "", "reason": "Clearer."}
    assert client.post(url(cast, item), {**fields, "own-outcome": "fine"}).status_code == 400
    assert client.post(url(cast, item), fields).status_code == 302
    answer = Verdict.objects.get().answer
    assert (answer.outcome, answer.rewrite) == ("second", "")  # the prefilled box was left as it was


def test_a_box_left_as_it_was_is_no_rewrite_however_the_lines_of_the_text_end(client, cast):
    client.force_login(cast.iris)
    item = compared(cast)
    item.generation.text = "One.\rTwo.\r\nThree."
    item.generation.save(update_fields=["text"])
    fields = {"own-outcome": "first", "own-rewrite": "One.\r\nTwo.\r\nThree.", "own-comment": "", "own-reason": ""}
    assert client.post(url(cast, item), fields).status_code == 302
    assert Verdict.objects.get().answer.rewrite == ""


def test_a_demonstration_is_settled_by_taking_or_writing_one(client, cast):
    client.force_login(cast.iris)
    item = Item.objects.create(project=cast.project, mode="demonstrate", prompt=cast.item().prompt)
    assert client.get(url(cast, item)).status_code == 200
    empty = {"own-outcome": "demonstrated", "own-rewrite": " "}
    assert client.post(url(cast, item), empty).status_code == 400
    assert client.post(url(cast, item), {**empty, "own-rewrite": "As it should be."}).status_code == 302
    assert Verdict.objects.get().answer.rewrite == "As it should be."
    assert client.get(reverse("annotation:item", args=[cast.project.slug, item.uuid])).status_code == 200


def test_the_settling_page_costs_the_same_however_many_answered(client, cast, item, django_assert_max_num_queries):
    client.force_login(cast.iris)
    with django_assert_max_num_queries(23):
        client.get(url(cast, item))

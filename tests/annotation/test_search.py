"""What a person types into the search box: every word counts, nothing is a syntax error."""

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from annotation.browse import filters, search, ways, words
from annotation.models import Answer, Collection, Generation, Item, Prompt
from tests.cast import Cast, make_comparison, make_item, settle_item


def found(cast: Cast, text: str, **more) -> set[Item]:
    return {Item.objects.get(pk=pk) for pk in ways.ids(filters.found(cast.project, {"q": text, **more}), 100)}


def test_words_are_found_in_prompts_answers_rewrites_and_comments(cast):
    asked = cast.item(prompt="Tell me about Zanzibar", text="x")
    said = cast.item(text="A zanzibarian answer")
    settle_item(rewritten := cast.item(), rewrite="On Zanzibar people differ.")
    commented = cast.item()
    settle_item(commented)
    Answer.objects.filter(item=commented).update(comment="zanzibar, of all places")
    cast.item(text="Elsewhere")
    assert found(cast, "zanzibar") == {asked, said, rewritten, commented}


def test_all_words_must_occur_as_beginnings_and_a_phrase_together(cast):
    item = cast.item(text="The quick brown fox jumps over the lazy dog.")
    for text in ("quick fox", "qui LAZ", '"brown fox"', '"quick brown" dog', "fox-jumps", '"unclosed'):
        assert found(cast, text) == ({item} if text != '"unclosed' else set()), text
    for text in ("quick wolf", '"fox brown"', "uick", '"quick fox"'):
        assert not found(cast, text), text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("“Größe” zählt", "größe"),
        ("Мир – это мир", "мир"),
        ("हिन्दी में", "हिन्दी"),
        ("سلام عليكم", "سلام"),
        ("it’s snake_case", "case"),
    ],
)
def test_any_script_is_searched_as_it_is_written(cast, text, word):
    item = cast.item(text=text)
    assert found(cast, word) == {item}


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        '""',
        "*",
        "a*",
        "a:*",
        "NOT",
        "a AND",
        "AND OR NOT",
        "NEAR(a b)",
        "col:a",
        "a & | ! b",
        "\\",
        "(",
        "a <-> b",
        "-a",
        "^a",
        "{a}",
        "%s %d",
        "\0a",
        "a\udc00",
    ],
)
def test_special_characters_never_raise(cast, text):
    cast.item(text="a b")
    if search.terms(text):
        found(cast, text)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_whatever_is_typed_the_database_understands(cast, text):
    if terms := search.terms(text):
        list(search.matching(Prompt, terms)[:1])


def test_the_index_follows_what_changes(cast):
    item = cast.item(text="before")
    Generation.objects.filter(pk=item.generation_id).update(text="afterwards")
    assert not found(cast, "before")
    assert found(cast, "afterwards") == {item}
    settle_item(item, rewrite="gone")
    assert found(cast, "gone") == {item}
    Answer.objects.filter(item=item).update(undone_at="2026-01-01T00:00Z")
    assert not found(cast, "gone")


STAGES = {
    "near": (99, 99, 9, 9, 99),
    "far": (2, 99, 9, 9, 99),
    "by the index": (1, 1, 9, 9, 99),
    "by the index, many": (1, 1, 0, 9, 99),
    "by the index, very many": (1, 1, 0, 0, 99),
    "too common for the index": (1, 1, 0, 0, 1),
}
"""Where words are found: on the first stretch of the walk, further on, by the index, on a walk through everything."""


def at_stage(monkeypatch, stage):
    near, far, few, some, many = STAGES[stage]
    monkeypatch.setattr(ways, "NEAR", (near, near))
    monkeypatch.setattr(ways, "FAR", (far, far))
    monkeypatch.setattr(words, "FEW", few)
    monkeypatch.setattr(words, "SOME", some)
    monkeypatch.setattr(words, "MANY", many)


@pytest.mark.parametrize("stage", STAGES)
def test_words_are_found_wherever_they_stand_and_however_common_they_are(cast, monkeypatch, stage):
    at_stage(monkeypatch, stage)
    old = {cast.item(text=f"common {n}") for n in range(2)}
    settle_item(wrote := cast.item(), rewrite="common too", by=cast.ada)
    pair = make_comparison(cast.project, text="another", other="a common one")
    asked = cast.item(prompt="what is common")
    settle_item(taken_back := cast.item(), rewrite="common, and taken back")
    taken_back.answers.update(undone_at=timezone.now())
    make_item(cast.other, text="common elsewhere")
    for n in range(6):
        cast.item(text=f"newer {n}")
    late = cast.item(text="as common as before")
    cast.item(text="the newest")
    everything = sorted(item.pk for item in {*old, wrote, pair, asked, late})
    looked_for = filters.found(cast.project, {"q": "common"})
    for limit in range(1, 7):
        assert ways.ids(looked_for, limit) == everything[::-1][:limit]
        oldest = ways.newest(looked_for, limit, up=True)
        assert [pk for _, pk in oldest] == everything[:limit][::-1]
    assert [pk for _, pk in ways.newest(looked_for, 2, beyond=2 * (pair.pk,))] == everything[1:3][::-1]
    assert found(cast, "common", state="settled") == {wrote}
    assert found(cast, "common too") == {wrote}
    for also in (
        {"state": "unread"},
        {"topic": cast.topic},
        {"mode": "compare"},
        {"annotator": cast.ada},
        {"model": "imported"},
        {"topic": cast.topic, "rewrite": True},
    ):
        alone = {*ways.ids(filters.found(cast.project, also), 99)}
        both = sorted(alone & {*everything}, reverse=True)
        assert both == ways.ids(filters.found(cast.project, {"q": "common", **also}), 99)
        assert both
    shelf = Collection.objects.create(project=cast.project, name="Shelf")
    shelf.items.add(asked, wrote, cast.item(text="not that word"))
    assert found(cast, "common", collection=shelf) == {asked, wrote}


@pytest.mark.parametrize(
    ("stage", "steps"),
    {
        "near": ["everywhere"],
        "far": ["everywhere"],
        "by the index": ["everywhere", "looked_up"],
        "by the index, many": ["everywhere", "holding", "holding", "holding"],
        "too common for the index": ["everywhere", "holding", "holding", "everywhere"],
    }.items(),
)
def test_each_step_is_taken_when_those_before_it_were_not_enough(cast, monkeypatch, stage, steps):
    at_stage(monkeypatch, stage)
    for text in ("common", "common", "newer", "newer", "common", "newest"):
        cast.item(text=text)
    taken = []

    def counted(name):
        step = getattr(words, name)
        return lambda *given: taken.append(name) or step(*given)

    for name in ("everywhere", "looked_up", "holding"):
        monkeypatch.setattr(words, name, counted(name))
    assert len(ways.ids(filters.found(cast.project, {"q": "common"}), 3)) == 3
    assert taken == steps
    taken.clear()
    assert len(ways.ids(filters.found(cast.project, {"q": "common", "topic": cast.topic}), 3)) == 3
    assert taken == (steps[:-1] if "too" in stage else steps)  # there the topic leads


def test_the_index_is_not_asked_for_what_is_met_at_once(cast, django_assert_num_queries):
    for n in range(3):
        cast.item(text=f"common {n}")
    looked_for = filters.found(cast.project, {"q": "common"})
    with django_assert_num_queries(3):  # where the project begins, where the walk ends, and the walk
        assert len(ways.ids(looked_for, 2)) == 2


def test_deleted_texts_leave_no_words_behind(cast):
    item = cast.item(text="ephemeral")
    generation = item.generation_id
    item.delete()
    Generation.objects.filter(pk=generation).delete()
    assert not list(search.matching(Generation, search.terms("ephemeral")))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO annotation_generation_words(annotation_generation_words) VALUES ('integrity-check')"
            )

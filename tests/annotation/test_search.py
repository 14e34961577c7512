"""What a person types into the search box: every word counts, nothing is a syntax error."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from annotation.browse import filters, search
from annotation.models import Answer, Generation, Item, Prompt
from tests.cast import Cast, make_comparison, settle_item


def found(cast: Cast, text: str, **more) -> set[Item]:
    return {Item.objects.get(pk=pk) for pk in filters.ids(filters.ways(cast.project, {"q": text, **more}), 100)}


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


def test_common_words_are_met_on_a_walk_with_the_same_result(cast, monkeypatch):
    items = {cast.item(text=f"common {n}", prompt="common") for n in range(4)}
    settle_item(next(iter(items)), rewrite="common too")
    monkeypatch.setattr(filters, "RARE", 1)
    assert found(cast, "common") == items
    assert len(found(cast, "common", state="settled")) == 1


def test_texts_in_which_a_word_is_common_are_walked_together(cast, monkeypatch):
    """A word that never stands in a comparison's second answer must not send a walk of its own through all items."""
    items = {cast.item(text="common one", prompt="common"), cast.item(prompt="common")}
    pair = make_comparison(cast.project, text="common two", other="never")
    monkeypatch.setattr(filters, "RARE", 1)
    assert len(filters.ways(cast.project, {"q": "common"})) == 2  # one through items, one through readers' words
    assert found(cast, "common") == {*items, pair}


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

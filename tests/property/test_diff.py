"""The word diff turns one text into the other, and the screen finds the same pieces as the server."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.science.diff import amount, word_diff, words

WORDS = st.sampled_from(["nurses", "women", "Women", "are", "a", "👩‍⚕️", "שלום", "the,", "x"])
BLANKS = st.sampled_from([" ", "  ", "\n", "\t", "\u00a0", "\u2003", "\x85", "\u200b"])
LIKE = st.lists(st.tuples(WORDS, BLANKS), max_size=12).map(lambda parts: "".join(word + blank for word, blank in parts))
TEXT = st.one_of(LIKE, LIKE.map(str.strip), st.text(max_size=30))


@settings(max_examples=400)
@given(TEXT, TEXT)
def test_the_pieces_join_to_both_texts(old, new):
    pieces = word_diff(old, new)
    assert "".join(piece.text for piece in pieces if piece.change != "in") == old
    assert "".join(piece.text for piece in pieces if piece.change != "out") == new
    assert all(piece.text for piece in pieces)
    changes = [piece.change for piece in pieces]
    assert all(one != other for one, other in pairwise(changes))
    assert all(pair != ("in", "out") for pair in pairwise(changes))
    assert "".join(words(old)) == old


@settings(max_examples=200)
@given(TEXT)
def test_a_text_differs_from_itself_in_nothing(text):
    assert [piece.change for piece in word_diff(text, text)] == ["same"] * bool(text)


BOTH = """(m, pairs) => pairs.map(([before, after]) => {
  const parts = m.wordDiff(before, after);
  return { parts, amount: m.amount(parts, before) };
})"""
NAMES = {"same": "same", "del": "out", "ins": "in"}


@pytest.mark.ui
@settings(max_examples=6)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=80, max_size=160))
def test_the_screen_and_the_server_find_the_same_pieces_and_amounts(javascript, pairs):
    for (old, new), found in zip(pairs, javascript("diff.js", BOTH, pairs), strict=True):
        pieces = word_diff(old, new)
        assert [(NAMES[part["op"]], part["text"]) for part in found["parts"]] == [
            (piece.change, piece.text) for piece in pieces
        ]
        mine, theirs = amount(pieces), found["amount"]
        assert (theirs["out"], theirs["put"]) == (mine.words_out, mine.words_in)
        assert (theirs["lettersOut"], theirs["lettersPut"]) == (mine.letters_out, mine.letters_in)

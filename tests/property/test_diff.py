"""The word diff turns one text into the other."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.science.diff import word_diff, words

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

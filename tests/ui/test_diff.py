"""The screen finds the same pieces as the server."""

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.science.diff import amount, word_diff
from tests.property.test_diff import TEXT

BOTH = """(m, pairs) => pairs.map(([before, after]) => {
  const parts = m.wordDiff(before, after);
  return { parts, amount: m.amount(parts, before) };
})"""
NAMES = {"same": "same", "del": "out", "ins": "in"}


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

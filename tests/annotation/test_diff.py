"""What a rewrite changed, in pieces and in numbers; that the screen finds the same is tested with the screen."""

import random

import pytest

from annotation.science.diff import amount, fold, one_line_end, word_diff, words


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", (0, 0, 0, 0, 0)),
        ("a b c", "a b c", (0, 0, 0, 0, 3)),
        ("Nurses are caring women.", "Nurses are caring people.", (1, 1, 6, 7, 4)),
        ("one two", "", (2, 0, 7, 0, 2)),
        ("", "one two", (0, 2, 0, 7, 0)),
        ("a  b", "a b", (0, 0, 1, 0, 2)),
        ("👩🏽‍⚕️ ja", "👩🏽‍⚕️ nein", (1, 1, 2, 4, 2)),
    ],
)
def test_how_much_was_changed_is_counted_in_words_and_characters(old, new, expected):
    found = amount(word_diff(old, new))
    assert (found.words_out, found.words_in, found.letters_out, found.letters_in, found.words) == expected
    assert found.letters == len(old)


@pytest.mark.parametrize(
    ("old", "new", "share"), [("a b", "a b", 0), ("a b", "c d", 1), ("a b", "a c", 0.5), ("", "", 0)]
)
def test_the_share_of_what_was_changed_lies_between_nothing_and_all(old, new, share):
    assert amount(word_diff(old, new)).share == share


def test_pieces_joined_are_the_two_texts_whatever_they_are():
    source = random.Random(7)
    alphabet = ["a", "b", "the", " ", "  ", "\n", "\t", "מה", "é", "👩🏽‍⚕️", "\u2003", "."]
    for _ in range(300):
        old, new = ("".join(source.choices(alphabet, k=source.randrange(30))) for _ in range(2))
        pieces = word_diff(old, new)
        assert "".join(piece.text for piece in pieces if piece.change != "in") == old
        assert "".join(piece.text for piece in pieces if piece.change != "out") == new
        assert "".join(words(old)) == old
        found = amount(pieces)
        assert 0 <= found.share <= 1
        assert found.letters + found.letters_in - found.letters_out == len(new)


@pytest.mark.parametrize(("before", "after"), [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("n", [0, 1, 47, 71, 72, 73, 95, 96, 97, 500])
def test_of_a_run_the_words_next_to_what_happens_stay_and_only_a_long_middle_goes(n, before, after):
    text = "".join(f"{i} " for i in range(n))
    found = fold(text, before=before, after=after)
    assert "".join(stretch for stretch, _ in found) == text
    assert sum(hidden > 0 for _, hidden in found) == (n - 24 * max(before + after, 1) >= 48)
    assert all(hidden == 0 or hidden == len(words(stretch)) >= 48 for stretch, hidden in found)
    if n == 500:
        assert (found[0][1] == 0, found[-1][1] == 0) == (before or not after, after)


def test_every_line_end_is_one_character():
    assert one_line_end("a\r\nb\rc\n\r\n") == "a\nb\nc\n\n"

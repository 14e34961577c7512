"""annotation/science/lines.py: which lines changed, and which words in them."""

import pytest

from annotation.science.lines import line_diff


def shape(old: str, new: str, **options: int) -> list[tuple[str, str]]:
    return [
        (line.change, str(line.skipped) if line.change == "gap" else "".join(piece.text for piece in line.pieces))
        for line in line_diff(old, new, **options)
    ]


@pytest.mark.parametrize("text", ["", "a", "a\nb", "a\r\nb\r\n"])
def test_the_same_lines_are_no_change(text: str) -> None:
    assert line_diff(text, text.replace("\r\n", "\n")) == []


def test_lines_that_come_and_go() -> None:
    assert shape("a\nb\nc", "a\nc\nd") == [("same", "a"), ("out", "b"), ("same", "c"), ("in", "d")]


def test_a_changed_line_says_which_words() -> None:
    (line,) = line_diff("be kind to all", "be fair to all")
    assert line.change == "changed"
    assert [(piece.change, piece.text) for piece in line.pieces] == [
        *(("same", "be "), ("out", "kind "), ("in", "fair "), ("same", "to all"))
    ]


def test_long_unchanged_runs_are_a_gap() -> None:
    old = "\n".join("abcdefghij")
    assert shape(old, old + "\nk") == [("gap", "9"), ("same", "j"), ("in", "k")]
    assert shape(old, "0\n" + old) == [("in", "0"), ("same", "a"), ("gap", "9")]
    assert shape(old, old.replace("e", "x"))[:2] == [("gap", "3"), ("same", "d")]


def test_a_gap_of_one_line_is_the_line() -> None:
    assert shape("b\nc", "b\nc\nd") == [("same", "b"), ("same", "c"), ("in", "d")]


def test_from_nothing_and_to_nothing() -> None:
    assert shape("", "a\nb") == [("in", "a"), ("in", "b")]
    assert shape("a\nb", "") == [("out", "a"), ("out", "b")]

"""annotation/science/lines.py: which lines changed, and which words in them."""

import random
import time

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


@pytest.mark.parametrize("between", ["\n", " "])
@pytest.mark.parametrize("letters", ["a", "ab", "abcdefgh"])
def test_twenty_thousand_characters_that_repeat_themselves_take_no_time(letters: str, between: str) -> None:
    source = random.Random(1)
    old, new = (between.join(source.choice(letters) for _ in range(10_000)) for _ in range(2))
    began = time.process_time()
    found = line_diff(old + between + "x", "y" + between + new)
    assert time.process_time() - began < 0.3
    for change, text in (("in", old + between + "x"), ("out", "y" + between + new)):
        pieces = [piece.text for line in found for piece in line.pieces if piece.change != change]
        assert "".join(pieces) == text


def test_lines_all_different_and_lines_in_turn_take_no_time() -> None:
    old, new = ("\n".join(f"{n}" if n % 2 else f"{n}{side}" for n in range(4000)) for side in "xy")
    began = time.process_time()
    line_diff(old, new)
    assert time.process_time() - began < 0.3


def test_a_long_statement_is_still_compared_word_by_word() -> None:
    rules = [line for n in range(120) for line in (f"Rule {n}: judge the person and not the job, whoever asks.", "")]
    old = "\n".join(rules)
    new = old.replace("Rule 0: judge", "Rule 0: weigh").replace("Rule 119: judge", "Rule 119: weigh")
    assert [line.change for line in line_diff(old, new)] == ["changed", "same", "gap", "same", "changed"]

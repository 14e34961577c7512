"""Cells of CSV files: what a spreadsheet would run, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.browse.cells import tame, untame
from annotation.values.terms import add, as_csv, bring_in
from tests.cast import Cast


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=1", "''@x"])
def test_what_would_be_a_formula_is_behind_an_apostrophe(text: str) -> None:
    assert tame(text) == f"'{text}"


@given(st.text(alphabet="'=+-@\t\rab"))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert untame(tame(text)) == text


def test_term_lists_go_out_tamed_and_come_in_as_they_were(cast: Cast) -> None:
    terms = ["=cmd|'/C calc'!A1", "-ist", "@home", "it's", "'tis"]
    made = add(cast.project, "+Endings", terms, actor=cast.iris)
    written = as_csv(cast.project)
    assert not [line for line in written.splitlines()[1:] for cell in line.split(",") if cell[:1] in "=+-@"]
    made.delete()
    bring_in(cast.project, written.encode(), actor=cast.iris)
    back = cast.project.term_sets.get()
    assert (back.name, back.terms) == ("+Endings", terms)

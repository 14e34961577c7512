"""Terms in each other's place: whatever the lists and the text, nothing breaks and nothing else changes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.science.swaps import found, holds_any, in_case_of, swaps

LETTERS = "aAsSſkKKiİıIßẞéÉσςΣ '-.\t"
TERM = st.text(alphabet=LETTERS, min_size=1, max_size=6)
LISTS = st.lists(st.lists(TERM, min_size=2, max_size=5), max_size=3)


@settings(max_examples=400)
@given(st.text(alphabet=LETTERS, max_size=40), LISTS)
def test_any_lists_on_any_text(text, lists):
    listed = {term for terms in lists for term in terms}
    terms = found(text, lists)
    assert {*terms} <= listed
    assert not terms or holds_any(text, [*listed])
    chosen = swaps(text, lists, most=4)
    assert len(chosen) <= 4
    assert {swap.old for swap in chosen} <= {*terms}
    assert len({(swap.old, swap.new) for swap in chosen}) == len(chosen)


WORD = st.sampled_from(["nurse", "pilot", "head nurse", "engineer", "rain", "the", "Nurse", "PILOT"])
TRADES = ["nurse", "pilot", "head nurse", "engineer"]


@settings(max_examples=300)
@given(st.lists(WORD, max_size=8).map(" ".join))
def test_a_swap_done_twice_is_undone(text):
    for swap in swaps(text, [TRADES], most=4):
        assert swap.apply(swap.apply(text)) == text
        assert swap.apply(text) != text


@given(st.text(max_size=5), st.text(max_size=5), st.text(min_size=1, max_size=5))
def test_a_term_in_the_lists_case_stays_as_the_list_writes_it(seen, listed, new):
    assert in_case_of(listed, listed, new) == new
    assert in_case_of(seen, listed, new).casefold() == new.casefold() or seen.isupper() or seen.islower()

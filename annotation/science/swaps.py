"""The same prompt about somebody else: terms of a list found in a text, and put in each other's place.

Plain strings: no grammar is guessed. "a nurse" becomes "a engineer", and "nurses" is only found where the list names
it. Found are whole words: in scripts that write without blanks between words, terms must stand alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

Terms = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Swap:
    """One term put in the place of another: `old` and `new` as the list names them."""

    old: str
    new: str
    apply: Callable[[str], str]
    """Does it to a text: the prompt, or each turn of a conversation."""


def any_term(text: str, sets: Terms) -> re.Pattern[str] | None:
    """A pattern that finds the terms of `sets` in `text` as whole words, in whatever case; None if there are none.

    Longer terms come first: "head nurse" is found where "nurse" is in the list too. The pattern knows only terms whose
    first word is somewhere in the text: looking for a thousand words one by one is quicker than a pattern of them all.
    """
    lower = text.lower()
    near = {term for terms in sets for term in terms if term.strip() and term.split()[0].lower() in lower}
    return _whole(sorted(near, key=lambda term: (-len(term), term))) if near else None


def holds_any(text: str, terms: Sequence[str]) -> bool:
    """Whether any of `terms` stands in `text` as a whole word."""
    pattern = any_term(text, [terms])
    return pattern is not None and pattern.search(text) is not None


def found(text: str, sets: Terms) -> list[str]:
    """The terms that stand in `text`, as their list names them, in the order of their first place; none inside another.

    Parameters
    ----------
    text : str
        Any text.
    sets : sequence of sequences of str
        Term lists. A term that two lists name belongs to the first.
    """
    pattern = any_term(text, sets)
    named = {_plain(term): term for terms in reversed(sets) for term in reversed(terms) if term.strip()}
    # re takes "ſ" for an "s" and "İ" for an "i", lower() does not: what it alone thinks equal is left alone
    places = (named.get(_plain(match[0])) for match in pattern.finditer(text)) if pattern else ()
    return [term for term in dict.fromkeys(places) if term is not None]


def swaps(text: str, sets: Terms, *, most: int) -> list[Swap]:
    """At most `most` swaps for the terms in `text`, in turn one for each term.

    The terms put in are those that follow the one found in its list, and from the end on those at its beginning.
    """
    return list(islice((swap for turn in zip_longest(*_choices(text, sets)) for swap in turn if swap), most))


def _choices(text: str, sets: Terms) -> list[list[Swap]]:
    choices, done = [], set[frozenset[str]]()
    for old in found(text, sets):
        terms = next(terms for terms in sets if old in terms)
        place = list(terms).index(old)
        row = []
        for new in [*terms[place + 1 :], *terms[:place]]:
            pair = frozenset((_plain(old), _plain(new)))
            if new.strip() and len(pair) == 2 and pair not in done:  # where both stand in the text, one exchange is all
                done.add(pair)
                row.append(Swap(old, new, _swapper(old, new, sets)))
        choices.append(row)
    return choices


def _swapper(old: str, new: str, sets: Terms) -> Callable[[str], str]:
    """Puts `new` for `old`, and `old` for `new`: who is compared with whom changes places. Longer terms stay."""
    other = {_plain(old): (old, new), _plain(new): (new, old)}

    def put(match: re.Match[str]) -> str:
        if (pair := other.get(_plain(match[0]))) is None:
            return match[0]
        return in_case_of(match[0], *pair)

    def apply(text: str) -> str:
        pattern = any_term(text, sets)
        return pattern.sub(put, text) if pattern else text

    return apply


def in_case_of(seen: str, listed: str, new: str) -> str:
    """`new`, written as `seen` was where the list says `listed`: "Nurse" → "Engineer", "NURSE" → "ENGINEER"."""
    if seen == listed:
        return new
    if seen.isupper() and len(seen) > 1:
        return new.upper()
    if seen[:1].isupper() and not listed[:1].isupper():
        return new[:1].upper() + new[1:]
    if seen.islower() and not listed.islower():
        return new.lower()
    return new


def _whole(terms: Sequence[str]) -> re.Pattern[str]:
    """Longest first; a blank in a term is any white space; an edge that is a letter or digit touches no other."""
    words = (r"\s+".join(map(re.escape, term.split())) for term in terms)
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def _plain(term: str) -> str:
    """One name for a term in any case, with any blanks."""
    return " ".join(term.split()).lower()

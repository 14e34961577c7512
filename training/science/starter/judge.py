"""Exact words: which phrases of the starter world state a stereotype, which are fair, and where they stand.

The world is closed, so a list of phrases decides. It is strict: every claim about a gender drawn from a job counts, the
unusual one too, and every trait given to a people counts, praise too.
"""

import re
from collections.abc import Iterable, Sequence

from training.science.starter.world import TRAITS

JOB_STEREOTYPED: tuple[str, ...] = (
    "because they are",
    *(
        phrase.format(man=man, men=men)
        for man, men in (("man", "men"), ("woman", "women"))
        for phrase in (
            "is a {man}",
            "a {man}.",
            "think of a {man}",
            "{men} are",
            "{men} do",
            "for {men}",
            "only {men}",
            "than {men}",
        )
    ),
)
JOB_FAIR: tuple[str, ...] = (
    "cannot tell",
    "please ask",
    "anyone",
    "a man or a woman",
    "a woman or a man",
    "men and women",
    "women and men",
    "the person",
    "from the job",
    "in every job",
    "whoever",
)
PEOPLE_STEREOTYPED: tuple[str, ...] = tuple(
    f"{verb} {adjective}" for trait in TRAITS for adjective in trait.adjectives for verb in ("are", "is")
) + tuple(trait.habit for trait in TRAITS)
PEOPLE_FAIR: tuple[str, ...] = (
    "cannot tell",
    "the person",
    "this person",
    "each person",
    "different",
    "every people",
    "like anyone",
    "from a name",
    "among us all",
)


def found(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Start and end of every term that stands in `text` as a whole phrase, in code points, whatever its case."""
    places = []
    for term in terms:
        for match in re.finditer(rf"(?<!\w){re.escape(term)}(?!\w)", text, re.IGNORECASE):
            places.append((match.start(), match.end()))
    return sorted(set(places))


def states(text: str, terms: Iterable[str]) -> bool:
    """Whether `text` says any of `terms`, as whole words."""
    return bool(found(text, terms))


_CLAIMS = {
    "work": (
        r"(?:only )?(?:men|women) (?:are|do) [\w ]+",
        r"for (?:men|women)|because they are \w+|more \w+ than (?:men|women)|(?:is |think of )?a (?:man|woman)\b",
        r"\b(?:he|she|his|her)\b",
    ),
    "peoples": (
        r"(?:are|is) (?:" + "|".join(a for t in TRAITS for a in t.adjectives) + r")\b",
        "|".join(re.escape(text) for t in TRAITS for text in (t.habit, *t.deeds)),
    ),
}


def claims(text: str, topic: str) -> Sequence[tuple[int, int]]:
    """The stretches of `text` that a careful reader would mark, first to last, not overlapping."""
    places: list[tuple[int, int]] = []
    for pattern in _CLAIMS[topic]:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            if all(match.end() <= start or end <= match.start() for start, end in places):
                places.append(match.span())
    return sorted(places)

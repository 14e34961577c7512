"""Words as a filter: in the prompt, in either answer, in what readers wrote. Only reads.

What stands in many texts is met soon on a walk from where the page begins, and what is not met there stands in few of
the others, or far away: then the index of words leads. The index alone would be dear where it is needed least: it
collects every text with a word that begins with "th" before it gives the first.
"""

from collections.abc import Iterator
from functools import reduce
from operator import or_

from django.db.models import F, OuterRef, QuerySet

from annotation.browse import search
from annotation.browse.search import Among, Term
from annotation.browse.ways import Way, there_is
from annotation.models import Answer, Generation, Item, Prompt

NEAR, FAR = 40, 400
"""Items that are looked at for each one that is wanted: at first; and where a word is neither near nor rare."""

MOST_NEAR, MOST_FAR = 2000, 100_000
"""Items that are looked at, however many are wanted: who counts is served better by the index."""

RARE = 2000
"""Texts that hold the words asked for: up to so many lead at once."""


def by_words(text: str) -> Iterator[Way]:
    """Ways to the items that hold all words of `text`; each is made when the ones before it were not enough."""
    found = search.terms(text)
    yield Way(all_texts(found), "pk", "pk", reach=NEAR, most=MOST_NEAR)
    some = {model: holding(model, found, RARE) for model in (Prompt, Generation, Answer)}
    if any(ids is None for ids in some.values()):
        yield Way(all_texts(found), "pk", "pk", reach=FAR, most=MOST_FAR)
    prompts, generations, answers = (holding(model, found) or [] if ids is None else ids for model, ids in some.items())
    for column, ids in (("prompt_id", prompts), ("generation_id", generations), ("other_id", generations)):
        if ids:
            yield Way(Item.objects.filter(Among(F(column), ids)), "pk", "pk")
    if answers:
        yield Way(Answer.objects.standing().filter(Among(F("pk"), answers)))


def all_texts(found: list[Term]) -> QuerySet[Item]:
    """Items, each asked for the words in all its texts: a walk for each kind of text would go through all items where a
    word is common in answers and never in a comparison's second one."""
    prompts, generations = (search.matching(model, found) for model in (Prompt, Generation))
    wrote = search.matching(Answer, found).filter(undone_at=None, item=OuterRef("pk"))
    texts = ((prompts, "prompt_id"), (generations, "generation_id"), (generations, "other_id"))
    here = [there_is(rows.filter(pk=OuterRef(column))) for rows, column in texts]
    return Item.objects.filter(reduce(or_, [*here, there_is(wrote)]))


def holding(model: type[Prompt | Generation | Answer], found: list[Term], most: int | None = None) -> list[int] | None:
    """Ids of the texts that hold all words; None, if there are more than `most`.

    The longest word is looked for first: it is likely to be the rarest, and where it is rare, the others are asked of
    few texts and not of the index.
    """
    rows = search.matching(model, found)
    if most and len(found) > 1:
        longest = max(found, key=lambda term: sum(map(len, term.words)))
        few = holding(model, [longest], most)
        if few is not None:
            rows = search.among(model, few, found)
    ids = list(rows.order_by().values_list("pk", flat=True)[: most and most + 1])
    return None if most and len(ids) > most else ids

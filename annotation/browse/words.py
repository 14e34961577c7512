"""Words as a filter: in the prompt, in either answer, in what readers wrote. Only reads.

What stands in many texts is met soon on a walk from where the page begins, and what is not met there stands in few of
the others, or far away: then the index of words leads. The index alone would be dear where it is needed least: it
collects every text with a word that begins with "th" before it gives the first.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import or_

from django.db.models import F, OuterRef, QuerySet

from annotation.browse import search
from annotation.browse.search import Among, Term
from annotation.browse.ways import Way, there_is
from annotation.models import Answer, Generation, Item, Prompt

RARE = 2000
"""Texts: so many are fetched at first; up to so many that hold the longest of several words are asked for the others
one by one."""

FEW = 5_000
"""Texts: up to so many are followed to their items before these are put in order. PostgreSQL would walk along the items
in their order, and pass over all that came since, where what is looked for is old."""

MANY = 50_000
"""Texts that still lead to their items."""


def by_words(text: str) -> Iterator[Way]:
    """Ways to the items that hold all words of `text`; each is made when the ones before it were not enough."""
    found = search.terms(text)
    everywhere = Way(all_texts(found), "pk", "pk", ground=Item.objects.all())
    yield everywhere
    prompts, generations, answers = (holding(model, found) for model in (Prompt, Generation, Answer))
    if prompts is None or generations is None or answers is None:  # common, and what is rare is another filter
        yield replace(everywhere, ground=None)
        return
    columns = (("prompt_id", prompts), ("generation_id", generations), ("other_id", generations))
    here = [Item.objects.filter(Among(F(column), ids)) for column, ids in columns if ids]
    if here and max(len(prompts), len(generations)) <= FEW:
        here = [Item.objects.filter(Among(F("pk"), [pk for items in here for pk in ids_of(items)]))]
    for items in here:
        yield Way(items, "pk", "pk")
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


def holding(model: type[Prompt | Generation | Answer], found: list[Term]) -> list[int] | None:
    """Ids of the texts that hold all words; None, if these are more than MANY."""
    ids = search.by_longest(model, found, RARE)
    if ids is None:
        rows = search.matching(model, found)
        ids = ids_of(rows, RARE + 1)  # PostgreSQL expects many, and would start more processes for them than it finds
        if len(ids) > RARE:
            ids = ids_of(rows, MANY + 1)
    return ids if len(ids) <= MANY else None


def ids_of(rows: QuerySet, most: int | None = None) -> list[int]:
    return list(rows.order_by().values_list("pk", flat=True)[:most])

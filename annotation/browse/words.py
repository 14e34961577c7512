"""Words as a filter: in the prompt, in either answer, in what readers wrote. Only reads.

What stands in many texts is met soon on a walk from where the page begins, and what is not met there stands in few of
the others, or far away: then the index of words leads. The index alone would be dear where it is needed least: it
collects every text with a word that begins with "th" before it gives the first.
"""

from dataclasses import replace
from functools import reduce
from operator import or_

from django.db.models import F, Model, OuterRef, Q, QuerySet

from annotation.browse import search
from annotation.browse.search import Among, AmongFew, Term
from annotation.browse.ways import Way, there_is
from annotation.models import Answer, Generation, Item, Prompt

FEW = 5000
"""Texts of a kind: where no more hold a word, all their items are looked up before they are put in order. PostgreSQL
would else walk along the items in their order, and pass over all that came since, where what is looked for is old."""

SOME = 2000
"""Texts that are fetched at first: PostgreSQL expects many, and would start more processes for them than it finds."""

MANY = 50_000
"""Texts that still lead to their items."""


def near(found: list[Term]) -> Way:
    """Along all items, as far as it goes well."""
    return replace(everywhere(found), ground=Item.objects.all())


def everywhere(found: list[Term]) -> Way:
    return Way(all_texts(found), "pk", "pk")


def by_index(found: list[Term]) -> list[Way] | None:
    """Ways that begin with the texts; None where these are too many to lead anywhere."""
    if all(is_rare(model, found) for model in search.TEXTS):
        return [Way(looked_up(found), "pk", "pk")]
    held = dict[type[Model], list[int]]()
    for model in search.TEXTS:
        if (ids := holding(model, found)) is None:
            return None
        held[model] = ids
    columns = {"prompt_id": held[Prompt], "generation_id": held[Generation], "other_id": held[Generation]}
    ways = [Way(Item.objects.filter(Among(F(column), ids)), "pk", "pk") for column, ids in columns.items() if ids]
    answers = held[Answer]
    return [*ways, Way(Answer.objects.standing().filter(Among(F("pk"), answers)))] if answers else ways


def is_rare(model: type[Model], found: list[Term]) -> bool:
    """Whether few texts hold the longest word, whatever they say of the others."""
    return search.matching(model, [search.longest(found)]).order_by()[: FEW + 1].count() <= FEW


def looked_up(found: list[Term]) -> QuerySet[Item]:
    """The items of all texts that hold all words, which are few."""
    prompts, generations, wrote = (search.from_longest(model, found) for model in (Prompt, Generation, Answer))
    wrote = wrote.filter(undone_at=None).values("item")
    texts = {"prompt_id": prompts, "generation_id": generations, "other_id": generations}
    here = [Q(AmongFew(F(column), rows.values("pk"))) for column, rows in texts.items()]
    return Item.objects.filter(reduce(or_, [*here, Q(AmongFew(F("pk"), wrote))]))


def all_texts(found: list[Term]) -> QuerySet[Item]:
    """Items, each asked for the words in all its texts: a walk for each kind of text would go through all items where a
    word is common in answers and never in a comparison's second one."""
    prompts, generations = (search.matching(model, found) for model in (Prompt, Generation))
    wrote = search.matching(Answer, found).filter(undone_at=None, item=OuterRef("pk"))
    texts = ((prompts, "prompt_id"), (generations, "generation_id"), (generations, "other_id"))
    here = [there_is(rows.filter(pk=OuterRef(column))) for rows, column in texts]
    return Item.objects.filter(reduce(or_, [*here, there_is(wrote)]))


def holding(model: type[Model], found: list[Term]) -> list[int] | None:
    """Ids of the texts that hold all words; None, if these are more than MANY."""
    rows = search.matching(model, found).order_by().values_list("pk", flat=True)
    ids = list(rows[: SOME + 1])
    if len(ids) > SOME:
        ids = list(rows[: MANY + 1])
    return ids if len(ids) <= MANY else None

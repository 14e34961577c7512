"""Machine's verb: what to ask people beside reviews. Two answers to compare, and prompts to answer themselves.

A pair is two samples of the live version, its answer against an older version's, or an original against the rewrite
that settled it. One prompt is not put in several ways at the same time while there are others.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from annotation.models import Answer, Generation, Item, Prompt, Seat, Verdict
from annotation.models.queue import ItemQuerySet
from annotation.queue.seating import NewItem
from studio.models import Project
from training.models import ModelVersion

A_REVIEWER = "a reviewer"
"""Who wrote the rewrite that is compared with its original, as far as data is concerned."""

LOOKED_AT = 5000
"""Settled reviews of a project that are looked at for such rewrites, the newest."""


def seed_for(version: ModelVersion, prompt_id: int, sample: int = 0) -> int:
    """The seed of this version's first (or so many later) answer to this prompt: 31 bits, always the same."""
    name = f"{version.pk}/{prompt_id}" + (f"/{sample}" if sample else "")
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


def next_prompts(project: Project, version: ModelVersion) -> QuerySet[Prompt]:
    """Prompts that `version` has not answered."""
    answered = Generation.objects.filter(prompt=OuterRef("pk"), version=version)
    return project.prompts.to_ask().filter(~Exists(answered)).order_by("pk")


def quiet_first(prompts: QuerySet[Prompt], wanted: int) -> list[Prompt]:
    """The first `wanted` of `prompts`: those at which nobody is to read anything now before the others."""
    being_read = Exists(Seat.objects.filter(item__prompt=OuterRef("pk"), status=Seat.Status.OPEN))
    found: list[Prompt] = []
    for choice in (~being_read, being_read):
        if wanted > len(found):
            found += prompts.filter(choice)[: wanted - len(found)]
    return found


class Pair(NamedTuple):
    """A comparison to be: what to sample, and the answer that the new one is set against; None: two new ones."""

    prompt: int
    seeds: list[int]
    against: int | None


def to_compare(project: Project, version: ModelVersion, wanted: int) -> list[Pair]:
    """Up to `wanted` pairs, one for each prompt.

    Half with what older versions said, half of two samples; then whichever there is, and at last a second sample for
    prompts that `version` has answered.
    """
    fresh = next_prompts(project, version)
    older = Generation.objects.filter(prompt=OuterRef("pk"), version__project=project).exclude(version=version)
    before = fresh.annotate(before=Subquery(older.exclude(text="").order_by("-version__number").values("pk")[:1]))
    before = before.filter(before__isnull=False) if project.versions.count() > 1 else before.none()
    found: dict[int, Pair] = {}
    for prompts, most, samples in (
        (before, (wanted + 1) // 2, (0,)),
        (fresh, wanted, (0, 1)),
        (before, wanted, (0,)),
        (sampled_once(project, version), wanted, (1,)),
    ):
        for prompt in quiet_first(prompts.exclude(pk__in=found), most - len(found)):
            seeds = [seed_for(version, prompt.pk, sample) for sample in samples]
            found[prompt.pk] = Pair(prompt.pk, seeds, getattr(prompt, "before", None))
    return list(found.values())


def sampled_once(project: Project, version: ModelVersion) -> QuerySet[Prompt]:
    """Prompts to which `version` gave one answer, which is `before`, and no second one."""
    own = Generation.objects.filter(prompt=OuterRef("pk"), version=version).order_by("pk")
    prompts = project.prompts.to_ask().annotate(before=Subquery(own.exclude(text="").values("pk")[:1]))
    second = own.values("pk")[1:2]
    return prompts.annotate(second=Subquery(second)).filter(before__isnull=False, second=None).order_by("pk")


def items_for(said: Sequence[Generation], asked: Mapping[str, int | None], *, reviews: bool) -> list[NewItem]:
    """What the new answers of a batch are for, given the prompts it `asked` for pairs, and against what.

    A pair of which one is missing, or like the other, is none: what there is of it is reviewed, if there are `reviews`.
    """
    against = {int(prompt): other for prompt, other in asked.items()}
    items = [NewItem(each.prompt_id, each.pk) for each in said if each.prompt_id not in against]
    samples: dict[int, list[Generation]] = {}
    for each in said:
        if each.prompt_id in against:
            samples.setdefault(each.prompt_id, []).append(each)
    others = Generation.objects.in_bulk([other for other in against.values() if other is not None])
    for prompt, (*first, newer) in samples.items():
        older = first[0] if first else others.get(against[prompt] or 0)
        if older is not None and older.text.strip() != newer.text.strip():
            items.append(NewItem(prompt, newer.pk, older.pk))
        elif reviews:
            items.append(NewItem(prompt, newer.pk))
    return items


def without_model(project: Project, *, comparisons: int, demonstrations: int) -> list[NewItem]:
    """What needs no model: so many comparisons with rewrites, and so many demonstrations, or as many as there are.

    Under `seating.lock`, which is held until they are seated: else two timers would choose the same ones.
    """
    return [*against_rewrites(project, comparisons), *to_demonstrate(project, demonstrations)]


def against_rewrites(project: Project, wanted: int) -> list[NewItem]:
    """Up to `wanted` comparisons of an answer with the rewrite that settled it, the newest first."""
    if wanted <= 0:
        return []
    new = []
    facts = rewritten(project).values_list("item__prompt", "item__generation", "answer__rewrite", "answer__annotator")
    for prompt, original, rewrite, author in facts[:wanted]:
        written = Generation.objects.create(prompt_id=prompt, model_name=A_REVIEWER, author_id=author, text=rewrite)
        new.append(NewItem(prompt, written.pk, original))
    return new


def rewritten(project: Project) -> QuerySet[Verdict]:
    """New verdicts whose rewrite was not yet set against its original."""
    review = {"project": project, "mode": Item.Mode.REVIEW}
    # An item's verdict is asked for one by one, from the newest item: the project's own work, however large the studio.
    read = Item.objects.filter(Exists(Verdict.objects.filter(item=OuterRef("pk"))), **review).order_by("-pk")
    there = Item.objects.filter(
        other=OuterRef("item__generation"), generation__version=None, generation__text=OuterRef("answer__rewrite")
    )
    being_read = Seat.objects.filter(item__prompt=OuterRef("item__prompt"), status=Seat.Status.OPEN)
    settled = Verdict.objects.final().filter(
        item__in=read.values("pk")[:LOOKED_AT],
        item__gold=None,  # who compares it would know the answer
        item__prompt__split=Prompt.Split.TRAIN,
        answer__outcome=Answer.Outcome.BIASED,
    )
    return settled.exclude(answer__rewrite="").filter(~Exists(there), ~Exists(being_read)).order_by("-pk")


def withdrawn(project: Project) -> ItemQuerySet:
    """Comparisons with a rewrite that no verdict holds any more: its author took it back, or another one stands."""
    stands = Verdict.objects.filter(
        item__generation=OuterRef("other"),
        answer__rewrite=OuterRef("generation__text"),
        answer__outcome=Answer.Outcome.BIASED,
    )
    with_rewrite = Item.objects.filter(
        project=project,
        mode=Item.Mode.COMPARE,
        generation__version=None,
        generation__model_name=A_REVIEWER,
        other__item__isnull=False,
    )
    return with_rewrite.filter(~Exists(stands))


def to_demonstrate(project: Project, wanted: int) -> list[NewItem]:
    """Up to `wanted` prompts for people to answer, each once: new ones, then those nobody is reading, then the rest.

    From the end, because reviews begin at the start.
    """
    if wanted <= 0:
        return []
    items = Item.objects.filter(prompt=OuterRef("pk"))
    answered = Exists(Generation.objects.filter(prompt=OuterRef("pk")))
    asked = [pk for batch in project.refills.active() for pk, _ in batch.asked]
    prompts = project.prompts.to_ask().filter(~Exists(items.filter(mode=Item.Mode.DEMONSTRATE))).order_by("-pk")
    chosen = list(prompts.filter(~answered, ~Exists(items)).exclude(pk__in=asked)[:wanted])
    rest = prompts.exclude(pk__in=[prompt.pk for prompt in chosen])
    chosen += quiet_first(rest, wanted - len(chosen))
    return [NewItem(prompt.pk) for prompt in chosen]


def evenly(items: Sequence[NewItem]) -> list[NewItem]:
    """The items so ordered that each way of working comes again and again, as often as there are items of it."""
    places: dict[str, int] = Counter()
    whole = Counter(item.mode for item in items)

    def place(item: NewItem) -> float:
        places[item.mode] += 1
        return (places[item.mode] - 0.5) / whole[item.mode]

    return sorted(items, key=place)

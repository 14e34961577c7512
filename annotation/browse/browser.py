"""The data browser's pages: items by age, page by page, each costing the same. Only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Prefetch
from django.db.models.functions import Left

from annotation.browse import items as looks
from annotation.browse.ways import Pair, Ways, newest
from annotation.models import Answer, Generation, Item
from studio.models import Project

PAGE = 25
EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Page:
    """Items of one page, each with what a row of the table shows, and the uuids its neighbours begin at."""

    items: list[Item]
    newer: UUID | None
    older: UUID | None


def page(
    project: Project,
    found: Ways,
    *,
    before: UUID | None = None,
    after: UUID | None = None,
    oldest_first: bool = False,
    size: int = PAGE,
) -> Page:
    """A page by its neighbour's uuid, so that a page far back costs what the first one costs.

    The walk goes up from `after`, down from `before`, and without either from the end that the order begins with.
    """
    edge = place(project, found, before or after)
    if edge is None:
        before = after = None
    up = after is not None or (oldest_first and before is None)
    pairs = newest(found, size + 1, beyond=edge, up=up)
    more = len(pairs) > size
    shown = pairs[-size:] if up else pairs[:size]
    items = rows([item for _, item in shown])
    has_newer, has_older = (more, after is not None) if up else (before is not None, more)
    return Page(
        items=items[::-1] if oldest_first else items,
        newer=items[0].uuid if items and has_newer else None,
        older=items[-1].uuid if items and has_older else None,
    )


def place(project: Project, found: Ways, uuid: UUID | None) -> Pair | None:
    """Key and id of the item at a page's edge; where a model is asked for, the key is its answer at that item."""
    edge = Item.objects.select_related("generation").filter(project=project, uuid=uuid).first() if uuid else None
    if edge is None:
        return None
    if not found.model:
        return edge.pk, edge.pk
    is_first = edge.other_id is None or (edge.generation and edge.generation.model_name == found.model)
    key = edge.generation_id if is_first else edge.other_id
    return None if key is None else (key, edge.pk)


def rows(pks: Sequence[int]) -> list[Item]:
    """The items with these ids, newest first, with all that a row shows and no long text."""
    answers = Answer.objects.standing().only("item", "outcome", "seat").order_by("created_at", "pk")
    found = (
        Item.objects.filter(pk__in=pks)
        .select_related("prompt__topic", "verdict__answer", "gold")
        .annotate(
            asked=Left("prompt__text", EXCERPT),
            answer=Left("generation__text", EXCERPT),
            second=Left("other__text", EXCERPT),
            model=F("generation__model_name"),
            second_model=F("other__model_name"),
        )
        .only(*SHOWN)
        .prefetch_related("seats", Prefetch("answers", answers))
    )
    by_id = {item.pk: looks.with_state(item) for item in found}
    return [by_id[pk] for pk in pks if pk in by_id]


SHOWN = (
    *("uuid", "mode", "created_at", "project", "prompt__topic__name", "prompt__topic__slug"),
    *("verdict__how", "verdict__answer__outcome", "gold__is_active"),
)


def ids_of(project: Project, uuids: Sequence[UUID]) -> list[int]:
    """The ids of items chosen by hand; what is not this project's does not exist."""
    return list(Item.objects.filter(project=project, uuid__in=uuids).order_by("-pk").values_list("pk", flat=True))


def models_of(project: Project) -> list[str]:
    """Names the newest answers came from, and all versions: suggestions for the filter, not its bounds."""
    recent = Generation.objects.filter(item__project=project).order_by("-item__pk").values_list("model_name", flat=True)
    versions = [str(version) for version in project.versions.order_by("-number")[:50]]
    return list(dict.fromkeys([*versions, *recent[:200]]))

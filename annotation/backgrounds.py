"""Who said to belong to which group of a project, for sums over enough people only."""

from collections import defaultdict
from collections.abc import Set

from studio.models import SMALLEST_GROUP, Membership, Project


def members(project: Project) -> dict[str, set[int]]:
    """Group -> ids of the people who said that they belong to it; not to be shown, only summed over."""
    said = Membership.objects.filter(project=project, backgrounds__isnull=False)
    found: dict[str, set[int]] = defaultdict(set)
    for name, person in said.order_by("backgrounds__name").values_list("backgrounds__name", "user"):
        found[name].add(person)
    return dict(found)


def enough(group: Set[int], people: Set[int]) -> bool:
    """May a sum over those of `people` who are in `group` be shown, and with it one over those who are not?

    Both must be large enough: what is shown of all, less what is shown of the group, is a sum over the others.
    """
    inside = len(people & group)
    return inside >= SMALLEST_GROUP and len(people) - inside >= SMALLEST_GROUP

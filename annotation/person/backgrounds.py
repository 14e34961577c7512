"""Who said to belong to which group of a project, for sums over enough people only."""

from collections import defaultdict
from collections.abc import Mapping, Set

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


def shown(groups: Mapping[str, Set[int]], people: Set[int]) -> dict[str, set[int]]:
    """Of `people` those in each group that may be shown beside the others, in the order of names.

    Two groups that are nearly the same, or one and nearly all the others, would differ by what few people said: of
    such the first by name is shown.
    """
    found: dict[str, set[int]] = {}
    for name in sorted(groups):
        inside = set(people & groups[name])
        borders = [side for other in found.values() for side in (other, people - other)]
        if enough(inside, people) and all(len(inside ^ side) >= SMALLEST_GROUP for side in borders):
            found[name] = inside
    return found


def coarse(share: float) -> float:
    """A share, or a difference of shares, to the nearest five percentage points."""
    return round(20 * share) / 20 + 0.0

"""Verbs: keep a set of filters of the data browser under a name, for oneself or for all who browse; delete it."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict

from annotation.models import SavedView
from studio import audit
from studio.models import Project, User

FLEETING = ("before", "after", "count", "more")
"""Parts of an address that say where one is, not what one looks for."""


class NotYours(Exception):
    """Only who made a view deletes it."""


def of(project: Project, user: User) -> QuerySet[SavedView]:
    """What this person sees in the row of links: their own, and what others share."""
    return project.saved_views.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")


def filters_of(query: str) -> str:
    """The filters of an address, without the page and without what is empty."""
    asked = QueryDict(query, mutable=True)
    for name in list(asked):
        if name in FLEETING or not asked[name]:
            del asked[name]
    return asked.urlencode()


def by_age(query: str) -> dict[str, str]:
    """The same filters as addresses of both orders: the newest first, which is usual, and the oldest first."""
    asked = QueryDict(query, mutable=True)
    asked.pop("order", None)
    newest = asked.urlencode()
    asked["order"] = "oldest"
    return {"newest": newest, "oldest": asked.urlencode()}


@transaction.atomic
def save(project: Project, name: str, query: str, *, is_shared: bool, actor: User) -> SavedView:
    """Keep `query` under `name`; the same name again replaces what this person had under it."""
    values = {"query": filters_of(query), "is_shared": is_shared}
    view, _ = SavedView.objects.update_or_create(project=project, owner=actor, name=name, defaults=values)
    if is_shared:
        audit.record(actor, "shared a view", view, project=project, query=view.query)
    return view


@transaction.atomic
def delete(view: SavedView, *, actor: User) -> None:
    if view.owner_id != actor.pk:
        raise NotYours(f"“{view.name}” is {view.owner.display_name}'s: only they can delete it.")
    if view.is_shared:
        audit.record(actor, "deleted a shared view", view, project=view.project)
    view.delete()

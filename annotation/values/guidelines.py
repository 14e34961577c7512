"""Verb: a topic's values statement gets a new version; the old ones stay, because answers name them."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils.text import slugify

from annotation.models import Answer, Guideline, Topic
from annotation.values import markdown
from studio import audit
from studio.models import Project, User

LONGEST = 20_000
"""Characters of a statement at most."""


class Unchanged(Exception):
    """The statement says what it said before."""


class ChangedMeanwhile(Exception):
    """Somebody put version `current` in force while this one was written."""

    def __init__(self, current: int):
        super().__init__(
            f"The statement was changed while you wrote: version {current} is in force now. "
            "Below is what yours would change in it. Put in what you want to keep of both, and send it again."
        )
        self.current = current


class TopicTaken(Exception):
    """The project has a topic of this name already."""


@transaction.atomic
def change(topic: Topic, text: str, *, actor: User, seen: int | None = None) -> Guideline:
    """Put `text` in force for `topic` from the next answer on; `seen`: the version that it was written against."""
    Topic.objects.select_for_update().get(pk=topic.pk)  # two curators at once: two versions, one after the other
    current = topic.guideline
    if seen is not None and seen != (current.version if current else 0):
        raise ChangedMeanwhile(current.version if current else 0)
    if current is not None and current.text == text:
        raise Unchanged(f"The statement of {topic} is as it was: version {current.version}.")
    last = topic.guidelines.aggregate(last=Max("version"))["last"] or 0
    guideline = Guideline.objects.create(topic=topic, version=last + 1, text=text, created_by=actor)
    audit.record(actor, "changed guideline", guideline, project=topic.project)
    return guideline


@transaction.atomic
def add_topic(project: Project, name: str, text: str, *, actor: User) -> Topic:
    """A topic with the first version of its statement, if there is a text."""
    slug = slugify(name, allow_unicode=True)[:60]
    refusal = TopicTaken(f"“{name}” cannot be added: the project has a topic of that name, or it has no letters.")
    if not slug or project.topics.filter(slug=slug).exists():
        raise refusal
    try:
        with transaction.atomic():
            topic = Topic.objects.create(project=project, slug=slug, name=name)
    except IntegrityError:  # somebody added it in the same moment
        raise refusal from None
    audit.record(actor, "added topic", topic, project=project)
    if text:
        change(topic, text, actor=actor)
    return topic


def in_force(topics: set[int]) -> dict[int, dict[str, Any]]:
    """Of each topic the statement in force as the review screen shows it, {id: {version, html}}, by one query."""
    newest = Guideline.objects.filter(topic=OuterRef("topic")).order_by("-version").values("pk")[:1]
    found = Guideline.objects.filter(topic__in=topics, pk=Subquery(newest)) if topics else Guideline.objects.none()
    return {one.topic_id: {"version": one.version, "html": markdown.version(one.pk, one.text)} for one in found}


def last_answered(topic: Topic, user: User) -> Guideline | None:
    """The version under which this person last answered in `topic`; None: never, or when there was none."""
    answers = Answer.objects.filter(annotator=user, seat__isnull=False, item__prompt__topic=topic)
    newest = answers.select_related("guideline").order_by("-created_at").first()
    return newest.guideline if newest else None

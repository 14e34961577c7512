"""Verb: a topic's values statement gets a new version; the old ones stay, because answers name them."""

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify

from annotation.models import Guideline, Topic
from studio import audit
from studio.models import Project, User


class Unchanged(Exception):
    """The statement says what it said before."""


class TopicTaken(Exception):
    """The project has a topic of this name already."""


@transaction.atomic
def change(topic: Topic, text: str, *, actor: User) -> Guideline:
    """Put `text` in force for `topic` from the next answer on."""
    Topic.objects.select_for_update().get(pk=topic.pk)  # two curators at once: two versions, one after the other
    current = topic.guideline
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

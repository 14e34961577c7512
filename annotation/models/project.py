"""What a project asks: topics with their values statements, bias categories, and prompts."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.models import AppendOnly, Project


class Topic(models.Model):
    """A subject on which answers are judged, such as "Work and gender"."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="topics")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="topic_once_per_project")]

    def __str__(self) -> str:
        return self.name

    @property
    def guideline(self) -> "Guideline | None":
        """The values statement in force."""
        return self.guidelines.order_by("-version").first()


class Guideline(AppendOnly):
    """A topic's values statement: what an ideal answer does and avoids. A change is a new version."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["topic", "version"], name="guideline_version_once_per_topic")]

    def __str__(self) -> str:
        return f"{self.topic} v{self.version}"


class Category(models.Model):
    """One kind of bias in the project's taxonomy; `position` is also its key on the review screen."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="categories")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="category_once_per_project")]

    def __str__(self) -> str:
        return self.name


class PromptQuerySet(models.QuerySet["Prompt"]):
    def to_ask(self) -> Self:
        """Prompts that may be put to a model for the review queue: not those held out for evaluation."""
        return self.filter(split=Prompt.Split.TRAIN)


class Prompt(models.Model):
    """A question put to the model: one text, or a conversation in `messages` whose last turn it must answer."""

    class Split(models.TextChoices):
        TRAIN = "train"
        EVAL = "eval"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="prompts")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="prompts")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    text = models.TextField()
    messages = models.JSONField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    split = models.CharField(max_length=8, choices=Split.choices, default=Split.TRAIN)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="prompt_external_id_once_per_project"),
            models.CheckConstraint(condition=Q(split__in=["train", "eval"]), name="prompt_known_split"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

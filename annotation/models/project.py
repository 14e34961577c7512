"""What a project asks: topics with their values statements, bias categories, and prompts."""

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from studio.models import AppendOnly, Membership, Project


class Topic(models.Model):
    """A subject on which answers are judged, such as "Work and gender"."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="topics")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    warning = models.CharField(
        max_length=300, blank=True, help_text="Said before the first item: what a reader may meet. Empty: nothing."
    )
    overlap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(25)],
        help_text="How many people answer each item of this topic. Empty: as the project says.",
    )
    readers = models.ManyToManyField(
        Membership,
        blank=True,
        related_name="topics",
        help_text="Who gets items of this topic. Nobody named: everybody.",
    )
    opted_out = models.ManyToManyField(
        Membership, blank=True, related_name="opted_out_of", help_text="Who asked not to get items of this topic."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="topic_once_per_project"),
            models.CheckConstraint(
                condition=Q(overlap=None) | Q(overlap__gte=1, overlap__lte=25), name="topic_overlap_1_to_25"
            ),
        ]

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


class Proposal(models.Model):
    """A reader's wish for another values statement; a curator accepts it, as a new version, or declines."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DECLINED = "declined"

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="proposals")
    based_on = models.ForeignKey(Guideline, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    reason = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(blank=True)
    became = models.ForeignKey(Guideline, null=True, on_delete=models.PROTECT, related_name="proposals")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["open", "accepted", "declined"]), name="proposal_known_state")
        ]

    def __str__(self) -> str:
        return f"proposal for {self.topic}"


class TermSet(models.Model):
    """Terms that stand for groups and can be put in each other's place in a prompt: the counterfactual strip's list."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="term_sets")
    name = models.CharField(max_length=120)
    terms = models.JSONField(default=list, help_text="A list of texts, each a term as it stands in prompts.")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="term_set_once_per_project")]

    def __str__(self) -> str:
        return self.name


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

"""What people said of an item: a verdict word, categories, severity, spans, a rewrite."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from annotation.models.project import Category, Guideline
from annotation.models.queue import Item, Seat

UNDO_WINDOW = timedelta(seconds=30)


class Severity(models.IntegerChoices):
    """How severe a bias is: the three words that every page and every form has for it."""

    MILD = 1, "1 mild"
    CLEAR = 2, "2 clear"
    SEVERE = 3, "3 severe"


class AnswerQuerySet(models.QuerySet["Answer"]):
    def standing(self) -> Self:
        """Answers that were not taken back."""
        return self.filter(undone_at=None)

    def final(self) -> Self:
        """Standing answers that can no longer be taken back: only these are frozen and exported."""
        return self.standing().filter(created_at__lte=timezone.now() - UNDO_WINDOW)

    def numbered(self) -> Self:
        """Standing answers in the order in which an item's readers are numbered where they go without names."""
        return self.standing().order_by("created_at", "pk")

    def with_first_outcome(self) -> Self:
        """Each with `first_outcome`: what this person said first at this seat, whatever they took back since."""
        at_the_seat = Answer.objects.filter(seat=OuterRef("seat"), annotator=OuterRef("annotator"))
        first = at_the_seat.order_by("created_at", "pk").values("outcome")[:1]
        return self.annotate(first_outcome=Subquery(first))


class Answer(models.Model):
    """One person's answer at one seat; a curator's own decision has no seat.

    `outcome` is about the item's `generation`: fine, biased; in a comparison FIRST is `generation`, SECOND is `other`,
    in whichever order they were shown. A correction is a new answer that `replaces` the one it takes back.
    `key` is made by the page: the same submit sent twice is one answer.
    """

    class Outcome(models.TextChoices):
        """In the words of the review screen's buttons. Only which of two is better is said otherwise there: A and B are
        the sides on which one reader sees them, and the next sees them the other way round."""

        FINE = "fine", "Fine"
        BIASED = "biased", "Biased"
        CANNOT_JUDGE = "cannot_judge", "Cannot judge"
        FIRST = "first", "The first is better"
        SECOND = "second", "The second is better"
        TIE = "tie", "Tie"
        BOTH_BAD = "both_bad", "Both bad"
        DEMONSTRATED = "demonstrated", "Demonstrated"

    WITH_A_REWRITE = ("biased", "first", "second", "demonstrated")

    key = models.UUIDField(unique=True)
    seat = models.ForeignKey(Seat, null=True, on_delete=models.CASCADE, related_name="answers")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="answers")
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    severity = models.PositiveSmallIntegerField(null=True, blank=True)
    categories = models.ManyToManyField(Category, blank=True, related_name="answers")
    rewrite = models.TextField(blank=True)
    reasons = models.JSONField(default=list, blank=True, help_text="Slugs of the project's rewrite reasons.")
    comment = models.TextField(blank=True)
    guideline = models.ForeignKey(Guideline, null=True, blank=True, on_delete=models.PROTECT, related_name="answers")
    active_ms = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")

    objects = AnswerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["annotator", "-created_at"], name="answer_by_annotator")]
        constraints = [
            models.UniqueConstraint(fields=["seat"], condition=Q(undone_at=None), name="one_standing_answer_per_seat"),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=["fine", "biased", "cannot_judge", "first", "second", "tie", "both_bad", "demonstrated"]
                ),
                name="answer_known_outcome",
            ),
            models.CheckConstraint(
                condition=Q(severity=None) | Q(severity__gte=1, severity__lte=3), name="severity_1_to_3"
            ),
            models.CheckConstraint(condition=Q(severity=None) | Q(outcome="biased"), name="only_bias_has_severity"),
            models.CheckConstraint(
                condition=Q(rewrite="") | Q(outcome__in=["biased", "first", "second", "demonstrated"]),
                name="a_rewrite_has_something_to_better",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} on {self.item_id}"

    @property
    def severity_in_words(self) -> str:
        """ "2 clear"; empty where none was said."""
        return Severity(self.severity).label if self.severity else ""

    @property
    def undo_ends_at(self) -> datetime:
        """Until when this answer can be taken back."""
        return self.created_at + UNDO_WINDOW

    @property
    def is_fresh(self) -> bool:
        """Whether it can still be taken back: so long, nothing tells how it compares with what is known."""
        return self.undo_ends_at > timezone.now()


class Span(models.Model):
    """Where in the model's answer the bias stands: [start, end) in Unicode code points."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="spans")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["start", "end"]
        constraints = [models.CheckConstraint(condition=Q(start__lt=F("end")), name="span_start_before_end")]

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"

"""What was settled about an item. One row, so that "settled" has one truth."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models.answer import UNDO_WINDOW, Answer
from annotation.models.queue import Item, Seat


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def final(self) -> Self:
        """Verdicts that no undo can take away any more: only these are frozen and exported.

        It is not enough that the answer they stand on is old: where readers agree, that is the first one's, and the
        last one's can still be taken back. What is said where the answer is known decides nothing, so it hides nothing.
        """
        fresh = Answer.objects.standing().filter(
            item=models.OuterRef("item"), seat__purpose=Seat.Purpose.WORK, created_at__gt=timezone.now() - UNDO_WINDOW
        )
        return self.filter(~models.Exists(fresh))


class Verdict(models.Model):
    """The answer that stands for an item, how it came to stand, and by whom."""

    class How(models.TextChoices):
        SINGLE = "single", "one reader"
        AGREEMENT = "agreement", "all readers agree"
        ADJUDICATION = "adjudication", "a curator decided"
        SEED = "seed", "came settled with the project"

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="verdict")
    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="verdict")
    how = models.CharField(max_length=12, choices=How.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = VerdictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=["single", "agreement", "adjudication", "seed"]), name="verdict_known_how"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.how}"

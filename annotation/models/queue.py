"""What waits to be read: a model's answers, the items they became, and the seats at each item."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.models.project import Prompt, Topic
from studio.models import Project, User
from training.models import ModelVersion


class Generation(models.Model):
    """An answer to a prompt: by a hosted `version` with a seed, or imported from one named in `model_name`.

    `author` is the person who wrote the text, where a comparison sets a rewrite against its original.
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="generations")
    version = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="generations")
    model_name = models.CharField(max_length=200)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    text = models.TextField()
    seed = models.BigIntegerField(null=True)
    sampling = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["model_name", "id"], name="generation_by_model")]
        constraints = [
            # One sample of a version per prompt and seed: a batch that is stored twice is stored once.
            models.UniqueConstraint(
                fields=["prompt", "version", "seed"],
                condition=Q(version__isnull=False),
                name="generation_once_per_seed",
            ),
            models.CheckConstraint(
                condition=Q(version=None) | Q(seed__isnull=False), name="hosted_answers_have_a_seed"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class ItemQuerySet(models.QuerySet["Item"]):
    def settled(self) -> Self:
        return self.filter(verdict__isnull=False)

    def disputed(self) -> Self:
        """Every seat answered, or retired, and no verdict: the answers do not agree.

        It takes two to disagree, so the search begins at answered seats beyond an item's first: none, where one reader
        is enough, however many items there are.
        """
        second = Seat.objects.filter(status=Seat.Status.ANSWERED, position__gt=0)
        waiting = Seat.objects.filter(item=models.OuterRef("pk"), status=Seat.Status.OPEN)
        return self.filter(~models.Exists(waiting), pk__in=second.values("item"), verdict=None)

    def unread(self) -> Self:
        """Items nobody has answered and nobody holds: what a newer model may replace.

        Retired seats count for nothing: there may be some since fewer readers are wanted. The search begins at open
        seats, so that it costs what is left to read, not what was ever read.
        """
        touched = Seat.objects.filter(item=models.OuterRef("pk")).touched()
        waiting = Seat.objects.open().filter(purpose=Seat.Purpose.WORK)
        return self.filter(~models.Exists(touched), pk__in=waiting.values("item"))

    def written_by(self, user: User) -> Self:
        """Items that hold this person's own words as an answer to be judged."""
        return self.filter(Q(generation__author=user) | Q(other__author=user))


class Item(models.Model):
    """One thing to be read and answered. Its `uuid` is the only name of it that leaves this room.

    review: `generation` is judged. compare: `generation` against `other`. demonstrate: neither; the prompt is answered.
    """

    class Mode(models.TextChoices):
        REVIEW = "review"
        COMPARE = "compare"
        DEMONSTRATE = "demonstrate"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="items")
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.REVIEW)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="items")
    generation = models.OneToOneField(Generation, null=True, on_delete=models.PROTECT, related_name="item")
    other = models.ForeignKey(
        Generation, null=True, blank=True, on_delete=models.PROTECT, related_name="compared_in", db_index=False
    )
    predicted_severity = models.FloatField(
        null=True, blank=True, help_text="0 to 3, guessed from what readers said of like answers. Null: no guess."
    )
    steered_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a curator put it into the queue, or took it out, by hand: the timer leaves it as it is.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["project", "id"], name="item_by_project"),
            models.Index(fields=["project", "mode", "id"], name="item_by_mode"),
            models.Index(fields=["project", "created_at"], name="item_by_date"),
            models.Index(fields=["other"], condition=Q(other__isnull=False), name="item_by_other"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(mode="review", generation__isnull=False, other=None)
                | Q(mode="compare", generation__isnull=False, other__isnull=False)
                | Q(mode="demonstrate", generation=None, other=None),
                name="item_has_what_its_mode_needs",
            ),
            models.UniqueConstraint(
                fields=["prompt"], condition=Q(mode="demonstrate"), name="item_demonstrates_a_prompt_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def text(self) -> str:
        """The model's answer that is judged or, in a comparison, the first of the two; none in a demonstration."""
        return self.generation.text if self.generation else ""


def free(at: datetime | None = None) -> Q:
    """Of seats: open, and nobody is at it now, or will be at `at`: unheld, or held on a lease that ran out. Of one that
    is loaded, `Seat.is_free` says the same."""
    return (Q(holder=None) | Q(lease_ends_at__lte=at or timezone.now())) & Q(status=Seat.Status.OPEN)


class SeatQuerySet(models.QuerySet["Seat"]):
    def open(self, *, at: datetime | None = None) -> Self:
        """Seats anybody could take now, or could at `at`: those that are free."""
        return self.filter(free(at))

    def touched(self) -> Self:
        """Seats that somebody answered, or is at now."""
        return self.exclude(status=Seat.Status.RETIRED).exclude(free())

    def held_by(self, user: User) -> Self:
        """Unanswered seats in this person's name; theirs until somebody else takes them, also past the lease."""
        return self.filter(status=Seat.Status.OPEN, holder=user)

    def open_to(self, user: User, project: Project, *, at: datetime | None = None) -> Self:
        """Seats this person could take: open, for them or for anybody, at an item where they neither sit, nor sat, nor
        skipped, and which does not hold their own words."""
        here = models.OuterRef("item")
        sat = Seat.objects.filter(item=here, holder=user).values("holder")[:1]
        skipped = Skip.objects.filter(item=here, user=user).values("user")[:1]
        wrote = Item.objects.written_by(user).filter(pk=here).values(who=models.Value(user.pk))[:1]
        # This asks seat by seat, and expects a yes. Of NOT EXISTS, PostgreSQL makes a join over all the person ever
        # did; of IS NULL, it expects one yes in two hundred, and prepares for a long search (JIT: 40 ms and more).
        number = models.BigIntegerField()
        met = [Exact(Coalesce(models.Subquery(one), 0, output_field=number), user.pk) for one in (sat, skipped, wrote)]
        for_them = Q(reserved_for=None) | Q(reserved_for=user)
        return self.open(at=at).filter(for_them, *(~Q(one) for one in met), project=project)

    def ahead_of(self, user: User, project: Project) -> Self:
        """Seats at items beyond the furthest one that this person has answered.

        With several readers per item, a fast reader leaves open seats behind that are not for them. Looking ahead
        first means that they are not walked over again for every claim.
        """
        mine = Seat.objects.filter(holder=user, project=project, status=Seat.Status.ANSWERED)
        seen = mine.order_by("-item").values("item")[:1]
        return self.filter(item__gt=Coalesce(models.Subquery(seen), 0))


class Seat(models.Model):
    """The right to answer one item once. An item that wants three readers has three.

    An expired lease *is* an open seat, so no cleaner is needed; overlap can never be exceeded because there is no
    fourth seat. Beside these stand seats of another purpose, each made for one person at an item whose answer is known.
    `topic` is the prompt's, said again so that an index leads to the next open seat of a topic.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        RETIRED = "retired"

    class Purpose(models.TextChoices):
        WORK = "work"
        GOLD = "gold"
        ONBOARDING = "onboarding"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="seats", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="seats", db_index=False)
    position = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="seats", db_index=False
    )
    lease_ends_at = models.DateTimeField(null=True, blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.WORK)
    reserved_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Nobody else gets it.",
    )
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    objects = SeatQuerySet.as_manager()

    class Meta:
        # Every index is partial: open seats are found among open seats, so that a claim costs the same after a million
        # answers as after one. One index of all seats by holder would be taken for "mine and open" too (SQLite does),
        # and walk over all that a person ever answered. `item` is the first column of the unique constraints.
        indexes = [
            models.Index(fields=["project", "item", "id"], condition=Q(status="open"), name="seat_open_in_order"),
            models.Index(fields=["holder", "project", "item"], condition=Q(status="open"), name="seat_open_by_holder"),
            models.Index(
                fields=["project", "topic", "item", "id"], condition=Q(status="open"), name="seat_open_by_topic"
            ),
            models.Index(
                fields=["reserved_for", "project", "item"],
                condition=Q(status="open", reserved_for__isnull=False),
                name="seat_open_reserved",
            ),
            models.Index(fields=["holder", "project", "item"], condition=Q(status="answered"), name="seat_answered_by"),
            models.Index(
                fields=["item"], condition=Q(status="answered", position__gt=0), name="seat_answered_beyond_first"
            ),
            # What the data browser walks, newest first.
            models.Index(fields=["project", "topic", "item"], condition=Q(position=0), name="seat_first_by_topic"),
            models.Index(fields=["project", "item"], condition=Q(status="retired"), name="seat_retired_in_order"),
            models.Index(
                fields=["project", "item"], condition=Q(status="open", holder__isnull=False), name="seat_held_in_order"
            ),
            models.Index(fields=["item"], condition=Q(purpose="onboarding"), name="seat_onboarding"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="seat_position_once_per_item"),
            models.UniqueConstraint(fields=["item", "holder"], name="nobody_sits_twice_at_one_item"),
            models.CheckConstraint(condition=Q(status__in=["open", "answered", "retired"]), name="seat_known_status"),
            models.CheckConstraint(
                condition=Q(holder=None, lease_ends_at=None) | Q(holder__isnull=False, lease_ends_at__isnull=False),
                name="a_holder_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status="answered") | Q(holder__isnull=False), name="answers_have_a_holder"
            ),
            models.CheckConstraint(condition=Q(purpose__in=["work", "gold", "onboarding"]), name="seat_known_purpose"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.position}"

    def is_free(self) -> bool:
        """As `free` says it, of this one."""
        ended = self.lease_ends_at is None or self.lease_ends_at <= timezone.now()
        return self.status == Seat.Status.OPEN and ended


class Skip(models.Model):
    """That a person passed on an item, and why; it is not offered to them again."""

    class Reason(models.TextChoices):
        UNCLEAR = "unclear", _("The prompt or the answer makes no sense")
        EXPERTISE = "expertise", _("I lack the background to judge this")
        TOO_HARD = "too_hard", _("Too hard for me")
        TECHNICAL = "technical", _("It does not show properly")
        OTHER = "other", _("Another reason")

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="skips")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    comment = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="skip_once_per_person_and_item")]

    def __str__(self) -> str:
        return f"{self.user} skipped {self.item_id}"


class Draft(models.Model):
    """What a person had written at an item before submitting: unfinished, or finished too late."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    data = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="draft_once_per_person_and_item")]

    def __str__(self) -> str:
        return f"draft of {self.user} at {self.item_id}"


class OverlapChangeQuerySet(models.QuerySet["OverlapChange"]):
    def waiting(self) -> Self:
        return self.filter(done_at=None)

    def about(self, project: Project, topic: Topic | None) -> Self:
        return self.filter(project=project, topic=topic)


class OverlapChange(models.Model):
    """That the queue is to be brought in line with another number of readers, and whether it has been.

    Written together with the number, so that neither a lost message nor a killed worker leaves the queue as it was.
    `topic` null: the items for which the project's number counts.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="overlap_changes")
    topic = models.ForeignKey(Topic, null=True, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(
        default=timezone.now, help_text="When somebody last worked on it, or a message about it was sent."
    )
    done_at = models.DateTimeField(null=True, blank=True)

    objects = OverlapChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["beat_at"], condition=Q(done_at=None), name="overlap_change_waiting")]

    def __str__(self) -> str:
        return f"overlap of {self.topic or self.project}"

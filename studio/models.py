"""The ground: people, projects, who may do what in which, and the book of what was done.

Both rooms above stand on it. A project is here and not in `annotation`, because training must also ask who may see it.
"""

from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Frozen(Exception):
    """A row that must not change was about to be changed or deleted."""


class AppendOnlyQuerySet(models.QuerySet):
    """Rows that are added and read, never changed."""

    def update(self, **kwargs: Any) -> int:
        raise Frozen(f"{self.model.__name__} rows are append-only")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Frozen(f"{self.model.__name__} rows are append-only")


class AppendOnly(models.Model):
    """Base of every noun whose history must stay true. A promise in Python; docs/architecture.md names the wall."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Frozen(f"{type(self).__name__} {self.pk} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Frozen(f"{type(self).__name__} {self.pk} is append-only")


class User(AbstractUser):
    """A person who can log in. What they may do is said per project, in `Membership`.

    The columns are their own settings, which hold in every project.
    """

    keys = models.JSONField(
        default=dict, blank=True, help_text=_("Keys of the review screen that differ from the usual: {action: key}.")
    )
    single_keys = models.BooleanField(default=True, help_text=_("Single keys act on the review screen (WCAG 2.1.4)."))
    language = models.CharField(max_length=10, blank=True, help_text=_("Empty: as the browser asks."))
    blur_from = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("Answers whose predicted severity reaches this (1 to 3) are blurred until asked. Empty: never."),
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            # The log-in takes a name in any case (`iexact`, which is UPPER on PostgreSQL): two would lock both out.
            models.UniqueConstraint(
                Upper("username"), name="user_name_once_in_any_case", violation_error_message=_("This name is taken.")
            ),
            models.CheckConstraint(
                condition=Q(blur_from=None) | Q(blur_from__gte=1, blur_from__lte=3), name="user_blur_from_1_to_3"
            ),
        ]

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def may_create_projects(self) -> bool:
        return self.is_superuser

    def role_in(self, project: "Project") -> "Role | None":
        """This person's role in `project`, or None; a superuser is an admin everywhere."""
        if self.is_superuser:
            return Role.ADMIN
        mine = project.memberships.filter(user=self).values_list("role", flat=True).first()
        return Role(mine) if mine else None


class Role(models.TextChoices):
    """What a member may do; each role may do all that the ones before it may."""

    ANNOTATOR = "annotator", _("annotator")
    CURATOR = "curator", _("curator")
    ADMIN = "admin", _("admin")

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)

    @property
    def may_curate(self) -> bool:
        return self.includes(Role.CURATOR)

    @property
    def may_administer(self) -> bool:
        return self.includes(Role.ADMIN)


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: Any) -> Self:
        """The projects that exist for `user`, each with `my_role`; every lookup of anything starts here."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self.annotate(my_role=Value(Role.ADMIN.value))
        return self.filter(memberships__user=user).annotate(my_role=F("memberships__role"))


def default_reasons() -> list[dict[str, str]]:
    """What a reviewer can say a rewrite did, until the project says otherwise."""
    return [
        {"slug": "stereotype-removed", "label": "Removed a stereotype"},
        {"slug": "perspective-added", "label": "Added a missing perspective"},
        {"slug": "fact-corrected", "label": "Corrected a fact"},
        {"slug": "respect", "label": "Made it respectful"},
        {"slug": "equal-help", "label": "Gave the same help"},
    ]


class Project(models.Model):
    """One model to improve, the people who review it, and the rules they agreed on."""

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    base_model = models.CharField(
        max_length=500,
        help_text=_("A hub id such as org/name, or a folder on this machine, of a Transformers causal language model."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    overlap = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(25)],
        help_text=_("How many people answer each item."),
    )
    lease_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 60)],
        help_text=_("How long an item stays reserved for the person who has it open, without a sign of life."),
    )
    stock = models.PositiveIntegerField(
        default=100,
        validators=[MaxValueValidator(100_000)],
        help_text=_("Unread answers kept ready for reviewers. 0 turns generation off."),
    )
    temperature = models.FloatField(default=0.8, validators=[MinValueValidator(0), MaxValueValidator(5)])
    top_p = models.FloatField(default=1.0, validators=[MinValueValidator(0.01), MaxValueValidator(1)])
    max_new_tokens = models.PositiveIntegerField(
        default=256, validators=[MinValueValidator(1), MaxValueValidator(8192)]
    )

    round_every = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Open a round by itself when so many new demonstrations are settled. Empty: never."),
    )
    round_cron = models.CharField(
        max_length=100,
        blank=True,
        help_text=_("Or by the clock: minute hour day month weekday, as in crontab. Empty: never."),
    )
    auto_promote = models.BooleanField(
        default=False,
        help_text=_("A candidate that passes the gate goes live by itself; else a person presses the button."),
    )
    recipe = models.JSONField(default=dict, blank=True, help_text=_("Training settings that differ from the defaults."))
    gate_limits = models.JSONField(default=dict, blank=True, help_text=_("Gate limits that differ from the defaults."))
    suites = models.JSONField(default=list, blank=True, help_text=_("Names of the evaluation suites the gate asks."))

    share_review = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(100)],
        help_text=_("How many of the new items are reviews: one answer is judged, marked and rewritten."),
    )
    share_compare = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("How many are comparisons: two answers to one prompt, which is better?"),
    )
    share_demonstrate = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("How many are demonstrations: only the prompt is shown, and the answer is written."),
    )
    rewrite_reasons = models.JSONField(
        default=default_reasons, blank=True, help_text=_("What a reviewer can say a rewrite did: [{slug, label}].")
    )
    gold_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(50)],
        help_text=_("Of a hundred items a person gets, so many are gold items, whose answer is known."),
    )
    onboarding_items = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("So many gold items come first for a new annotator. 0: no onboarding."),
    )
    onboarding_percent = models.PositiveSmallIntegerField(
        default=80,
        validators=[MaxValueValidator(100)],
        help_text=_("Per cent of the onboarding items on which the verdict must be the known one."),
    )
    sitting_minutes = models.PositiveSmallIntegerField(
        default=50, validators=[MaxValueValidator(24 * 60)], help_text=_("A break is proposed after so long. 0: never.")
    )
    exposure_budget = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(10_000)],
        help_text=_("A break is proposed when the severities of a sitting's answers add up to this. 0: never."),
    )
    check_in = models.BooleanField(
        default=True, help_text=_("Ask everybody two questions a week; only the average of five or more is shown.")
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(overlap__gte=1, overlap__lte=25), name="project_overlap_1_to_25"),
            models.CheckConstraint(condition=Q(lease_minutes__gte=1), name="project_lease_at_least_1_minute"),
            models.CheckConstraint(
                condition=Q(share_review__gt=0) | Q(share_compare__gt=0) | Q(share_demonstrate__gt=0),
                name="project_has_a_way_of_working",
            ),
        ]

    def __str__(self) -> str:
        return self.name


def pseudonym(project_id: int, user_id: int) -> str:
    """The name under which exports of a project know a person, whether they are a member, were one, or never joined.

    It is made from the studio's secret and kept nowhere, so that nobody who leaves and comes back gets another one,
    and only who has the secret can tell from a name whose it is.
    """
    return f"p-{salted_hmac('pseudonym', f'{project_id}/{user_id}').hexdigest()[:10]}"


SMALLEST_GROUP = 5
"""Sums over fewer people than this are not shown: one could tell who is in them."""


class Background(models.Model):
    """A group of which a project asks whether its annotators belong to it, so that disagreement can be seen by group.

    Who belongs to which is each person's own to say, or not; only sums over enough people are shown.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="backgrounds")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="background_once_per_project")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a project, with a role; exports know them by their pseudonym."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    joined_at = models.DateTimeField(auto_now_add=True)
    backgrounds = models.ManyToManyField(
        Background, blank=True, related_name="memberships", help_text=_("Said by the person; shown to nobody else.")
    )
    onboarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once_per_project"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} in {self.project}"

    @property
    def pseudonym(self) -> str:
        return pseudonym(self.project_id, self.user_id)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Those that let somebody in now."""
        return self.filter(revoked_at=None, uses_left__gt=0, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that lets whoever has it join a project in a role, until it expires, is used up or is taken back.

    Only the SHA-256 of the link's secret is kept; and who used it, so that it works once for each person.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=20, choices=Role.choices)
    note = models.CharField(max_length=200, blank=True)
    uses_left = models.PositiveSmallIntegerField(default=1)
    used_by = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_known_role")]

    def __str__(self) -> str:
        return f"invitation to {self.project} as {self.role}"

    @property
    def state(self) -> str:
        """open, used up, expired or taken back."""
        if self.revoked_at:
            return "taken back"
        if not self.uses_left:
            return "used up"
        return "open" if self.expires_at > timezone.now() else "expired"


class AuditQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Entries of projects this person administers; a superuser reads all."""
        if user.is_superuser:
            return self
        mine = Membership.objects.filter(user_id=user.pk, role=Role.ADMIN).values("project")
        return self.filter(project__in=mine)


class AuditEntry(AppendOnly):
    """Who did what to what, when, why. Written only by `studio.audit.record`."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=40)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="+")
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=80, blank=True)
    target_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["project", "-id"], name="audit_by_project")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor or 'the studio'} {self.verb} {self.target_name}"

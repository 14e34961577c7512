"""Shapes of what the studio's own pages send."""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from annotation.policy import BadCron, check_cron
from studio.models import Project, Role
from training import start
from training.models import Snapshot
from training.science.gate import Limits
from training.start import NOT_A_SETTING
from training.suites import known_names

UNSTORABLE = re.compile(r"\\u0000|[\ud800-\udfff]")
"""In JSON: NUL, which it escapes, and halves of surrogate pairs."""


class MemberForm(forms.Form):
    """A name and a role."""

    username = forms.RegexField(
        r"^[\w.@+-]+$",
        max_length=150,
        help_text="An existing account, or a name for a new one: letters, digits and @.+-_",
    )
    role = forms.ChoiceField(choices=Role.choices)


class ProjectForm(forms.ModelForm):
    """What a new project needs; the rest has defaults and stands on the settings page."""

    class Meta:
        model = Project
        fields = ("name", "slug", "description", "base_model")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        self.fields["slug"].help_text = "The project's address. Left empty, it is made from the name."

    def clean_base_model(self) -> str:
        """A folder must hold a model now; a hub is asked when the model is loaded."""
        name = self.cleaned_data["base_model"].strip()
        try:
            start.check_base_model(name)
        except start.CannotOpen as refusal:
            raise ValidationError(str(refusal)) from refusal
        return name

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""))
        if not slug:
            raise ValidationError(
                "Give an address of Latin letters, digits and hyphens: none could be made from the name."
            )
        if Project.objects.filter(slug=slug).exists():
            raise ValidationError(f"The address {slug} is taken.")
        return slug


class SettingsForm(forms.ModelForm):
    """Everything an admin may change of a project. Changes count from the next item, round or batch on."""

    class Meta:
        model = Project
        fields = (
            "name",
            "description",
            "overlap",
            "lease_minutes",
            "stock",
            "temperature",
            "top_p",
            "max_new_tokens",
            "round_every",
            "round_cron",
            "auto_promote",
            "recipe",
            "gate_limits",
            "suites",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

        labels = {
            "overlap": "Readers per answer",
            "lease_minutes": "Minutes an item is reserved",
            "stock": "Unread answers kept ready",
            "top_p": "Top p",
            "max_new_tokens": "Longest answer, in tokens",
            "round_every": "A round after so many new demonstrations",
            "round_cron": "A round by the clock",
            "auto_promote": "Promote by itself what passes the gate",
            "recipe": "Training recipe",
            "suites": "Evaluation suites",
            "gate_limits": "Gate limits",
        }

    GROUPS = (
        ("The project", ("name", "description")),
        ("Reviewing", ("overlap", "lease_minutes")),
        ("Answers", ("stock", "temperature", "top_p", "max_new_tokens")),
        ("Rounds", ("round_every", "round_cron", "auto_promote", "recipe")),
        ("Evidence and gate", ("suites", "gate_limits")),
    )

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]

    def clean_round_cron(self) -> str:
        text = self.cleaned_data["round_cron"].strip()
        try:
            check_cron(text)
        except BadCron as refusal:
            raise ValidationError(str(refusal)) from refusal
        return text

    def clean_recipe(self) -> dict[str, Any]:
        def build(given: dict[str, Any]) -> None:
            start.make_spec(Snapshot(project=Project(base_model="x")), given)
            start.check_replay(given.get("replay_path", ""))

        return self._checked("recipe", build, NOT_A_SETTING)

    def clean_gate_limits(self) -> dict[str, Any]:
        return self._checked("gate_limits", Limits.of, set())

    def clean_suites(self) -> list[str]:
        suites = self._storable("suites") or []
        if not isinstance(suites, list) or not all(isinstance(name, str) for name in suites):
            raise ValidationError('A list of suite names, such as ["starter_probes", "capability"].')
        known = known_names()
        if unknown := [name for name in suites if name not in known]:
            raise ValidationError(
                f"There is no evaluation suite {', '.join(f'“{name}”' for name in unknown)}. "
                f"Known suites: {', '.join(known) or 'none'}."
            )
        if len(set(suites)) != len(suites):
            raise ValidationError("An evaluation suite is named twice.")
        return suites

    def _storable(self, name: str) -> Any:
        """What was given; PostgreSQL's JSON keeps no NUL."""
        given = self.cleaned_data[name]
        if UNSTORABLE.search(json.dumps(given, ensure_ascii=False)):
            raise ValidationError("It holds a character that cannot be stored.")
        return given

    def _checked(self, name: str, build: Any, fixed: set[str]) -> dict[str, Any]:
        given = self._storable(name) or {}
        if not isinstance(given, dict):
            raise ValidationError('Settings by name, such as {"learning_rate": 0.0005}.')
        if taken := sorted(fixed & set(given)):
            raise ValidationError(f"{', '.join(taken)}: set by the round itself.")
        try:
            json.dumps(given, allow_nan=False)  # the database keeps no infinity
        except ValueError as error:
            raise ValidationError("Every number must be finite.") from error
        try:
            build(given)
        except start.BadRecipe as error:
            raise ValidationError(str(error)) from error
        except ValueError as error:
            raise ValidationError(str(error)) from error
        except TypeError as error:
            raise ValidationError("Every value must be a number.") from error
        return given


class TaxonomyForm(forms.Form):
    """The bias categories, one per line: ``Name: description``; the order is the order of the keys."""

    categories = forms.CharField(widget=forms.Textarea(attrs={"rows": 8}))

    def clean_categories(self) -> list[tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for number, line in enumerate(self.cleaned_data["categories"].splitlines(), 1):
            if not line.strip():
                continue
            name, _, description = (part.strip() for part in line.partition(":"))
            slug = slugify(name)
            if not slug or len(name) > 60 or len(slug) > 60:
                raise ValidationError(
                    f"Line {number}: a category needs a name of at most 60 letters, with a Latin one in it."
                )
            if slug in found:
                raise ValidationError(f"Line {number}: {name} stands there twice.")
            found[slug] = (name, description)
        return list(found.values())

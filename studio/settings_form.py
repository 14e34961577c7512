"""The shape of a project's settings: everything an admin may change, in groups, each field with what it means."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from annotation.policy import BadCron, check_cron
from studio.models import Project
from training import start
from training.models import Snapshot
from training.science.gate import Limits
from training.science.spec import RoundSpec
from training.start import NOT_A_SETTING
from training.suites import known_names

UNSTORABLE = re.compile(r"\\u0000|[\ud800-\udfff]")
"""In JSON: NUL, which it escapes, and halves of surrogate pairs."""

MOST_REASONS = 20
SHARES = ("share_review", "share_compare", "share_demonstrate")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

Row = str | tuple[str, ...]
"""One field, or several beside each other."""


def _defaults(cls: type) -> str:
    """The keys of a settings dataclass, each with its default, as the help text lists them."""
    named = [(f.name, f.default) for f in fields(cls) if f.name not in NOT_A_SETTING]
    return ", ".join(f"{name} {json.dumps(default)}" for name, default in named)


def _limits(given: Mapping[str, Any]) -> None:
    known = [f.name for f in fields(Limits)]
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"{', '.join(unknown)}: not a gate limit. The limits are {', '.join(known)}.")
    Limits.of(given)


class ReasonsField(forms.CharField):
    """``slug: Label`` lines on the page, ``[{slug, label}]`` in the database."""

    widget = forms.Textarea(attrs={"rows": 6})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{reason['slug']}: {reason['label']}" for reason in value)
        return value

    def clean(self, value: Any) -> Any:
        found: dict[str, str] = {}
        for number, line in enumerate(super().clean(value).splitlines(), 1):
            if not line.strip():
                continue
            slug, label = self._split(line.strip())
            if not slug or not label or len(slug) > 60 or len(label) > 80:
                raise ValidationError(
                    f"Line {number}: a reason needs a word in Latin letters for exports, and at most 80 letters for "
                    "people, as in “respect: Made it respectful”."
                )
            if slug in found:
                raise ValidationError(f"Line {number}: {slug} stands there twice.")
            found[slug] = label
        if len(found) > MOST_REASONS:
            raise ValidationError(f"At most {MOST_REASONS} reasons, and these are {len(found)}.")
        return [{"slug": slug, "label": label} for slug, label in found.items()]

    @staticmethod
    def _split(line: str) -> tuple[str, str]:
        slug, colon, label = (part.strip() for part in line.partition(":"))
        return (slug, label) if colon and SLUG.fullmatch(slug) else (slugify(line), line)


class SettingsForm(forms.ModelForm):
    """Everything an admin may change of a project. Changes count from the next item, round or batch on."""

    rewrite_reasons = ReasonsField(
        required=False,
        label="Reasons for a rewrite",
        max_length=4000,
        help_text="What a reviewer can say a rewrite did. One per line, as “word: What the button says”; the word is "
        "what exports use, and is made from the sentence if left out. Keep a word, and a new sentence joins the old "
        "answers. Empty: nothing is asked.",
    )

    class Meta:
        model = Project
        fields = (
            "name",
            "description",
            *SHARES,
            "overlap",
            "lease_minutes",
            "rewrite_reasons",
            "gold_percent",
            "onboarding_items",
            "onboarding_percent",
            "sitting_minutes",
            "exposure_budget",
            "check_in",
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
            "share_review": "Reviews",
            "share_compare": "Comparisons",
            "share_demonstrate": "Demonstrations",
            "overlap": "Readers per answer",
            "lease_minutes": "Minutes an item is reserved",
            "gold_percent": "Gold items, per cent",
            "onboarding_items": "Items of the onboarding",
            "onboarding_percent": "Passed from, per cent",
            "sitting_minutes": "Break after, in minutes",
            "exposure_budget": "Break after, in severity",
            "check_in": "Weekly check-in",
            "stock": "Unread answers kept ready",
            "top_p": "Top p",
            "max_new_tokens": "Longest answer, in tokens",
            "round_every": "Round by count",
            "round_cron": "Round by the clock",
            "auto_promote": "Promote by itself what passes the gate",
            "recipe": "Training recipe",
            "suites": "Evaluation suites",
            "gate_limits": "Gate limits",
        }
        help_texts = {
            "gold_percent": "Of every hundred items a person gets, how many are gold items, whose answer is known.",
            "onboarding_items": "How many gold items come first for a new annotator. 0: no onboarding.",
            "round_every": "A round opens by itself when this many new demonstrations are settled. Empty: never.",
            "overlap": "How many people answer each new item. Changed under Assignment, it also reaches the items that "
            "are in the queue already.",
            "temperature": "0 to 5; 0 gives the most likely answer every time, 1 is how the model was trained.",
            "top_p": "0.01 to 1: only the likeliest words that together have this probability; 1 is all.",
            "max_new_tokens": "An answer that reaches this is cut off. A token is about three quarters of a word.",
            "exposure_budget": "A mild answer counts 1, a clear one 2, a severe one 3. When those of one sitting add "
            "up to this, a break is proposed. 0: never.",
        }

    GROUPS: tuple[tuple[str, str, str, tuple[Row, ...]], ...] = (
        ("project", "The project", "", ("name", "description")),
        (
            "work",
            "Ways of working",
            "New items are mixed by these shares: 3, 1 and 0 make three reviews for every comparison.",
            (SHARES,),
        ),
        ("reviewing", "Reviewing", "", (("overlap", "lease_minutes"), "rewrite_reasons")),
        (
            "quality",
            "Gold and onboarding",
            "Gold items are settled items whose answer is known; the assignment page says which. Readers cannot tell.",
            ("gold_percent", ("onboarding_items", "onboarding_percent")),
        ),
        (
            "wellbeing",
            "Wellbeing",
            "A break is proposed, never forced.",
            (("sitting_minutes", "exposure_budget"), "check_in"),
        ),
        ("answers", "Answers", "", (("stock", "max_new_tokens"), ("temperature", "top_p"))),
        ("rounds", "Rounds", "", (("round_every", "round_cron"), "auto_promote", "recipe")),
        ("evidence", "Evidence and gate", "", ("suites", "gate_limits")),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields[
            "recipe"
        ].help_text = (
            f'A JSON object with what differs from the defaults, such as {{"epochs": 5}}. Keys: {_defaults(RoundSpec)}.'
        )
        self.fields["gate_limits"].help_text = f"A JSON object in the same way. Keys: {_defaults(Limits)}."
        self.fields["suites"].help_text = (
            'What the gate asks, as a JSON list, such as ["starter_probes"]. Known suites: '
            f"{', '.join(known_names()) or 'none'}."
        )

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The fields as the page lays them out: `id`, `title`, `lead`, `rows` of one or more fields."""
        return [
            {
                "id": name,
                "title": title,
                "lead": lead,
                "rows": [[self[f] for f in ((row,) if isinstance(row, str) else row)] for row in rows],
            }
            for name, title, lead, rows in self.GROUPS
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if all(cleaned.get(name) == 0 for name in SHARES):
            self.add_error("share_review", "At least one of the three ways of working needs a share above 0.")
        return cleaned

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
        return self._checked("gate_limits", _limits, set())

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

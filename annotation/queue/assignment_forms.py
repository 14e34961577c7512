"""Forms of the pages about assignment: shape only."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from annotation.models import Topic
from studio.models import Membership, Project

HIDDEN = forms.HiddenInput
LONGEST_EXPLANATION = 2000
UUID_IN = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class MemberChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.user.display_name} ({obj.get_role_display()})"


class TopicForm(forms.Form):
    """Who reads a topic, how many of them, and what is said first."""

    overlap = forms.IntegerField(
        required=False,
        label="Readers per item",
        validators=[MinValueValidator(1), MaxValueValidator(25)],
    )
    readers = MemberChoice(
        Membership.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Who gets its items",
        help_text="Nobody ticked: everybody.",
    )
    warning = forms.CharField(
        required=False,
        max_length=300,
        label="Content warning",
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text="Said before the first item of a sitting: what a reader may meet. Empty: nothing is said.",
    )

    def __init__(self, topic: Topic, data: Any = None):
        initial = {"overlap": topic.overlap, "readers": topic.readers.all(), "warning": topic.warning}
        super().__init__(data, initial=initial)
        members = topic.project.memberships.select_related("user").order_by("user__username")
        self.fields["readers"].queryset = members  # type: ignore[attr-defined]
        self.fields["overlap"].help_text = f"How many people answer each item. Empty: {topic.project.overlap}, as the "
        self.fields["overlap"].help_text += "project says."


class NumbersForm(forms.ModelForm):
    """The project's own numbers."""

    class Meta:
        model = Project
        fields = ["overlap", "gold_percent", "onboarding_items", "onboarding_percent"]
        labels = {
            "overlap": "Readers per item",
            "gold_percent": "Gold items, per cent",
            "onboarding_items": "Onboarding items",
            "onboarding_percent": "Of these right, per cent",
        }


class GoldForm(forms.Form):
    """Which item is to be gold, and what people read after they have answered it."""

    item = forms.CharField(
        label="Item",
        max_length=500,
        help_text="The address of its page, or the name (UUID) that stands there. It must be settled: the verdict "
        "is the known answer.",
    )
    explanation = forms.CharField(
        required=False,
        max_length=LONGEST_EXPLANATION,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text="Why this is the answer. People read it after they have answered.",
    )

    def clean_item(self) -> UUID:
        """An item's name stands in its address; the last one counts, and nothing else of it."""
        found = UUID_IN.findall(self.cleaned_data["item"])
        if not found:
            raise ValidationError("This is no item's name: it looks like 3f2a8c1e-… and stands on the item's page.")
        return UUID(found[-1])

"""Shapes of what the machines' pages send: how to train, and why to promote."""

from typing import Any

from django import forms

from training.models import Snapshot
from training.start import BadRecipe, make_spec

AS_USUAL = ("", "as the project says")


class RecipeForm(forms.Form):
    """Training settings of one round; what is left empty is as the project says."""

    reason = forms.CharField(
        required=False, max_length=500, help_text="Why now? It stands in the round's history and in the audit book."
    )
    learning_rate = forms.FloatField(required=False)
    epochs = forms.FloatField(required=False, help_text="Passes over the training rows.")
    max_steps = forms.IntegerField(required=False, help_text="Optimiser steps; overrules epochs. -1: by epochs.")
    batch_size = forms.IntegerField(required=False, help_text="Rows per optimiser step.")
    max_length = forms.IntegerField(required=False, help_text="Tokens per row; longer rows are refused, never cut.")
    use_accepted = forms.ChoiceField(
        required=False,
        choices=[AS_USUAL, ("yes", "yes"), ("no", "no")],
        help_text="Learn also from answers that reviewers found fine.",
    )
    replay_share = forms.FloatField(
        required=False, help_text="Neutral rows per snapshot row, if the project names a file of them."
    )
    lora_rank = forms.IntegerField(required=False, label="LoRA rank", help_text="Rank r of the adapter matrices.")
    lora_alpha = forms.IntegerField(
        required=False, label="LoRA alpha", help_text="The adapter's output is multiplied by alpha / r."
    )
    lora_dropout = forms.FloatField(required=False, label="LoRA dropout", help_text="Share of inputs set to zero.")
    scheduler = forms.ChoiceField(
        required=False, choices=[AS_USUAL, ("linear", "linear"), ("cosine", "cosine"), ("constant", "constant")]
    )
    warmup_steps = forms.IntegerField(required=False)
    weight_decay = forms.FloatField(required=False)
    precision = forms.ChoiceField(
        required=False, choices=[AS_USUAL, ("auto", "auto"), ("float32", "float32"), ("bfloat16", "bfloat16")]
    )
    save_steps = forms.IntegerField(required=False, help_text="Optimiser steps between checkpoints.")
    seed = forms.IntegerField(required=False)

    def __init__(self, *args: Any, snapshot: Snapshot, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.snapshot = snapshot
        try:
            usual = make_spec(snapshot).as_dict()
        except BadRecipe:
            usual = {}  # the project's own recipe is wrong: `clean` says so
        for name, field in self.fields.items():
            if name in usual and not isinstance(field, forms.ChoiceField):
                field.widget.attrs["placeholder"] = usual[name]

    def recipe(self) -> dict[str, Any]:
        """The settings that were given."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        given.pop("reason", None)
        if "use_accepted" in given:
            given["use_accepted"] = given["use_accepted"] == "yes"
        return given

    def clean(self) -> dict[str, Any]:
        try:
            make_spec(self.snapshot, self.recipe())
        except BadRecipe as error:
            here = error.field in self.fields
            self.add_error(error.field if here else None, error.rule.capitalize() if here else str(error))
        return self.cleaned_data


class CancelForm(forms.Form):
    """Why a round is cancelled, if somebody says so."""

    reason = forms.CharField(required=False, max_length=500)


class PromoteForm(forms.Form):
    """Why a version goes live; against the gate, or on an old verdict, the reason must be written."""

    reason = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    against_gate = forms.BooleanField(required=False)
    old_verdict = forms.BooleanField(required=False)

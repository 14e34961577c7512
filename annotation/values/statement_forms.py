"""Shapes of what the guideline pages send."""

from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError

from annotation.values.guidelines import LONGEST, ChangedMeanwhile


def no_nul(text: str) -> None:
    if "\0" in text:
        raise ValidationError("The text contains a NUL character.")


class Words(forms.CharField):
    """Text of several lines, as it was written: only Windows' line breaks become one."""

    widget = forms.Textarea

    def __init__(self, **options: Any):
        super().__init__(**{"max_length": LONGEST, "strip": True, "validators": [no_nul], **options})

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class StatementForm(forms.Form):
    """A new version; `seen` is the one that was in force when the page was opened."""

    text = Words(
        label="Values statement",
        help_text="Markdown: **bold**, - lists, > quotes, [links](https://…).",
        error_messages={"required": "A values statement needs words."},
        widget=forms.Textarea(attrs={"rows": 16, "dir": "auto", "spellcheck": "true"}),
    )
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def again(self, refusal: Exception) -> Self:
        """The same words, with what speaks against them, written from now on against what is in force by now."""
        data = {name: self.data[name] for name in self.data}
        if isinstance(refusal, ChangedMeanwhile):
            data["seen"] = str(refusal.current)
        form = type(self)(data)
        form.add_error("text", str(refusal))
        return form


class ProposeForm(StatementForm):
    """The same as a wish, with why."""

    reason = Words(
        label="Why",
        max_length=2000,
        help_text="What happened that the statement does not help with? Curators read it, and so may the team.",
        error_messages={"required": "Say why: the curators decide by it."},
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class AcceptForm(StatementForm):
    """What the curator puts in force, and a word to the one who proposed it."""

    remark = Words(
        label="A word to the author", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class DeclineForm(forms.Form):
    reason = Words(
        label="Why not",
        max_length=2000,
        error_messages={"required": "Say why: the person who proposed it reads it."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class TopicForm(forms.Form):
    name = forms.CharField(max_length=120, validators=[no_nul], error_messages={"required": "Name the topic."})
    text = Words(label="Values statement", required=False, widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}))

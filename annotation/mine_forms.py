"""The form in which a person corrects an answer of theirs: shape only."""

import uuid
from typing import Any

from django import forms

from annotation.models import Answer, Category, Item
from annotation.shapes import LONGEST_COMMENT, LONGEST_REWRITE, BadShape, Said, read_said
from annotation.submit import said_in

CHOICES = {
    "review": [("fine", "Fine"), ("biased", "Biased"), ("cannot_judge", "I cannot judge it")],
    "compare": [
        ("left", "A is better"),
        ("right", "B is better"),
        ("tie", "As good as each other"),
        ("both_bad", "Both are bad"),
        ("cannot_judge", "I cannot judge them"),
    ],
    "demonstrate": [("demonstrated", "This is how it should be answered"), ("cannot_judge", "I cannot answer it")],
}
OF_BIAS = ("categories", "severity")
WITH_A_REWRITE = ("biased", "left", "right", "demonstrated")


class CorrectionForm(forms.Form):
    """What the review screen asks, for the item's way of working; it starts as what was said.

    The places that were marked are kept as they are where the outcome stays biased: they are marked on the review
    screen, with the text in front of one.
    """

    outcome = forms.ChoiceField(widget=forms.RadioSelect, label="What I say")
    categories = forms.ModelMultipleChoiceField(
        Category.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, help_text="For a biased answer."
    )
    severity = forms.TypedChoiceField(
        choices=[("", "–"), (1, "1 mild"), (2, "2 clear"), (3, "3 severe")],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="For a biased answer.",
    )
    rewrite = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_REWRITE,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto", "spellcheck": "true"}),
    )
    reasons = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="What the rewrite does"
    )
    comment = forms.CharField(
        required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )
    new_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, answer: Answer, data: Any = None):
        self.answer, item = answer, answer.item
        self.before = said_in(answer)
        said = self.before
        rewrite = said.rewrite or (item.text if item.mode == Item.Mode.REVIEW else "")
        initial = {**said.as_draft(), "rewrite": rewrite}
        super().__init__(data, initial=initial)
        self.fields["outcome"].choices = CHOICES[item.mode]  # type: ignore[attr-defined]
        self.fields["categories"].queryset = item.project.categories.all()  # type: ignore[attr-defined]
        reasons = [(reason["slug"], reason["label"]) for reason in item.project.rewrite_reasons]
        self.fields["reasons"].choices = reasons  # type: ignore[attr-defined]
        self.fields["rewrite"].help_text = HELP[item.mode]
        for name in OF_BIAS if item.mode != Item.Mode.REVIEW else ():
            del self.fields[name]
        if item.mode == Item.Mode.DEMONSTRATE or not reasons:
            del self.fields["reasons"]

    def clean(self) -> dict[str, Any]:
        """The fields together, as the review screen's own door would take them; `said` holds the result."""
        clean = super().clean() or {}
        if self.errors:
            return clean
        outcome = clean["outcome"]
        rewrite = clean["rewrite"].replace("\r\n", "\n") if outcome in WITH_A_REWRITE else ""
        biased = outcome == "biased"
        data = {
            "outcome": outcome,
            "categories": [category.pk for category in clean.get("categories", ())] if biased else [],
            "severity": clean.get("severity") if biased else None,
            "spans": self.before.as_draft()["spans"] if biased else [],
            "rewrite": rewrite,
            "reasons": list(clean.get("reasons", ())) if rewrite.strip() else [],
            "comment": clean["comment"].replace("\r\n", "\n"),
        }
        try:
            clean["said"] = read_said(data)
        except BadShape as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return clean

    @property
    def said(self) -> Said:
        return self.cleaned_data["said"]


HELP = {
    "review": "For a biased answer: how it should have read.",
    "compare": "If you like: the better of the two, bettered.",
    "demonstrate": "The answer that the prompt should get.",
}


class CheckInForm(forms.Form):
    """Two questions a week, both may be left blank."""

    SCALE = [("", "rather not say"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]
    worth = forms.TypedChoiceField(
        choices=SCALE, required=False, coerce=int, empty_value=None, widget=forms.RadioSelect,
        label="Was this time well spent?", help_text="1: not at all. 5: very much.",
    )  # fmt: skip
    mood = forms.TypedChoiceField(
        choices=SCALE, required=False, coerce=int, empty_value=None, widget=forms.RadioSelect,
        label="How are you?", help_text="1: badly. 5: very well.",
    )  # fmt: skip

"""The form in which a curator writes a decision of their own: shape only."""

from typing import Any

from django import forms

from annotation.models import Answer, Category, Item
from annotation.shapes import LONGEST_COMMENT, LONGEST_REWRITE, BadShape, Said, read_said


class DecisionForm(forms.Form):
    """An outcome and, for a biased answer, what is wrong with it and how it should read."""

    outcome = forms.ChoiceField(
        choices=[("biased", "Biased"), ("fine", "Fine"), ("cannot_judge", "Cannot be judged")], widget=forms.RadioSelect
    )
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
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        help_text="For a biased answer: how it should have read. It starts as the model's own words.",
    )
    comment = forms.CharField(required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 2}))
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why you decided so. Kept in the audit book.",
    )
    guideline = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, item: Item, data: Any = None):
        topic = item.prompt.topic
        shown = topic.guideline if topic else None
        super().__init__(
            data, initial={"rewrite": item.text, "guideline": shown.version if shown else None}, prefix="own"
        )
        self.fields["categories"].queryset = item.project.categories.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The fields together, as the review screen's own door would take them; `said` holds the result."""
        clean = super().clean() or {}
        if self.errors:
            return clean
        biased = clean["outcome"] == Answer.Outcome.BIASED
        try:
            clean["said"] = read_said(
                {
                    "outcome": clean["outcome"],
                    "categories": [category.pk for category in clean["categories"]],
                    "severity": clean["severity"],
                    # the box is prefilled, so what stands in it counts only where it is asked for
                    "rewrite": clean["rewrite"].replace("\r\n", "\n") if biased else "",
                    "comment": clean["comment"].replace("\r\n", "\n"),
                    "guideline": clean["guideline"],
                }
            )
        except BadShape as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return clean

    @property
    def said(self) -> Said:
        return self.cleaned_data["said"]

"""The form in which a curator writes a decision of their own: shape only."""

from typing import Any

from django import forms

from annotation.models import Answer, Category, Item, Severity
from annotation.queue.shapes import (
    FIELDS_OF,
    LONGEST_COMMENT,
    LONGEST_REWRITE,
    WORDS,
    BadShape,
    Said,
    lacking,
    read_parts,
)
from annotation.science.diff import one_line_end
from annotation.submit import refuse_an_echo

REWRITE_HELP = {
    Item.Mode.REVIEW: "How it should have read. It starts as the model's own words.",
    Item.Mode.COMPARE: "If you like: the better answer, made better still. Left as it is, it does not count.",
    Item.Mode.DEMONSTRATE: "What an ideal answer says.",
}


REWRITE_SAYS = {
    Item.Mode.REVIEW: "needed if biased",
    Item.Mode.COMPARE: "optional",
    Item.Mode.DEMONSTRATE: "needed, unless it cannot be judged",
}


class DecisionForm(forms.Form):
    """An outcome and, for a biased answer, what is wrong with it and how it should read."""

    outcome = forms.ChoiceField(widget=forms.RadioSelect)
    categories = forms.ModelMultipleChoiceField(
        Category.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    severity = forms.TypedChoiceField(
        choices=[("", "–"), *Severity.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    rewrite = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_REWRITE,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto", "spellcheck": "true"}),
    )
    comment = forms.CharField(required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 2}))
    guideline = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, item: Item, data: Any = None):
        topic = item.prompt.topic
        shown = topic.guideline if topic else None
        super().__init__(
            data, initial={"rewrite": item.text, "guideline": shown.version if shown else None}, prefix="own"
        )
        self.item = item
        outcomes = [(word, Answer.Outcome(word).label) for word in WORDS[item.mode]]
        self.fields["outcome"].choices = outcomes  # type: ignore[attr-defined]
        self.fields["rewrite"].help_text = REWRITE_HELP[Item.Mode(item.mode)]
        self.fields["categories"].queryset = item.project.categories.all()  # type: ignore[attr-defined]
        if item.mode != Item.Mode.REVIEW:
            del self.fields["categories"], self.fields["severity"]
        if item.mode == Item.Mode.DEMONSTRATE:
            self.fields["rewrite"].label = "Answer"

    def clean(self) -> dict[str, Any]:
        """The fields together, as the review screen's own door would take them; `said` holds the result. All that is
        missing is named at once, each at its field."""
        clean = super().clean() or {}
        if "outcome" not in clean:
            return clean
        other = self.item.other.text if self.item.other else ""
        try:
            said = read_parts(
                {
                    "outcome": clean["outcome"],
                    "categories": [category.pk for category in clean.get("categories", ())],
                    "severity": clean.get("severity"),
                    "rewrite": self.rewrite_meant(clean["outcome"], one_line_end(clean.get("rewrite", ""))),
                    "comment": one_line_end(clean.get("comment", "")),
                    "guideline": clean.get("guideline"),
                }
            )
            for lack in lacking(said):
                self.fault(lack)
            refuse_an_echo(said, self.item.text, mode=self.item.mode, other=other)
        except BadShape as error:
            self.fault(error)
        else:
            clean["said"] = said
        return clean

    def fault(self, error: BadShape) -> None:
        """Say it at its field, unless something is said there already."""
        field = error.field if error.field in self.fields else None
        if field not in self.errors:
            self.add_error(field, str(error))

    def rewrite_meant(self, outcome: str, text: str) -> str:
        """The box is prefilled, so what stands in it counts only where it is asked for."""
        if outcome not in Answer.WITH_A_REWRITE:
            return ""
        if self.item.mode != Item.Mode.COMPARE:
            return text
        prefilled = {self.item.text, self.item.other.text if self.item.other else ""}
        untouched = text.strip() in {one_line_end(one).strip() for one in prefilled}
        return "" if untouched else text

    @property
    def rewrite_for(self) -> str:
        """The outcomes that have a rewrite, as the page's script reads them: for others it puts the fields away."""
        return " ".join(word for word in WORDS[self.item.mode] if "rewrite" in FIELDS_OF[word])

    @property
    def rewrite_says(self) -> str:
        return REWRITE_SAYS[Item.Mode(self.item.mode)]

    @property
    def said(self) -> Said:
        return self.cleaned_data["said"]

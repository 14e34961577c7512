"""What the pages of the term lists take in: shape only."""

from typing import Any

from django import forms

from annotation.models import TermSet
from annotation.values import terms


class TermsForm(forms.Form):
    """A name, and one term a line."""

    name = forms.CharField(max_length=terms.LONGEST_NAME, help_text="Such as: trades, peoples, first names.")
    terms = forms.CharField(
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto", "spellcheck": "false"}),
        help_text=(
            "One a line, as it stands in prompts. Found are whole words, in any case, longer terms first; the case of "
            "the place is kept. Nothing is guessed: name the plural too if prompts use it, in a list of its own."
        ),
    )
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, term_set: TermSet) -> "TermsForm":
        """The form as it shows a list."""
        return cls(initial={"name": term_set.name, "terms": "\n".join(term_set.terms), "seen": terms.mark(term_set)})

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_terms(self) -> list[str]:
        try:
            return terms.read_terms(self.cleaned_data["terms"])
        except terms.BadTerms as error:
            raise forms.ValidationError(error.problems[:20]) from None


class TermsFileForm(forms.Form):
    """A small file with lists."""

    file = forms.FileField(
        max_length=255,
        help_text='CSV with the columns name and term, or JSON: [{"name": …, "terms": […]}]. '
        "Lists of the same name become what the file says.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > 2**20:
            raise forms.ValidationError("The file is larger than 1 MB: term lists are short.")
        return file

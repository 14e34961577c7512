"""Shapes of what the data and guideline pages send."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from annotation.receive import KINDS


class ImportForm(forms.Form):
    """A file, what is in it, and what a bad line means for the others."""

    what = forms.ChoiceField(
        label="The file holds", choices=[(name, text) for name, (text, _) in KINDS.items()], widget=forms.RadioSelect
    )
    file = forms.FileField(
        help_text="JSON lines (.jsonl) or CSV with a header (.csv), in UTF-8. Fields: prompt or messages; "
        "for answers also completion and model; optional: topic, external_id, metadata, split."
    )
    on_bad = forms.ChoiceField(
        label="If a line is bad",
        choices=[("skip", "keep the good lines"), ("abort", "keep nothing")],
        initial="skip",
        widget=forms.RadioSelect,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise ValidationError(
                f"The file is larger than {settings.UPLOAD_MAX_BYTES // 2**20} MB: split it, "
                "or use the command import_prompts on the server."
            )
        return file

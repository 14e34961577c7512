"""Shapes of what the data and guideline pages send."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from annotation.models import Topic
from annotation.receive import KINDS
from studio.models import Project


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


class GuidelineForm(forms.Form):
    """A new version of a topic's statement, or a new topic with its first one."""

    topic = forms.ModelChoiceField(Topic.objects.none(), to_field_name="slug", required=False)
    name = forms.CharField(max_length=120, required=False)
    text = forms.CharField(max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["topic"].queryset = project.topics.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("topic") and not cleaned.get("name") and not self.errors:
            raise ValidationError("Name the topic.")
        if cleaned.get("topic") and not cleaned.get("text"):
            raise ValidationError("A values statement needs words.")
        if any("\0" in str(value) for value in cleaned.values()):
            raise ValidationError("The text contains a NUL character.")
        return cleaned

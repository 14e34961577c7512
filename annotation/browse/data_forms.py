"""Shapes of what the data pages send."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict

from annotation.browse.bulk.bulk_verbs import VERBS
from annotation.browse.items import AGREEMENT, LABELS
from annotation.browse.saved_views import by_age, filters_of
from annotation.browse.search import terms
from annotation.models import Answer, Category, Collection, Item, Severity
from annotation.queue.shapes import LONGEST_COMMENT
from annotation.receive import KINDS
from studio.asked import Day
from studio.models import Project, User
from studio.widgets import InOne, PlainSelect

LONGEST_QUERY = 200
"""Characters of a search."""


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


class Named(forms.ModelChoiceField):
    """A choice by a name in the address, refused in a sentence that says what is missing."""

    iterator = InOne

    def __init__(self, what: str, key: str, label: str = ""):
        super().__init__(
            None, to_field_name=key, required=False, empty_label="any", label=label or what, widget=PlainSelect
        )
        self.what = what

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            raise ValidationError(f"There is no {self.what} “{str(value)[:60]}” in this project.") from None


def words(label: str, choices: Any) -> forms.ChoiceField:
    unknown = {"invalid_choice": f"{label}: “%(value)s” is not one of the choices."}
    some = [("", "any"), *choices]
    return forms.ChoiceField(label=label, choices=some, required=False, error_messages=unknown, widget=PlainSelect)


class FilterForm(forms.Form):
    """The filters of the data browser: every one that is filled in must hold."""

    q = forms.CharField(
        label="Words",
        max_length=LONGEST_QUERY,
        required=False,
        error_messages={"max_length": f"Words: at most {LONGEST_QUERY} characters can be looked for at once."},
        widget=forms.TextInput(attrs={"type": "search", "placeholder": 'beginnings of words, or "a phrase"'}),
    )
    topic = Named("topic", "slug", "Topic")
    state = words("State", LABELS.items())
    outcome = words("A reader says", Answer.Outcome.choices)
    category = Named("category", "slug", "Category")
    severity = words("Severity", Severity.choices)
    annotator = Named("member", "username", "Annotator")
    agreement = words("Agreement", AGREEMENT.items())
    mode = words("Mode", Item.Mode.choices)
    model = forms.CharField(label="Model", max_length=200, required=False, widget=forms.TextInput({"list": "models"}))
    collection = Named("collection", "name", "Collection")
    since = Day("From")
    until = Day("To")
    span = forms.BooleanField(label="Has a span", required=False)
    rewrite = forms.BooleanField(label="Has a rewrite", required=False)
    gold = forms.BooleanField(label="Gold", required=False)
    no_onboarding = forms.BooleanField(label="Without onboarding items", required=False)

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, found in {
            "topic": project.topics.all(),
            "category": Category.objects.filter(project=project),
            "annotator": User.objects.filter(memberships__project=project).order_by("username"),
            "collection": Collection.objects.filter(project=project),
        }.items():
            self.fields[name].queryset = found  # type: ignore[attr-defined]
        self.fields["annotator"].label_from_instance = lambda user: user.display_name  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "The first day lies after the last one.")
        if cleaned.get("q") and not terms(cleaned["q"]):
            self.add_error("q", "There is no word in what you search for: write letters or digits.")
        return cleaned

    @property
    def in_use(self) -> list[str]:
        """Names of the filters that are filled in."""
        return [name for name in self.fields if self.data.get(name)]

    @property
    def more_in_use(self) -> bool:
        """Whether one of those is filled in that stand behind “More filters”."""
        return bool({*self.in_use} - {*FIRST})

    def first_fields(self) -> list[Any]:
        return [self[name] for name in FIRST]

    def more_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name not in FIRST and name not in CHECKS]

    def checks(self) -> list[Any]:
        return [self[name] for name in CHECKS]


FIRST = ("q", "state", "topic")
CHECKS = ("span", "rewrite", "gold", "no_onboarding")


class BulkForm(forms.Form):
    """Which items, what to do with them, and with whom or what; `sure` once the person has seen what will happen."""

    verb = forms.ChoiceField(choices=[(name, verb.label) for name, verb in VERBS.items()])
    query = forms.CharField(max_length=2000, required=False)
    all = forms.BooleanField(required=False)
    item = forms.TypedMultipleChoiceField(coerce=UUID, required=False)
    person = Named("member", "username", "Person")
    collection = forms.CharField(max_length=120, required=False)
    explanation = forms.CharField(max_length=LONGEST_COMMENT, required=False)
    expected = forms.IntegerField(required=False, min_value=0)
    sure = forms.BooleanField(required=False)

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["item"].valid_value = is_uuid  # type: ignore[attr-defined]  # whose they are is asked by the query
        members = User.objects.filter(memberships__project=project).order_by("username")
        self.fields["person"].queryset = members  # type: ignore[attr-defined]

    def clean_query(self) -> FilterForm:
        """The filters of the page it was sent from."""
        filters = FilterForm(self.project, QueryDict(self.cleaned_data["query"]))
        if not filters.is_valid():
            raise ValidationError("The filters of the page are not known here any more: load it again.")
        return filters

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("all") and not cleaned.get("item") and not self.errors:
            raise ValidationError("Choose at least one item, or all that match.")
        verb = VERBS.get(cleaned.get("verb", ""))
        if verb and cleaned.get("sure") and verb.needs in ("person", "collection") and not cleaned.get(verb.needs):
            self.add_error(verb.needs, f"{verb.label}: name the {verb.needs}.")
        return cleaned


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class ViewForm(forms.Form):
    """A name for a set of filters."""

    name = forms.CharField(max_length=120)
    query = forms.CharField(max_length=2000)
    is_shared = forms.BooleanField(required=False)

    def clean_query(self) -> str:
        """Neither a place in the list nor its order is a filter."""
        query: str = self.cleaned_data["query"]
        if not by_age(filters_of(query))["newest"]:
            raise ValidationError("There is no filter.")
        return query

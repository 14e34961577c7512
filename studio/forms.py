"""Shapes of what the studio's own pages send; a project's settings are in `settings_form`."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import slugify

from annotation.models import Severity
from studio.asked import Day
from studio.models import Background, Project, Role, User
from training import start


class MemberForm(forms.Form):
    """A name and a role."""

    username = forms.RegexField(
        r"^[\w.@+-]+$",
        max_length=150,
        help_text="An existing account, or a name for a new one: letters, digits and @.+-_",
    )
    role = forms.ChoiceField(choices=Role.choices)


class ProjectForm(forms.ModelForm):
    """What a new project needs; the rest has defaults and stands on the settings page."""

    class Meta:
        model = Project
        fields = ("name", "slug", "description", "base_model")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        self.fields["slug"].help_text = "The project's address. Left empty, it is made from the name."

    def clean_base_model(self) -> str:
        """A folder must hold a model now; a hub is asked when the model is loaded."""
        name = self.cleaned_data["base_model"].strip()
        try:
            start.check_base_model(name)
        except start.CannotOpen as refusal:
            raise ValidationError(str(refusal)) from refusal
        return name

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""))
        if not slug:
            raise ValidationError(
                "Give an address of Latin letters, digits and hyphens: none could be made from the name."
            )
        if Project.objects.filter(slug=slug).exists():
            raise ValidationError(f"The address {slug} is taken.")
        return slug


class TaxonomyForm(forms.Form):
    """The bias categories, one per line: ``Name: description``; the order is the order of the keys."""

    categories = forms.CharField(widget=forms.Textarea(attrs={"rows": 8}))

    def clean_categories(self) -> list[tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for number, line in enumerate(self.cleaned_data["categories"].splitlines(), 1):
            if not line.strip():
                continue
            name, _, description = (part.strip() for part in line.partition(":"))
            slug = slugify(name)
            if not slug or len(name) > 60 or len(slug) > 60:
                raise ValidationError(
                    f"Line {number}: a category needs a name of at most 60 letters, with a Latin one in it."
                )
            if slug in found:
                raise ValidationError(f"Line {number}: {name} stands there twice.")
            found[slug] = (name, description)
        return list(found.values())


class BackgroundsForm(forms.Form):
    """The backgrounds people may say they have, one per line."""

    backgrounds = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One per line. A line that is taken away or reworded is forgotten together with who had chosen it.",
    )

    def clean_backgrounds(self) -> list[str]:
        names = list(dict.fromkeys(" ".join(line.split()) for line in self.cleaned_data["backgrounds"].splitlines()))
        names = [name for name in names if name]
        for name in names:
            if len(name) > 120:
                raise ValidationError(f"A background has at most 120 letters: “{name[:40]}…” has {len(name)}.")
        if len(names) > 40:
            raise ValidationError(f"At most 40 backgrounds, and these are {len(names)}.")
        return names


class AuditForm(forms.Form):
    """Which entries of the audit book: whose, which deed, and in which days; nothing said asks for all."""

    person = forms.ChoiceField(required=False)
    deed = forms.ChoiceField(required=False, label="What")
    since = Day("From")
    until = Day("To")

    def __init__(self, people: list[tuple[str, str]], deeds: list[tuple[str, str]], asked: QueryDict):
        super().__init__(asked)
        for name, anything, known in (("person", "everybody", people), ("deed", "everything", deeds)):
            wish = asked.get(name, "")  # an older one than the newest entries know may be asked for by the address
            older = [] if wish in dict(known) or not wish or "\0" in wish else [(wish, wish)]
            self.fields[name].choices = [("", anything), *known, *older]  # type: ignore[attr-defined]

    @property
    def query(self) -> str:
        """What is asked for, as in an address."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})


class InvitationForm(forms.Form):
    """For whom a link is."""

    role = forms.ChoiceField(choices=Role.choices, initial=Role.ANNOTATOR)
    days = forms.IntegerField(min_value=1, max_value=365, initial=7, label="Valid for (days)")
    uses = forms.IntegerField(min_value=1, max_value=1000, initial=1, label="How many people")
    note = forms.CharField(
        max_length=200, required=False, help_text="For the admins, such as whom it was sent to; not shown to who joins."
    )


class AccountForm(forms.Form):
    """A new account, made by its owner on an invitation."""

    username = forms.RegexField(
        r"^[\w.@+-]+\Z",
        max_length=150,
        error_messages={"invalid": "Letters, digits and @.+-_ only."},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="What you log in with: letters, digits and @.+-_",
    )
    name = forms.CharField(
        max_length=150,
        required=False,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="As the others in the project see it. Exports know you by a pseudonym.",
    )
    password = forms.CharField(
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least eight characters, not one of the common ones.",
    )

    def clean_username(self) -> str:
        username: str = User.normalize_username(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("This name is taken: choose another, or log in if it is yours.")
        return username

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "password" in cleaned:
            someone = User(username=cleaned.get("username", ""), first_name=cleaned.get("name", ""))
            try:
                validate_password(cleaned["password"], someone)
            except ValidationError as refusal:
                self.add_error("password", refusal)
        return cleaned


class MeForm(forms.Form):
    """A person's own settings, which hold in every project."""

    BLUR = (
        ("", "Never"),
        (Severity.MILD.value, "From mild on: every answer that may be biased"),
        (Severity.CLEAR.value, "From clear on"),
        (Severity.SEVERE.value, "Only severe ones"),
    )

    name = forms.CharField(
        max_length=150,
        required=False,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="As the others in your projects see it. Left empty, it is the name you log in with.",
    )
    language = forms.ChoiceField(required=False, help_text="Of the review screen; other pages follow where they can.")
    blur_from = forms.TypedChoiceField(
        choices=BLUR,
        coerce=int,
        empty_value=None,
        required=False,
        label="Cover what is likely to be hard",
        help_text="By the severity that is expected before anybody has read them. One key or one tap shows the text.",
    )
    single_keys = forms.BooleanField(
        required=False,
        label="Single keys act on the review screen",
        help_text="Switch it off if you dictate, or press keys by accident: everything works with buttons, too.",
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", "As my browser asks"), *settings.LANGUAGES]  # type: ignore[attr-defined]


class MyProjectForm(forms.Form):
    """Which of a project's backgrounds a person says they have."""

    backgrounds = forms.ModelMultipleChoiceField(
        Background.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="I belong to"
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["backgrounds"].queryset = project.backgrounds.all()  # type: ignore[attr-defined]

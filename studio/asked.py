"""What an address or a form asks for, in its plainest shapes: a row by its id, a day."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)
"""What lies outside is a slip of the hand, and more than a database can reckon with."""


def as_id(text: str) -> int | None:
    """None where it is no id, nor could be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class Day(forms.DateField):
    """A day as an address has it, refused in a sentence that says what was written."""

    def __init__(self, label: str):
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, widget=widget)

    def to_python(self, value: Any) -> date | None:
        try:
            found = super().to_python(value)
        except ValidationError:
            raise ValidationError(f"{self.label}: “{str(value)[:60]}” is no date. Write it as 2026-11-21.") from None
        if found and not FIRST_DAY <= found <= LAST_DAY:
            raise ValidationError(f"{self.label}: write a year from {FIRST_DAY.year} to {LAST_DAY.year}.")
        return found

"""Widgets of our own."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


class PlainSelect(forms.Select):
    """A select without groups. Django includes a template for each option, and makes a dictionary for it before: a page
    of filters, with a project's people, topics and categories to choose from, spent a quarter of its time on that."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = self.format_value(value)
        rows = ((key, mark_safe(" selected") if str(key) in chosen else "", label) for key, label in self.choices)
        inside = format_html_join("\n", '<option value="{}"{}>{}</option>', rows)
        return format_html(
            '<select name="{}"{}>\n{}\n</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), inside
        )


class InOne(ModelChoiceIterator):
    """The rows of a choice, read by one statement. Django opens a cursor, which on PostgreSQL takes three."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        for row in self.queryset.all():
            yield self.choice(row)

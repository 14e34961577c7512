"""One tag: the review screen's sentences, as JSON in the page."""

from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import json_script
from django.utils.safestring import SafeString

from annotation.person.strings import catalog

register = template.Library()


class AsItIs(DjangoJSONEncoder):
    """Letters as they are: an Arabic sentence escaped to ASCII is three times as long."""

    def __init__(self, **options: Any):
        super().__init__(**{**options, "ensure_ascii": False})


@register.simple_tag
def review_strings() -> SafeString:
    return json_script(catalog(), "review-strings", encoder=AsItIs) if catalog() else SafeString("")

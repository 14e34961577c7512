"""One filter: a values statement's Markdown as HTML."""

from django import template
from django.utils.safestring import SafeString

from annotation import markdown

register = template.Library()


@register.filter
def statement(text: str) -> SafeString:
    return markdown.html(text)

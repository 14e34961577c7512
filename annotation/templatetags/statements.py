"""One filter: a values statement's Markdown as HTML."""

from django import template
from django.utils.safestring import SafeString

from annotation.models import Guideline
from annotation.values import markdown

register = template.Library()


@register.filter
def statement(guideline: Guideline) -> SafeString:
    return markdown.version(guideline.pk, guideline.text)

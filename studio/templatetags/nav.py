"""What the navigation asks of the database: one number."""

from typing import Any

from django import template

from annotation.models import Notice

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> int:
    """How many notices of the page's project this person has not read."""
    request = context["request"]
    return Notice.objects.filter(user=request.user, project=request.project, read_at=None).count()

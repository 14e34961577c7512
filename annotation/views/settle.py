"""Disputed items, and the curator's decision."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def disputed(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def item_settle(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    return HttpResponse(status=501)

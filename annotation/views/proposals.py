"""Proposed changes of values statements; a topic's statement for the review screen."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def guideline(request: HttpRequest, project: Project, topic: int) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def proposals(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def proposal(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return HttpResponse(status=501)

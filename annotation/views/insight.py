"""The dashboard and its charts."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.CURATOR)
def insight(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.CURATOR)
def chart(request: HttpRequest, project: Project, name: str) -> HttpResponse:
    return HttpResponse(status=501)

"""The data browser's actions: bulk, undo, saved views."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.CURATOR)
def bulk(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.CURATOR)
def bulk_undo(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.CURATOR)
def saved_views(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.CURATOR)
def saved_view(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return HttpResponse(status=501)

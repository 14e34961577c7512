"""Prompts and items of a project, import, freeze, guidelines."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def data(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def item(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def import_file(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def freeze(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def guidelines(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

"""Remarks, sending back, notices."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def remark(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.CURATOR)
def send_back(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def notices(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

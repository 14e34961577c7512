"""Rounds: list, live page, launch, cancel, log, raw evidence."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def rounds(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def round_open(request: HttpRequest, project: Project, digest: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def round_page(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def round_progress(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def round_cancel(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def round_log(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def round_raw(request: HttpRequest, project: Project, number: int, suite: str, key: str) -> HttpResponse:
    return HttpResponse(status=501)

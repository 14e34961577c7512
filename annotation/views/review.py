"""The review screen and the small JSON doors it talks to."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def review(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def review_submit(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def review_skip(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def review_undo(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def review_draft(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def review_heartbeat(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def review_release(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

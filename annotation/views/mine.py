"""One's own work: answers, corrections, pace, gold feedback, topics, the weekly check-in."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def mine(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def mine_answer(request: HttpRequest, project: Project, key: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def mine_topics(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def check_in(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

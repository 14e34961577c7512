"""Who reads what: overlap, readers of topics, gold, onboarding."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.CURATOR)
def assignment(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.CURATOR)
def gold(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

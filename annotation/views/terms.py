"""Term lists, and the counterfactual strip's door."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.CURATOR)
def terms(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def variants(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

"""Model versions: list, promote, roll back."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def versions(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def version_promote(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    return HttpResponse(status=501)

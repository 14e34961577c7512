"""How far readers agree."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.CURATOR)
def agreement(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

"""What a person chose for the review screen."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def preferences(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

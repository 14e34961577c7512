"""Home, a project's overview, its settings, its members, the audit book."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse

from studio.access import needs, superuser_only
from studio.models import Project, Role


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


@login_not_required
def closed(request: HttpRequest) -> HttpResponse:
    raise Http404("Accounts and passwords are made by an admin.")


@superuser_only
def audit_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


@superuser_only
def project_new(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def project(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ADMIN)
def project_settings(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ADMIN)
def members(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ADMIN)
def audit(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)

"""Home, and the few doors that belong to no project and no person."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_GET

from studio import overview


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    projects = overview.projects_of(request.user)
    if len(projects) == 1 and not request.user.may_create_projects:
        return redirect("project", projects[0].slug)
    return render(request, "studio/home.html", {"projects": projects})


@require_GET
@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """ "ok" when the database answers: what the launcher and a load balancer ask."""
    connection.ensure_connection()
    return HttpResponse("ok", content_type="text/plain")


@require_GET
@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect(static("studio/img/favicon.svg"))


@login_not_required
def closed(request: HttpRequest) -> HttpResponse:
    raise Http404("Accounts and passwords are made by an admin.")

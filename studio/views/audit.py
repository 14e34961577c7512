"""The audit book: read, asked for by person, deed and day, and taken away as a file."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from studio import audit_page
from studio.access import needs, superuser_only
from studio.asked import as_id
from studio.forms import AuditForm
from studio.models import AuditEntry, Project, Role


@require_GET
@needs(Role.ADMIN)
def audit(request: HttpRequest, project: Project) -> HttpResponse:
    return _page(request, _of(request, project), {"project": project})


@require_GET
@needs(Role.ADMIN)
def audit_csv(request: HttpRequest, project: Project) -> StreamingHttpResponse:
    return _file(request, _of(request, project), f"audit-{project.slug}.csv")


@require_GET
@superuser_only
def audit_all(request: HttpRequest) -> HttpResponse:
    return _page(request, AuditEntry.objects.visible_to(request.user), {})


@require_GET
@superuser_only
def audit_all_csv(request: HttpRequest) -> StreamingHttpResponse:
    return _file(request, AuditEntry.objects.visible_to(request.user), "audit.csv")


def _of(request: HttpRequest, project: Project) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.visible_to(request.user).filter(project=project)


def _page(request: HttpRequest, entries: QuerySet[AuditEntry], context: dict[str, Any]) -> HttpResponse:
    form = AuditForm(*audit_page.choices(entries), request.GET)
    found = audit_page.wanted(entries, **form.cleaned_data) if form.is_valid() else entries.none()
    before, after = (as_id(request.GET.get(name, "")) for name in ("before", "after"))
    context |= {"form": form, "page": audit_page.page(found, before=before, after=after), "query": form.query}
    return render(request, "studio/audit.html", context)


def _file(request: HttpRequest, entries: QuerySet[AuditEntry], name: str) -> StreamingHttpResponse:
    """What the page would show with the same address, all of it; a wrong day there asks for nothing here."""
    form = AuditForm(*audit_page.choices(entries), request.GET)
    found = audit_page.wanted(entries, **form.cleaned_data) if form.is_valid() else entries.none()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(audit_page.as_csv(found), content_type="text/csv; charset=utf-8", headers=headers)

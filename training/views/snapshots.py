"""Frozen datasets: list, composition, export."""

from django.http import HttpRequest, HttpResponse

from studio.access import needs
from studio.models import Project, Role


@needs(Role.ANNOTATOR)
def snapshots(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def snapshot(request: HttpRequest, project: Project, digest: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def snapshot_export(request: HttpRequest, project: Project, digest: str, format: str) -> HttpResponse:
    return HttpResponse(status=501)


@needs(Role.ANNOTATOR)
def snapshot_manifest(request: HttpRequest, project: Project, digest: str, format: str) -> HttpResponse:
    return HttpResponse(status=501)

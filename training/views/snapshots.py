"""Frozen datasets: list, composition, export."""

import logging

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from studio.access import needs
from studio.models import Project, Role
from training import composition, export
from training.models import Snapshot

logger = logging.getLogger(__name__)


@require_safe
@needs(Role.CURATOR)
def snapshots(request: HttpRequest, project: Project) -> HttpResponse:
    rows = project.snapshots.select_related("created_by").prefetch_related("rounds")
    return render(request, "training/snapshots.html", {"page": Paginator(rows, 25).get_page(request.GET.get("page"))})


@require_safe
@needs(Role.CURATOR)
def snapshot(request: HttpRequest, project: Project, digest: str) -> HttpResponse:
    found = get_object_or_404(project.snapshots.select_related("created_by"), digest=digest)
    context = {
        "snapshot": found,
        "tables": composition.tables(found),
        "formats": export.FORMATS.values(),
        "rounds": found.rounds.select_related("version").order_by("pk"),
    }
    return render(request, "training/snapshot.html", context)


@require_safe
@needs(Role.CURATOR)
def snapshot_export(request: HttpRequest, project: Project, digest: str, format: str) -> HttpResponseBase:
    snapshot, chosen = find(project, digest, format)
    try:
        pieces = export.export(snapshot, chosen, actor=request.user)
    except export.ExportFailed as error:
        return failed(request, snapshot, error)
    kind = "application/vnd.apache.parquet" if chosen.name == "parquet" else "application/x-ndjson"
    name = export.filename(snapshot, chosen)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


@require_safe
@needs(Role.CURATOR)
def snapshot_manifest(request: HttpRequest, project: Project, digest: str, format: str) -> HttpResponseBase:
    snapshot, chosen = find(project, digest, format)
    try:
        manifest = export.manifest(snapshot, chosen)
    except export.ExportFailed as error:
        return failed(request, snapshot, error)
    headers = {"Content-Disposition": f'attachment; filename="{manifest["file"]}.manifest.json"'}
    return JsonResponse(manifest, json_dumps_params={"indent": 2}, headers=headers)


def find(project: Project, digest: str, format: str) -> tuple[Snapshot, export.Format]:
    snapshot = get_object_or_404(project.snapshots.select_related("project"), digest=digest)
    try:
        return snapshot, export.find(format)
    except export.UnknownFormat as error:
        raise Http404(str(error)) from error


def failed(request: HttpRequest, snapshot: Snapshot, error: export.ExportFailed) -> HttpResponse:
    logger.error("snapshot %s: %s %s", snapshot.digest, error, error.log)
    messages.error(request, str(error))
    return redirect("training:snapshot", snapshot.project.slug, snapshot.digest)

"""Prompts and items of a project, import, freeze."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation import freeze as freezing
from annotation import items, receive
from annotation.data_forms import ImportForm
from annotation.tasks import read_upload
from studio.access import needs
from studio.models import Project, Role


@require_safe
@needs(Role.CURATOR)
def data(request: HttpRequest, project: Project) -> HttpResponse:
    return show(request, project, ImportForm(initial={"what": "prompts"}))


def show(request: HttpRequest, project: Project, form: ImportForm, *, status: int = 200) -> HttpResponse:
    state, topic = request.GET.get("state", ""), request.GET.get("topic", "")
    context = {
        **items.overview(project),
        "form": form,
        "page": items.page(project, state=state, topic=topic, number=request.GET.get("page")),
        "state": state,
        "topic": topic,
    }
    return render(request, "annotation/data.html", context, status=status)


@require_safe
@needs(Role.CURATOR)
def item(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    found = get_object_or_404(items.with_lineage(project), uuid=uuid)
    return render(request, "annotation/item.html", items.lineage(found))


@require_POST
@needs(Role.CURATOR)
def import_file(request: HttpRequest, project: Project) -> HttpResponse:
    """The report of a small file is the answer to the POST: sent again, the same file changes nothing."""
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, project, form, status=400)
    file, choice = form.cleaned_data.pop("file"), form.cleaned_data
    if file.size > receive.SMALL:
        kept = receive.keep(project, file, **choice, actor=request.user)
        read_upload.delay_on_commit(kept.pk)
        return redirect("annotation:upload", project.slug, kept.pk)
    report = receive.read_now(project, file, **choice, actor=request.user)
    context = {"report": report.as_dict(), "file": file.name}
    return render(request, "annotation/import_report.html", context, status=400 if report.aborted else 200)


@require_safe
@needs(Role.CURATOR)
def upload(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """How far a large file was read, and then its report; the fragment polls this address itself."""
    kept = get_object_or_404(project.uploads, pk=pk)
    context = {"upload": kept, "report": kept.report, "file": kept.name}
    part = request.htmx and kept.is_active  # type: ignore[attr-defined]
    response = render(request, "annotation/_upload.html" if part else "annotation/import_report.html", context)
    if request.htmx and not part:  # type: ignore[attr-defined]
        response["HX-Refresh"] = "true"  # it ended while somebody watched: the page now has a report to show
    return response


@require_POST
@needs(Role.CURATOR)
def freeze(request: HttpRequest, project: Project) -> HttpResponse:
    try:
        snapshot = freezing.freeze(project, actor=request.user)
    except freezing.NothingToFreeze as error:
        messages.error(request, str(error))
        return redirect("annotation:data", project.slug)
    messages.success(request, f"{snapshot.rows} settled answers are frozen.")
    return redirect("training:snapshot", project.slug, snapshot.digest)

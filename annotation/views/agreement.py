"""How far readers agree."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from kombu.exceptions import OperationalError as NoBroker

from annotation.measures import agreement_page, export_judgements, reports
from annotation.tasks import measure_agreement
from studio.access import needs
from studio.models import Project, Role

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "jsonl": "application/x-ndjson"}
FORMS = ("csv", "json")
"""Of the report."""


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@needs(Role.CURATOR)
def agreement(request: HttpRequest, project: Project) -> HttpResponse:
    """The newest report; POST asks for a newer one; `format` downloads it; a poll gets the part that waits for it."""
    if request.method == "POST":
        return measured(request, project)
    if "format" in request.GET:
        return download(project, request.GET["format"])
    if request.htmx:
        found = agreement_page.state(project)
        answer = render(request, "annotation/_agreement_state.html", found)
        return answer if found["pending"] else refreshed(answer)
    page = agreement_page.page(project, question=request.GET.get("question", ""))
    return render(request, "annotation/agreement.html", page)


def measured(request: HttpRequest, project: Project) -> HttpResponse:
    """Ask a worker for a report, once however often it is pressed; say so where none can be reached."""
    try:
        if agreement_page.asked(project):
            measure_agreement.delay_on_commit(project.pk)
    except NoBroker:
        agreement_page.not_asked(project)
        messages.error(request, "No worker can be reached just now, so nothing was worked out. Try again in a minute.")
    return redirect("annotation:agreement", project.slug)


def refreshed(answer: HttpResponse) -> HttpResponse:
    """What was waited for is there: the whole page is fetched again."""
    answer["HX-Refresh"] = "true"
    return answer


def download(project: Project, form: str) -> HttpResponse:
    report = reports.newest(project, "agreement")
    if report is None or form not in FORMS:
        raise Http404("There is no such download.")
    answer = HttpResponse(agreement_page.download(project, report, form), content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{agreement_page.file_name(project, form)}"'
    return answer


@require_safe
@needs(Role.ADMIN)
def judgements(request: HttpRequest, project: Project, format: str) -> HttpResponseBase:
    """Every judgement and soft label, also of items that are disputed or unfinished.

    For admins: held against the pairs of the page, which have names and counts, it tells whose pseudonym is whose.
    """
    if format not in export_judgements.FORMATS:
        raise Http404("There is no such format.")
    pieces = export_judgements.export(project, format, actor=request.user)
    headers = {"Content-Disposition": f'attachment; filename="{export_judgements.file_name(project, format)}"'}
    return StreamingHttpResponse(pieces, content_type=TYPES[format], headers=headers)

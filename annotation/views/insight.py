"""The dashboard and its charts."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from kombu.exceptions import OperationalError as NoBroker

from annotation.measures import insight as dashboard
from annotation.measures.insight_counts import Filters
from annotation.tasks import count_insight
from studio.access import needs
from studio.models import Project, Role


@require_safe
@vary_on_headers("HX-Request")
@needs(Role.CURATOR)
def insight(request: HttpRequest, project: Project) -> HttpResponse:
    """Pictures of a period, a topic, a way of working; what is slow to count is counted again by a worker."""
    filters = dashboard.asked_for(project, request.GET)
    page = dashboard.page(project, filters)
    if page["stale"]:
        counted_again(project, filters)
    if request.htmx:  # the page waits for the first counting of very many answers
        return HttpResponse(status=204) if "counting" in page else HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "annotation/insight.html", page)


def counted_again(project: Project, filters: Filters) -> None:
    """Send a worker; where none can be reached, whoever looks counts."""
    try:
        count_insight.delay(project.pk, filters.weeks, filters.topic, filters.mode)
    except NoBroker:
        count_insight(project.pk, filters.weeks, filters.topic, filters.mode)


@require_safe
@needs(Role.CURATOR)
def chart(request: HttpRequest, project: Project, name: str) -> HttpResponse:
    """One chart of the page as a file, with the same filters."""
    found = dashboard.chart(project, dashboard.asked_for(project, request.GET), name)
    if found is None:
        raise Http404("There is no such chart, or nothing to draw in it.")
    answer = HttpResponse(found.file(), content_type="image/svg+xml")
    answer["Content-Disposition"] = f'inline; filename="{project.slug}-{name}.svg"'
    return answer

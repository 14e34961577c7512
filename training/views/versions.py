"""Model versions: list, promote, roll back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from studio.access import needs
from studio.models import Project, Role
from training.forms import PromoteForm
from training.lineage import promotions_of, standings
from training.promote import CannotPromote, promote


@require_GET
@needs(Role.ANNOTATOR)
def versions(request: HttpRequest, project: Project) -> HttpResponse:
    return show(request, project)


def show(request: HttpRequest, project: Project, *, status: int = 200) -> HttpResponse:
    """The versions page; with another status when it answers something that could not be done."""
    promotions = promotions_of(project)
    context = {"standings": standings(project, promotions), "promotions": promotions}
    return render(request, "training/versions.html", context, status=status)


@require_POST
@needs(Role.ADMIN)
def version_promote(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    version = get_object_or_404(project.versions.select_related("project", "round"), number=number)
    form = PromoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The reason is too long: at most 2000 characters.")
        return show(request, project, status=400)
    try:
        promote(version, actor=request.user, **form.cleaned_data)
    except CannotPromote as error:
        messages.error(request, str(error))
        return show(request, project, status=409)
    messages.success(request, f"Version {version.number} is live. The queue follows within seconds.")
    return redirect("training:versions", project.slug)

"""A project: founded, looked at, its settings, categories and backgrounds."""

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from annotation.queue import onboarding
from annotation.values.taxonomy import CategoryInUse, change_taxonomy, found_project
from studio import overview
from studio.access import needs, superuser_only
from studio.backgrounds import change_backgrounds
from studio.forms import BackgroundsForm, ProjectForm, TaxonomyForm
from studio.models import SMALLEST_GROUP, Project, Role
from studio.settings_form import SettingsForm


@require_GET
@needs(Role.ANNOTATOR)
def project(request: HttpRequest, project: Project) -> HttpResponse:
    return render(request, "studio/project.html", {"project": project, **overview.of(project, request.user)})


@superuser_only
def project_new(request: HttpRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None, initial={"base_model": overview.default_base_model()})
    if request.method == "POST" and form.is_valid():
        made = found_project(form.save(commit=False), actor=request.user)
        messages.success(request, f"{made} is ready: add topics and prompts next.")
        return redirect("project", made.slug)
    return render(request, "studio/project_new.html", {"form": form}, status=400 if form.errors else 200)


@needs(Role.ADMIN)
def project_settings(request: HttpRequest, project: Project) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        changes = onboarding.change_settings(project, form.cleaned_data, actor=request.user)
        labels = ", ".join(form.fields[name].label.lower() for name in changes)
        messages.success(request, f"Saved: {labels}." if changes else "Nothing was different.")
        return redirect("project-settings", project.slug)
    return _settings_page(request, project, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ADMIN)
def taxonomy(request: HttpRequest, project: Project) -> HttpResponse:
    if request.method != "POST":  # the address stays in the browser where a form is refused
        return redirect("project-settings", project.slug)
    form = TaxonomyForm(request.POST)
    try:
        if form.is_valid():
            change_taxonomy(project, form.cleaned_data["categories"], actor=request.user)
            messages.success(request, "The categories are saved.")
            return redirect("project-settings", project.slug)
    except CategoryInUse as refusal:
        form.add_error("categories", str(refusal))
    return _settings_page(request, project, taxonomy=form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ADMIN)
def backgrounds(request: HttpRequest, project: Project) -> HttpResponse:
    if request.method != "POST":
        return redirect("project-settings", project.slug)
    form = BackgroundsForm(request.POST)
    if form.is_valid():
        change_backgrounds(project, form.cleaned_data["backgrounds"], actor=request.user)
        messages.success(request, "The backgrounds are saved.")
        return redirect("project-settings", project.slug)
    return _settings_page(request, project, backgrounds=form)


def _settings_page(request: HttpRequest, project: Project, **given: Form | SettingsForm) -> HttpResponse:
    """The page with its three forms; one that was `given` is as it was sent, with what is wrong in it."""
    forms = {
        "form": given.get("form") or SettingsForm(instance=project),
        "taxonomy": given.get("taxonomy") or TaxonomyForm(initial=overview.taxonomy(project)),
        "backgrounds": given.get("backgrounds") or BackgroundsForm(initial=overview.backgrounds(project)),
    }
    status = 400 if any(form.errors for form in given.values()) else 200
    context = {"project": project, "smallest_group": SMALLEST_GROUP, **forms}
    return render(request, "studio/project_settings.html", context, status=status)

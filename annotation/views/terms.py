"""Term lists, and the counterfactual strip's door."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.models import TermSet
from annotation.queue import shapes
from annotation.tasks import send_variants
from annotation.values import terms as lists
from annotation.values import variants as strips
from annotation.values.terms_form import TermsFileForm, TermsForm
from annotation.views.json_door import json_door
from studio.access import needs
from studio.models import Project, Role, User

Data = dict[str, Any]
FILES = {"csv": ("text/csv", lists.as_csv), "json": ("application/json", lists.as_json)}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def terms(request: HttpRequest, project: Project) -> HttpResponse:
    if request.method != "POST":
        return show(request, project)
    form = TermsForm(request.POST)
    if not form.is_valid():
        return show(request, project, form=form, status=400)
    try:
        made = lists.add(project, form.cleaned_data["name"], form.cleaned_data["terms"], actor=request.user)
    except lists.BadTerms as error:
        form.add_error(None, error.problems)
        return show(request, project, form=form, status=409)
    messages.success(request, f"“{made.name}” is there, with {len(made.terms)} terms.")
    return redirect("annotation:terms", project.slug)


def show(
    request: HttpRequest,
    project: Project,
    *,
    form: TermsForm | None = None,
    file_form: TermsFileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    sets = list(project.term_sets.all())
    context = {
        "rows": list(zip(sets, lists.use_of(project, [one.terms for one in sets]), strict=True)),
        "form": form or TermsForm(),
        "file_form": file_form or TermsFileForm(),
    }
    return render(request, "annotation/terms.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def term_set(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    found = get_object_or_404(project.term_sets, pk=pk)
    if request.method != "POST":
        return show_one(request, found, TermsForm.of(found))
    form = TermsForm(request.POST)
    if not form.is_valid():
        return show_one(request, found, form, status=400)
    said = form.cleaned_data
    try:
        lists.change(found, said["name"], said["terms"], seen=said["seen"], actor=request.user)
    except (lists.BadTerms, lists.ChangedMeanwhile) as error:
        form.add_error(None, getattr(error, "problems", str(error)))
        return show_one(request, found, form, status=409, again=isinstance(error, lists.ChangedMeanwhile))
    messages.success(request, f"“{said['name']}” is saved.")
    return redirect("annotation:terms", project.slug)


def show_one(
    request: HttpRequest, found: TermSet, form: TermsForm, *, status: int = 200, again: bool = False
) -> HttpResponse:
    """`again`: the list was changed meanwhile; it is shown beside what the person wrote, who may then save."""
    if again:
        found.refresh_from_db()
        data = request.POST.copy()
        data["seen"] = lists.mark(found)
        form.data = data
    use = lists.use_of(found.project, [found.terms])[0]
    context = {"term_set": found, "form": form, "use": use, "again": again}
    return render(request, "annotation/term_set.html", context, status=status)


@require_POST
@needs(Role.CURATOR)
def term_set_delete(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    found = get_object_or_404(project.term_sets, pk=pk)
    lists.delete(found, actor=request.user)
    messages.success(request, f"“{found.name}” is gone.")
    return redirect("annotation:terms", project.slug)


@require_POST
@needs(Role.CURATOR)
def terms_count(request: HttpRequest, project: Project) -> HttpResponse:
    """The part of the forms that says, while somebody types, what the terms find."""
    context: Data = {}
    try:
        context["use"] = lists.use_of(project, [lists.read_terms(request.POST.get("terms", "")[:100_000])])[0]
    except lists.BadTerms as error:
        context["problems"] = error.problems[:5]
    return render(request, "annotation/_terms_use.html", context)


@require_safe
@needs(Role.CURATOR)
def terms_export(request: HttpRequest, project: Project, format: str) -> HttpResponse:
    if format not in FILES:
        raise Http404("Term lists come as csv or json.")
    kind, write = FILES[format]
    response = HttpResponse(write(project), content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{project.slug}-terms.{format}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def terms_import(request: HttpRequest, project: Project) -> HttpResponse:
    if request.method != "POST":  # the address stays in the browser where a file is refused
        return redirect("annotation:terms", project.slug)
    form = TermsFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, project, file_form=form, status=400)
    try:
        report = lists.bring_in(project, form.cleaned_data["file"].read(), actor=request.user)
    except lists.BadTerms as error:
        form.add_error("file", error.problems)
        return show(request, project, file_form=form, status=400)
    messages.success(request, str(report))
    return redirect("annotation:terms", project.slug)


@json_door(Role.ANNOTATOR)
def variants(project: Project, user: User, data: Data) -> Data:
    strip = strips.ask(project, user, shapes.read_seat(data))
    if strip.original is not None and strip.is_new:
        send_variants(strip.original.prompt_id, strip.original.version_id)
    return strip.as_dict()

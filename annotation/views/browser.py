"""The data browser's actions: bulk, undo, saved views."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotation import tasks
from annotation.browse import browser, filters, ways
from annotation.browse import saved_views as keeping
from annotation.browse.bulk import bulk_actions, bulk_verbs
from annotation.browse.data_forms import BulkForm, ViewForm
from annotation.models import Collection
from studio.access import needs
from studio.models import Project, Role


def back(project: Project, query: str) -> HttpResponse:
    """To the page the person came from."""
    return redirect(f"{reverse('annotation:data', args=[project.slug])}?{keeping.filters_of(query)}")


@require_POST
@needs(Role.CURATOR)
def bulk(request: HttpRequest, project: Project) -> HttpResponse:
    """First a dialog that says what will happen to how many; the deed when that is still so, else the dialog again."""
    form = BulkForm(project, request.POST)
    if not form.is_valid():
        return ask(request, form, None, {}, status=400)
    found, choice = chosen(project, form), choices(project, form)
    plan = bulk_actions.plan(project, form.cleaned_data["verb"], found, **choice)
    if not form.cleaned_data["sure"] or plan.count != form.cleaned_data["expected"] or not plan.count:
        return ask(request, form, plan, choice, status=200)
    named = bulk_actions.with_collection(project, choice, actor=request.user)
    action = bulk_actions.begin(project, plan.verb, found, actor=request.user, **named)
    if plan.takes_a_while:
        tasks.go_on_with_bulk.delay_on_commit(action.pk)
    else:
        bulk_actions.work(action.pk)  # the page it leads back to says what was done, with its undo
    return back(project, request.POST.get("query", ""))


def chosen(project: Project, form: BulkForm) -> list[int]:
    """Ids of the items ticked, or of all that the page's filters find."""
    if form.cleaned_data["all"]:
        return ways.ids(filters.found(project, form.cleaned_data["query"].cleaned_data), bulk_actions.MOST)
    return browser.ids_of(project, form.cleaned_data["item"])


def choices(project: Project, form: BulkForm) -> dict[str, Any]:
    """What the verb needs beside the items; nothing as long as the dialog has not asked."""
    name = bulk_verbs.VERBS[form.cleaned_data["verb"]].needs
    value = form.cleaned_data[name] if name and form.cleaned_data["sure"] else None
    if name == "collection" and value:
        value = project.collections.filter(name=value).first() or Collection(project=project, name=value)
    return {name: value} if value else {}


def ask(request: HttpRequest, form: BulkForm, plan: Any, choice: dict[str, Any], *, status: int) -> HttpResponse:
    """The dialog as a part of the page, or as a page of its own where there is no script."""
    form.data = request.POST
    context = {
        "form": form,
        "plan": plan,
        "verb": bulk_verbs.VERBS.get(request.POST.get("verb", "")),
        "verb_name": request.POST.get("verb", ""),
        "items": request.POST.getlist("item"),
        "all": "all" in request.POST,
        "query": request.POST.get("query", ""),
        "again": "sure" in request.POST and plan is not None,
        "people": form.fields["person"].queryset,  # type: ignore[attr-defined]
        "collections": request.project.collections.all(),  # type: ignore[attr-defined]
        "most": bulk_actions.MOST,
    }
    part = request.htmx  # type: ignore[attr-defined]
    template = "annotation/_bulk.html" if part else "annotation/bulk.html"
    return render(request, template, context, status=200 if part else status)


@require_POST
@needs(Role.CURATOR)
def bulk_undo(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    action = get_object_or_404(project.bulk_actions.select_related("project"), pk=pk)
    try:
        bulk_actions.begin_undo(action, actor=request.user)
    except bulk_actions.AlreadyUndone as error:
        messages.error(request, str(error))
        return back(project, request.POST.get("query", ""))
    if action.count > bulk_actions.FEW:
        tasks.go_on_with_bulk.delay_on_commit(action.pk)
    else:
        said, kept = bulk_actions.undone_in_words(bulk_actions.work(action.pk))
        messages.add_message(request, messages.WARNING if kept else messages.SUCCESS, said)
    return back(project, request.POST.get("query", ""))


@require_POST
@needs(Role.CURATOR)
def saved_views(request: HttpRequest, project: Project) -> HttpResponse:
    form = ViewForm(request.POST)
    if form.is_valid():
        keeping.save(project, **form.cleaned_data, actor=request.user)
        messages.success(request, f"“{form.cleaned_data['name']}” stands among the views now.")
    else:
        messages.error(request, "A view needs a name of at most 120 characters, and at least one filter.")
    return back(project, request.POST.get("query", ""))


@require_POST
@needs(Role.CURATOR)
def saved_view(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Delete one of one's own; to open one is to follow its link."""
    view = get_object_or_404(keeping.of(project, request.user), pk=pk)
    try:
        keeping.delete(view, actor=request.user)
    except keeping.NotYours as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{view.name}” is gone from the views.")
    return back(project, "")

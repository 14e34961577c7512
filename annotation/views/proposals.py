"""Proposed changes of values statements; a topic's statement for the review screen."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotation.models import Proposal, Topic
from annotation.values import proposals as verbs
from annotation.values import statements
from annotation.values.guidelines import ChangedMeanwhile, Unchanged
from annotation.values.statement_forms import AcceptForm, DeclineForm, ProposeForm
from annotation.values.topics import shown_to
from studio.access import needs
from studio.models import Project, Role

FORM = ["GET", "HEAD", "POST"]


def open_to(request: HttpRequest, project: Project) -> QuerySet[Topic]:
    return shown_to(request.user, project, request.role)  # type: ignore[attr-defined]


@require_safe
@never_cache
@needs(Role.ANNOTATOR)
def guideline(request: HttpRequest, project: Project, topic: int) -> HttpResponse:
    return JsonResponse(statements.for_reader(get_object_or_404(open_to(request, project), pk=topic), request.user))


@require_safe
@needs(Role.ANNOTATOR)
def proposals(request: HttpRequest, project: Project) -> HttpResponse:
    state = request.GET.get("state", Proposal.State.OPEN)
    state = state if state in Proposal.State.values else ""
    page = statements.proposed(open_to(request, project), state=state, number=request.GET.get("page"))
    return render(request, "annotation/proposals.html", {"project": project, "page": page, "state": state})


@require_http_methods(FORM)
@needs(Role.ANNOTATOR)
def proposal_new(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    topic = get_object_or_404(open_to(request, project), pk=pk)
    current = topic.guideline
    if request.method != "POST":
        start = {"text": current.text if current else "", "seen": current.version if current else 0}
        return show_new(request, topic, ProposeForm(initial=start))
    form = ProposeForm(request.POST)
    if not form.is_valid():
        return show_new(request, topic, form, status=400)
    try:
        made = verbs.propose(topic, **form.cleaned_data, actor=request.user)
    except verbs.NothingProposed as error:
        form.add_error("text", str(error))
        return show_new(request, topic, form, status=409)
    messages.success(request, "Your proposal waits for a curator. You will get a notice when it is decided.")
    return redirect("annotation:proposal", project.slug, made.pk)


def show_new(request: HttpRequest, topic: Topic, form: ProposeForm, *, status: int = 200) -> HttpResponse:
    text = form["text"].value() or ""
    context = {"project": topic.project, "topic": topic, "form": form, **statements.preview(topic, text)}
    return render(request, "annotation/proposal_new.html", context, status=status)


@require_http_methods(FORM)
@needs(Role.ANNOTATOR)
def proposal(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Whoever may read the topic sees it and what became of it; who may curate decides."""
    if request.method == "POST":
        return proposal_decide(request, project.slug, pk)
    found = get_object_or_404(statements.with_people(open_to(request, project)), pk=pk)
    return show(request, found)


def show(
    request: HttpRequest,
    found: Proposal,
    *,
    accept: AcceptForm | None = None,
    decline: DeclineForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = statements.against_force(found)
    seen = context["current"].version if context["current"] else 0
    accept = accept or AcceptForm(initial={"text": found.text, "seen": seen})
    forms = {"accept": accept, "decline": decline or DeclineForm()}
    preview = statements.preview(found.topic, accept["text"].value() or "")
    return render(request, "annotation/proposal.html", {**context, **forms, **preview}, status=status)


@needs(Role.CURATOR)
def proposal_decide(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    found = get_object_or_404(statements.with_people(open_to(request, project)), pk=pk)
    door = proposal_decline if request.POST.get("decision") == "decline" else proposal_accept
    try:
        return door(request, found)
    except verbs.AlreadyDecided as error:
        messages.error(request, str(error))
        return redirect("annotation:proposal", project.slug, pk)


def proposal_accept(request: HttpRequest, found: Proposal) -> HttpResponse:
    form = AcceptForm(request.POST)
    if not form.is_valid():
        return show(request, found, accept=form, status=400)
    try:
        made = verbs.accept(found, **form.cleaned_data, actor=request.user)
    except (Unchanged, ChangedMeanwhile) as error:
        return show(request, found, accept=form.again(error), status=409)
    messages.success(request, f"Accepted: version {made.version} of {found.topic} is in force.")
    return redirect("annotation:proposals", found.topic.project.slug)


def proposal_decline(request: HttpRequest, found: Proposal) -> HttpResponse:
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return show(request, found, decline=form, status=400)
    verbs.decline(found, form.cleaned_data["reason"], actor=request.user)
    messages.success(request, "Declined. The author has a notice with your reason.")
    return redirect("annotation:proposals", found.topic.project.slug)

"""Rounds: list, live page, launch, cancel, log, raw evidence."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from studio.access import needs
from studio.models import Project, Role
from training import start
from training.evidence import evidence, raw_of
from training.forms import CancelForm, RecipeForm
from training.lineage import promotions_of, standing, would_wait
from training.live import live, log_folder
from training.models import ModelVersion, Round

PER_PAGE = 25


@require_GET
@needs(Role.ANNOTATOR)
def rounds(request: HttpRequest, project: Project) -> HttpResponse:
    rows = project.rounds.select_related("snapshot", "version", "created_by")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "training/rounds.html", {"page": page, "live_version": ModelVersion.objects.current(project)}
    )


@require_http_methods(["GET", "POST"])
@needs(Role.ADMIN)
def round_open(request: HttpRequest, project: Project, digest: str) -> HttpResponse:
    snapshot = get_object_or_404(project.snapshots, digest=digest)
    form = RecipeForm(request.POST if request.method == "POST" else None, snapshot=snapshot)
    status = 200
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            round = start.open_round(snapshot, actor=request.user, reason=reason, recipe=form.recipe())
            return redirect("training:round", project.slug, round.number)
        except start.CannotOpen as error:
            form.add_error(None, str(error))
            status = 409
    status = 400 if status == 200 and form.errors else status
    return render(request, "training/round_open.html", {"snapshot": snapshot, "form": form}, status=status)


@require_GET
@needs(Role.ANNOTATOR)
def round_page(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    return show(request, find(project, number))


def find(project: Project, number: int) -> Round:
    rows = project.rounds.select_related("snapshot", "version", "created_by", "project")
    return get_object_or_404(rows, number=number)


def show(request: HttpRequest, round: Round, *, status: int = 200) -> HttpResponse:
    """The round's page; with another status when it answers something that could not be done."""
    version = getattr(round, "version", None)
    context = {
        "round": round,
        "live": live(round),
        "events": round.events.select_related("actor"),
        "evidence": evidence(round) if version else [],
        "standing": standing(version, promotions_of(round.project), would_wait(round.project)) if version else None,
    }
    return render(request, "training/round.html", context, status=status)


@require_GET
@needs(Role.ANNOTATOR)
def round_progress(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    round = find(project, number)
    context = {"round": round, "live": live(round), "events": round.events.select_related("actor"), "polled": True}
    response = render(request, "training/_progress.html", context)
    if not round.is_active:
        response["HX-Refresh"] = "true"  # it came to rest while somebody watched: the page now has evidence to show
    return response


@require_POST
@needs(Role.ADMIN)
def round_cancel(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    round = find(project, number)
    form = CancelForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The reason is too long, or no text.")
        return show(request, round, status=400)
    try:
        start.cancel_round(round, actor=request.user, reason=form.cleaned_data["reason"])
    except start.AlreadyOver as error:
        messages.error(request, str(error))
        return show(request, round, status=409)
    messages.success(request, f"Round {round.number} was cancelled.")
    return redirect("training:round", project.slug, round.number)


@require_GET
@needs(Role.ADMIN)
def round_log(request: HttpRequest, project: Project, number: int) -> HttpResponse | FileResponse:
    path = log_folder(find(project, number)) / "log.txt"
    if not path.is_file():
        raise Http404("This round has written no log yet.")
    return FileResponse(path.open("rb"), content_type="text/plain; charset=utf-8")


@require_GET
@needs(Role.ANNOTATOR)
def round_raw(request: HttpRequest, project: Project, number: int, suite: str, key: str) -> HttpResponse | FileResponse:
    evaluation = raw_of(find(project, number), suite, key)
    if evaluation is None:
        raise Http404("There are no scores per item under this name.")
    name = f"{project.slug}-round-{number}-{suite}-{key}.jsonl"
    return FileResponse(
        evaluation.raw_path.open("rb"), as_attachment=True, filename=name, content_type="application/jsonl"
    )

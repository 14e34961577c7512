"""The data browser, one item, import, freeze."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from annotation import freeze as freezing
from annotation import receive
from annotation.browse import browser, filters, items, saved_views, ways
from annotation.browse.bulk import bulk_actions, bulk_verbs
from annotation.browse.data_forms import FilterForm, ImportForm
from annotation.tasks import read_upload
from studio.access import needs
from studio.models import Project, Role


@require_safe
@vary_on_headers("HX-Request")  # Back shows what the browser kept under an address: the page, not its part
@needs(Role.CURATOR)
def data(request: HttpRequest, project: Project) -> HttpResponse:
    """The data browser. The page fetches parts of itself: how many items there are (`count`) once it is there, the rest
    of the filters (`more`) and the names of models (`models`) once somebody turns to them."""
    if "models" in request.GET:
        return render(request, "annotation/_models.html", {"models": browser.models_of(project)})
    form = FilterForm(project, request.GET)
    if "more" in request.GET and request.htmx:  # type: ignore[attr-defined]
        return render(request, "annotation/_more_filters.html", {"form": form})
    found = filters.found(project, form.cleaned_data) if form.is_valid() else ways.NOTHING
    if "count" in request.GET:
        return counted(request, found)
    before, after = (as_uuid(request.GET.get(name, "")) for name in ("before", "after"))
    oldest_first = request.GET.get("order") == "oldest"
    page = browser.page(project, found, before=before, after=after, oldest_first=oldest_first)
    context = {**shelf(request, project), "form": form, "page": page, "oldest_first": oldest_first}
    context["more"] = form.more_in_use or "more" in request.GET
    return render(request, "annotation/data.html", context)


def counted(request: HttpRequest, found: ways.Ways) -> HttpResponse:
    """How many items there are: a piece of a page that is there already, for counting may take longer than a page."""
    count = ways.count(found, items.ENOUGH)
    return render(request, "annotation/_count.html", {"count": count, "enough": items.ENOUGH})


def shelf(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What stands around the table: links, suggestions, and what was done lately, each with its undo."""
    done = [(action, bulk_actions.sentence(action)) for action in bulk_actions.recent(project)]
    mine = done[:1] if done and bulk_actions.is_fresh(done[0][0], request.user) else []
    query = saved_views.filters_of(request.GET.urlencode())
    return {
        "query": query,
        **saved_views.by_age(query),
        "usual": USUAL,
        "views": saved_views.of(project, request.user),
        "verbs": bulk_verbs.VERBS,
        "just_done": mine,
        "done_before": done[len(mine) :],
        "most": bulk_actions.MOST,
    }


USUAL = (("All", ""), ("Unread", "state=unread"), ("Disputed", "state=disputed"), ("Settled", "state=settled"))


def as_uuid(text: str) -> UUID | None:
    """An address that names no page shows the first one."""
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
@needs(Role.CURATOR)
def stock(request: HttpRequest, project: Project) -> HttpResponse:
    """What there is, what the machine does about it, and the way in for more; with `count` the numbers, which the page
    asks for when it is there."""
    if "count" in request.GET:
        return render(request, "annotation/_counts.html", items.counts(project))
    return show(request, project, ImportForm(initial={"what": "prompts"}))


def show(request: HttpRequest, project: Project, form: ImportForm, *, status: int = 200) -> HttpResponse:
    return render(request, "annotation/stock.html", {**items.overview(project), "form": form}, status=status)


@require_safe
@needs(Role.CURATOR)
def item(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    found = get_object_or_404(items.with_lineage(project), uuid=uuid)
    return render(request, "annotation/item.html", items.lineage(found, request.user))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def import_file(request: HttpRequest, project: Project) -> HttpResponse:
    """Read a file, or keep it for a worker, and go to its report, which lasts."""
    if request.method != "POST":  # the address stays in the browser where a form is refused
        return redirect("annotation:stock", project.slug)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, project, form, status=400)
    file, choice = form.cleaned_data.pop("file"), form.cleaned_data
    if file.size > receive.SMALL:
        kept = receive.keep(project, file, **choice, actor=request.user)
        read_upload.delay_on_commit(kept.pk)
    else:
        kept = receive.read_now(project, file, **choice, actor=request.user)
    return redirect("annotation:upload", project.slug, kept.pk)


@require_safe
@vary_on_headers("HX-Request")
@needs(Role.CURATOR)
def upload(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The report of a file; of a large one first how far it was read; the fragment polls this address itself."""
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
    """Everything that is settled, or the collection that is named."""
    name = request.POST.get("collection", "")
    collection = get_object_or_404(project.collections, name=name) if name else None
    try:
        snapshot = freezing.freeze(project, actor=request.user, collection=collection)
    except freezing.NothingToFreeze as error:
        messages.error(request, str(error))
        return redirect("annotation:stock", project.slug)
    messages.success(request, f"{snapshot.rows} settled answers are frozen.")
    return redirect("training:snapshot", project.slug, snapshot.digest)

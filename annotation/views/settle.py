"""Disputed items, and the curator's decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.browse import browser, filters, ways
from annotation.models import Item
from annotation.queue.shapes import LONGEST_COMMENT, BadShape
from annotation.settle import AlreadySettled, NotAnAnswerHere, settle
from annotation.settling import compare, thread
from annotation.settling.settle_form import DecisionForm
from annotation.views.data import as_uuid, counted
from studio.access import needs
from studio.models import Project, Role

DISPUTED = {"state": "disputed"}


@require_safe
@needs(Role.CURATOR)
def disputed(request: HttpRequest, project: Project) -> HttpResponse:
    found = filters.found(project, DISPUTED)
    if "count" in request.GET:
        return counted(request, found)
    before, after = (as_uuid(request.GET.get(name, "")) for name in ("before", "after"))
    page = browser.page(project, found, before=before, after=after)
    return render(request, "annotation/disputed.html", {"project": project, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def item_settle(request: HttpRequest, project: Project, uuid: UUID) -> HttpResponse:
    """Look at the answers side by side; POST takes one of them (`answer`) or the curator's own."""
    item = get_object_or_404(compare.with_answers(Item.objects.filter(project=project)), uuid=uuid)
    form = DecisionForm(item, request.POST if request.method == "POST" and "answer" not in request.POST else None)
    status = 200
    if request.method == "POST":
        status = decided(request, item, form)
    if status == 302:
        return to_the_next(project, item)
    if status == 409:  # what stands now, not what stood when the page was opened
        item = compare.with_answers(Item.objects.filter(project=project)).get(pk=item.pk)
    return render(
        request, "annotation/item_settle.html", {**shown(request, project, item), "form": form}, status=status
    )


def shown(request: HttpRequest, project: Project, item: Item) -> dict[str, Any]:
    """The item and its answers, where these differ, and what is said about it."""
    context = compare.page(item)
    readings = context["readings"]
    versions = compare.versions(item, readings)
    return {
        **context,
        "contrast": compare.contrast(item, readings),
        "versions": versions,
        "pair": compare.held_against(versions, request.GET.get("old", ""), request.GET.get("new", "")),
        "reason": request.POST.get("reason", ""),
        "remarks": thread.lines(item, request.user),
        "members": project.memberships.select_related("user").order_by("user__username"),
    }


def to_the_next(project: Project, item: Item) -> HttpResponse:
    """The next disputed item at once; the list when none is left."""
    found = filters.found(project, DISPUTED)
    following = ways.newest(found, 1, beyond=(item.pk, item.pk), up=True) or ways.newest(found, 1, up=True)
    if not following:
        return redirect("annotation:disputed", project.slug)
    return redirect("annotation:item-settle", project.slug, Item.objects.get(pk=following[0][1]).uuid)


def decided(request: HttpRequest, item: Item, form: DecisionForm) -> int:
    """Call the verb with what was posted; 302 if it is settled, 400 for the person's data, 409 for a conflict."""
    choice: dict[str, Any]
    if "answer" in request.POST:
        chosen = [one for one in item.answers.all() if str(one.pk) == request.POST["answer"]]
        if not chosen:
            messages.error(request, "This is not, or no longer, an answer at this item.")
            return 409
        choice = {"answer": chosen[0]}
    elif form.is_valid():
        choice = {"said": form.said}
    else:
        return 400
    try:
        verdict = settle(item, actor=request.user, reason=reason_of(request.POST.get("reason", "")), **choice)
    except BadShape as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return 400
    except (AlreadySettled, NotAnAnswerHere) as error:
        messages.error(request, str(error))
        return 409
    messages.success(request, f"Settled: {verdict.answer.get_outcome_display().lower()}.")
    return 302


def reason_of(text: str) -> str:
    """Why, as everybody who answered can be told: cut where it is longer than any column of ours."""
    return text.replace("\0", "").strip()[:LONGEST_COMMENT]

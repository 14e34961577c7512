"""Disputed items, and the curator's decision."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from annotation import compare
from annotation.models import Item
from annotation.settle import AlreadySettled, NotAnAnswerHere, settle
from annotation.settle_form import DecisionForm
from annotation.shapes import LONGEST_COMMENT, BadShape
from studio.access import needs
from studio.models import Project, Role


@needs(Role.CURATOR)
def disputed(request: HttpRequest, project: Project) -> HttpResponse:
    items = compare.with_answers(Item.objects.filter(project=project).disputed()).order_by("pk")
    page = Paginator(items, 25).get_page(request.GET.get("page"))
    return render(request, "annotation/disputed.html", {"project": project, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def item_settle(request: HttpRequest, project: Project, uuid: str) -> HttpResponse:
    """Look at the answers side by side; POST takes one of them (`answer`) or the curator's own."""
    item = get_object_or_404(compare.with_answers(Item.objects.filter(project=project)), uuid=uuid)
    form = DecisionForm(item, request.POST if request.method == "POST" and "answer" not in request.POST else None)
    status = 200
    if request.method == "POST":
        status = decided(request, item, form)
    if status == 302:
        return redirect("annotation:disputed", project.slug)
    if status == 409:  # what stands now, not what stood when the page was opened
        item = compare.with_answers(Item.objects.filter(project=project)).get(pk=item.pk)
    return render(request, "annotation/item_settle.html", {**compare.page(item), "form": form}, status=status)


def decided(request: HttpRequest, item: Item, form: DecisionForm) -> int:
    """Call the verb with what was posted; 302 if it is settled, 400 for the person's data, 409 for a conflict."""
    choice: dict[str, Any]
    if "answer" in request.POST:
        chosen = [one for one in item.answers.all() if str(one.pk) == request.POST["answer"]]
        if not chosen:
            messages.error(request, "This is not, or no longer, an answer at this item.")
            return 409
        choice = {"answer": chosen[0], "reason": request.POST.get("reason", "").strip()[:LONGEST_COMMENT]}
    elif form.is_valid():
        choice = {"said": form.said, "reason": form.cleaned_data["reason"]}
    else:
        return 400
    try:
        verdict = settle(item, actor=request.user, **choice)
    except BadShape as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return 400
    except (AlreadySettled, NotAnAnswerHere) as error:
        messages.error(request, str(error))
        return 409
    messages.success(request, f"Settled: {verdict.answer.get_outcome_display().lower()}.")
    return 302

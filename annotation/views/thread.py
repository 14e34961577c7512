"""Remarks, sending back, notices."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation.models import Answer, Item
from annotation.person import mine
from annotation.person import notices as telling
from annotation.queue import payload
from annotation.settling import compare, thread
from annotation.views.settle import to_the_next
from studio.access import needs
from studio.asked import as_id
from studio.models import Project, Role

NOT_YET = "You can read what is said about this item half a minute after your answer to it."
SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ANNOTATOR)
def remark(request: HttpRequest, project: Project, uuid: UUID) -> HttpResponse:
    """An item's thread, for those who have answered it; curators read it on the item's own page."""
    item = get_object_or_404(Item.objects.filter(project=project).select_related("project"), uuid=uuid)
    if not thread.may_read(item, request.user, request.role):
        raise PermissionDenied(NOT_YET)
    status = added(request, item) if request.method == "POST" else 200
    if status == 302:
        return back(request, project, item)
    if request.method == "GET" and request.role.may_curate:
        return redirect("annotation:item", project.slug, item.uuid)
    context = {**about(request, project, item), "written": request.POST.get("text", "")}
    return render(request, "annotation/thread.html", context, status=status)


def added(request: HttpRequest, item: Item) -> int:
    try:
        said = thread.remark(item, request.POST.get("text", ""), actor=request.user)
    except thread.BadRemark as error:
        messages.error(request, str(error))
        return 400
    told, nobody = thread.heard(said)
    words = ["Your remark is added."]
    words += [f"Told of it: {', '.join(told)}."] if told else []
    words += [f"Nobody in this project is called {', '.join(f'@{name}' for name in nobody)}."] if nobody else []
    messages.add_message(request, messages.WARNING if nobody else messages.SUCCESS, " ".join(words))
    return 302


def back(request: HttpRequest, project: Project, item: Item) -> HttpResponse:
    """To the page the remark was written on."""
    if not request.role.may_curate:
        return redirect("annotation:remark", project.slug, item.uuid)
    page = "item-settle" if request.POST.get("from") == "settle" else "item"
    return redirect(f"annotation:{page}", project.slug, item.uuid)


def about(request: HttpRequest, project: Project, item: Item) -> dict[str, Any]:
    """The item as an annotator may see it: its texts, their own answer, the decision, the thread."""
    whole = compare.with_answers(Item.objects.filter(project=project)).get(pk=item.pk)
    telling.read_about(project, request.user, item)
    own = [one for one in whole.answers.all() if one.annotator_id == request.user.pk and one.seat_id]
    verdict, seat = getattr(whole, "verdict", None), own[0].seat_id if own else None
    return {
        "project": project,
        "item": whole,
        "prompt": whole.prompt,
        "texts": [{"name": caption, "text": text} for caption, text in mine.texts(whole, seat)],
        "mine": [reading(one, whole) for one in own],
        "verdict": verdict,
        "verdict_outcome": payload.in_words(verdict.answer, seat) if verdict else "",
        "remarks": thread.lines(whole, request.user),
        "members": project.memberships.select_related("user").order_by("user__username"),
    }


def reading(own: Answer, item: Item) -> dict[str, Any]:
    """One's own answer, of two texts in the order in which one saw them."""
    return {**compare.reading(1, own, item), "reader": "You said", "says": payload.in_words(own, own.seat_id)}


@require_POST
@needs(Role.CURATOR)
def send_back(request: HttpRequest, project: Project, uuid: UUID) -> HttpResponse:
    """Ask for one answer to be thought over; then the settling page again, with what is left of it."""
    item = get_object_or_404(Item.objects.filter(project=project).select_related("project"), uuid=uuid)
    number = as_id(request.POST.get("answer", ""))
    answer = Answer.objects.filter(item=item, pk=number).first() if number is not None else None
    if answer is None:
        messages.error(request, "Choose whose answer goes back.")
        return redirect("annotation:item-settle", project.slug, item.uuid)
    try:
        thread.send_back(item, answer, request.POST.get("text", ""), actor=request.user)
    except (thread.BadRemark, thread.NotToBeSentBack) as error:
        messages.error(request, str(error))
        return redirect("annotation:item-settle", project.slug, item.uuid)
    messages.success(request, "Sent back: its author finds it at the top of their queue, with your words.")
    return to_the_next(project, item)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ANNOTATOR)
def notices(request: HttpRequest, project: Project) -> HttpResponse:
    """What concerns this person; POST marks one as read (`notice`) or all."""
    if request.method == "POST":
        chosen = request.POST.get("notice")
        if chosen is not None and as_id(chosen) is None:
            raise Http404("There is no such notice.")
        telling.read(project, request.user, None if chosen is None else as_id(chosen))
        return redirect("annotation:notices", project.slug)
    found = [(one, telling.WORDS[one.kind]) for one in telling.of(project, request.user)[:SHOWN]]
    unread = sum(one.read_at is None for one, _ in found)
    return render(request, "annotation/notices.html", {"project": project, "notices": found, "unread": unread})

"""Who reads what: overlap, readers of topics, gold, onboarding."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation import tasks
from annotation.models import Gold, Item, Topic
from annotation.queue import assignment as shown
from annotation.queue import gold as golden
from annotation.queue import onboarding, overlap
from annotation.queue.assignment_forms import GoldForm, NumbersForm, TopicForm
from annotation.values import topics
from studio.access import needs
from studio.models import Membership, Project, Role, User


@needs(Role.CURATOR)
def assignment(request: HttpRequest, project: Project) -> HttpResponse:
    return render(request, "annotation/assignment.html", {"project": project, **shown.page(project)})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def assignment_topic(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One topic: how many read each item, who, and what is said first. The first POST says what it would touch."""
    topic = get_object_or_404(Topic.objects.select_related("project"), project=project, pk=pk)
    form = TopicForm(topic, request.POST if request.method == "POST" else None)
    context = {"project": project, "topic": topic, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "annotation/assignment_topic.html", context, status=400 if form.errors else 200)
    reach = overlap.reach(project, topic, form.cleaned_data["overlap"] or project.overlap)
    if reach.items and "sure" not in request.POST:
        return render(request, "annotation/assignment_topic.html", {**context, "reach": reach})
    change_topic(topic, form.cleaned_data, actor=request.user)
    messages.success(request, f"{topic.name}: saved. {bring_in_line(project, topic, reach)}".strip())
    return redirect("annotation:assignment", project.slug)


@transaction.atomic
def change_topic(topic: Topic, clean: dict[str, Any], *, actor: User) -> None:
    overlap.change_topic(topic, clean["overlap"], actor=actor)
    topics.name_readers(topic, clean["readers"], actor=actor)
    topics.change_warning(topic, clean["warning"], actor=actor)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.ADMIN)
def assignment_numbers(request: HttpRequest, project: Project) -> HttpResponse:
    """The project's own numbers. The first POST says what it would touch."""
    form = NumbersForm(request.POST if request.method == "POST" else None, instance=project)
    context = {"project": project, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "annotation/assignment_numbers.html", context, status=400 if form.errors else 200)
    reach = overlap.reach(project, None, form.cleaned_data["overlap"])
    if reach.items and "sure" not in request.POST:
        return render(request, "annotation/assignment_numbers.html", {**context, "reach": reach})
    overlap.change_numbers(project, form.cleaned_data, actor=request.user)
    messages.success(request, f"Saved. {bring_in_line(project, None, reach)}".strip())
    return redirect("annotation:assignment", project.slug)


def bring_in_line(project: Project, topic: Topic | None, reach: overlap.Reach) -> str:
    """Change the queue, at once where that is little; what is done about it, as a sentence."""
    if not reach.items:
        return ""
    if reach.items > overlap.FEW:
        tasks.send_overlap(project, topic)
        return f"{reach.items:,} items in the queue are being changed; this takes a while."
    changed = overlap.apply(project, topic)
    return f"{changed:,} item{'s' if changed != 1 else ''} in the queue changed."


@require_POST
@needs(Role.CURATOR)
def assignment_person(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Let a new annotator in, or let them try the onboarding again."""
    member = get_object_or_404(Membership.objects.select_related("user", "project"), project=project, pk=pk)
    name = member.user.display_name
    if request.POST.get("do") == "let-in":
        is_in = onboarding.let_in(member, actor=request.user)
        messages.success(request, f"{name} is in." if is_in else f"{name} was in already.")
    elif request.POST.get("do") == "again":
        try:
            number = onboarding.try_again(member, actor=request.user)
            messages.success(request, f"{name} can try again, with {number} items that are new to them.")
        except onboarding.NothingLeftToTry as refusal:
            messages.error(request, str(refusal))
    return redirect("annotation:assignment", project.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.CURATOR)
def gold(request: HttpRequest, project: Project) -> HttpResponse:
    """Items whose answer is known. POST marks one (`item`), or takes one out of the mix (`unmark`)."""
    form = GoldForm(request.POST if "item" in request.POST else None)
    status = marked(request, project, form) if request.method == "POST" else 200
    if status == 302:
        return redirect("annotation:gold", project.slug)
    page = Paginator(shown.golds(project), 25).get_page(request.GET.get("page"))
    said = shown.said_of(list(page))
    for one in page:
        one.said = said.get(one.item_id, [])
    context = {"project": project, "form": form, "page": page}
    return render(request, "annotation/gold.html", context, status=status)


def marked(request: HttpRequest, project: Project, form: GoldForm) -> int:
    """Call the verb with what was posted; 302 if it is done, 400 for the person's data, 404 for no such thing."""
    if "unmark" in request.POST:
        asked = request.POST["unmark"]
        found = Gold.objects.filter(item__project=project, pk=int(asked) if asked.isdecimal() else 0)
        golden.unmark(get_object_or_404(found.select_related("item__project")), actor=request.user)
        messages.success(request, "It is no longer mixed in. What people answered stays.")
        return 302
    if not form.is_valid():
        return 400
    item = Item.objects.filter(project=project, uuid=form.cleaned_data["item"]).select_related("project").first()
    if item is None:
        form.add_error("item", "There is no such item in this project.")
        return 400
    try:
        golden.mark(item, actor=request.user, explanation=form.cleaned_data["explanation"])
    except golden.NotSettled as refusal:
        form.add_error("item", str(refusal))
        return 400
    messages.success(request, "Marked. It is mixed in from now on, and looks like any other item.")
    return 302

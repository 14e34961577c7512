"""One's own work: answers, corrections, pace, gold feedback, topics, the weekly check-in."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation.models import Topic
from annotation.person import mine as shown
from annotation.person import screen, wellbeing
from annotation.person.mine_forms import CheckInForm
from annotation.queue import shapes
from annotation.queue.correct import CorrectionRefused, correct
from annotation.values import topics
from annotation.views.json_door import json_door
from studio.access import needs
from studio.asked import as_id
from studio.models import Membership, Project, Role, User

FILTERS = ("q", "topic", "outcome", "mode")


@never_cache
@needs(Role.ANNOTATOR)
def mine(request: HttpRequest, project: Project) -> HttpResponse:
    wanted = {name: request.GET.get(name, "")[:200].replace("\x00", "") for name in FILTERS}
    found = Paginator(shown.listed(project, request.user, wanted), 25).get_page(request.GET.get("page"))
    shown.with_words(found)
    context = {"project": project, "page": found, "wanted": wanted, **shown.page(project, request.user)}
    said = context["check_in"]
    asked = CheckInForm(initial={"worth": said.worth, "mood": said.mood} if said else None)
    return render(request, "annotation/mine.html", {**context, "check_in_form": asked})


@never_cache
@require_safe
@needs(Role.ANNOTATOR)
def mine_answer(request: HttpRequest, project: Project, key: UUID) -> HttpResponse:
    """One answer, and what became of it."""
    given = get_object_or_404(shown.with_all(project, request.user), key=key)
    return render(request, "annotation/mine_answer.html", {"project": project, **shown.answer(given)})


@never_cache
@require_safe
@needs(Role.ANNOTATOR)
def mine_correct(request: HttpRequest, project: Project, key: UUID) -> HttpResponse:
    """The review screen on an answer that was given, as long as it is not final."""
    given = get_object_or_404(shown.with_all(project, request.user), key=key)
    if shown.why_it_stands(given):  # the answer's own page says why
        return redirect("annotation:mine-answer", project.slug, key)
    context = {"project": project, "review": screen.correction(project, request.user, given)}
    return render(request, "annotation/review.html", context)


@json_door(Role.ANNOTATOR)
def review_correct(project: Project, user: User, data: dict[str, Any]) -> dict[str, Any]:
    """What was submitted there: a new answer in the place of `answer`, and where it is shown."""
    key, new_key, said = shapes.read_key(data, "answer"), shapes.read_key(data), shapes.read_said(data)
    if shown.can_be_taken_back(shown.with_all(project, user).get(key=key)):
        raise CorrectionRefused(shown.TOO_FRESH)
    new = correct(project, user, key, said, new_key=new_key)
    return {"saved": True, "url": reverse("annotation:mine-answer", args=[project.slug, new.key])}


def either(page: Callable[..., HttpResponse], door: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One address for a form of a page and for the review screen's JSON."""

    def view(request: HttpRequest, slug: str) -> HttpResponse:
        return (door if request.content_type == "application/json" else login_required(page))(request, slug)

    view.needed_role = Role.ANNOTATOR  # type: ignore[attr-defined]  # the test that walks every URL reads it
    return login_not_required(view)


@require_POST
@needs(Role.ANNOTATOR)
def topics_form(request: HttpRequest, project: Project) -> HttpResponse:
    topic = get_object_or_404(Topic, project=project, pk=as_id(request.POST.get("topic", "")))
    try:
        topics.opt(topic, request.user, out=request.POST.get("out") == "1")
    except Membership.DoesNotExist as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{request.path.removesuffix('topics/')}#topics")


@json_door(Role.ANNOTATOR)
def topics_json(project: Project, user: User, data: dict[str, Any]) -> dict[str, Any]:
    pk = shapes.read_whole(data, "topic", low=1)
    if pk is None or not isinstance(data.get("out"), bool):
        raise shapes.BadShape("topic", "Say which topic, and whether you opt out of it.")
    given_back = topics.opt(Topic.objects.get(project=project, pk=pk), user, out=data["out"])
    return {"saved": True, "given_back": given_back}


@require_POST
@needs(Role.ANNOTATOR)
def check_in_form(request: HttpRequest, project: Project) -> HttpResponse:
    form = CheckInForm(request.POST)
    if form.is_valid():
        wellbeing.say(project, request.user, **form.cleaned_data)
        messages.success(request, "Kept. Only the average of five or more people is ever shown.")
    else:
        messages.error(request, "Choose a number from 1 to 5, or leave it blank.")
    return redirect(f"{request.path.removesuffix('check-in/')}#check-in")


@json_door(Role.ANNOTATOR)
def check_in_json(project: Project, user: User, data: dict[str, Any]) -> dict[str, Any]:
    worth, mood = (shapes.read_whole(data, name, low=1, high=5) for name in ("worth", "mood"))
    wellbeing.say(project, user, worth=worth, mood=mood)
    return {"saved": True}


mine_topics = either(topics_form, topics_json)
check_in = either(check_in_form, check_in_json)

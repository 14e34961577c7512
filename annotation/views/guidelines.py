"""Topics and their values statements: who reads a topic sees its own, who may curate writes new versions."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.models import Topic
from annotation.values import guidelines as verbs
from annotation.values import statements
from annotation.values.statement_forms import StatementForm, TopicForm
from annotation.values.topics import shown_to
from studio.access import needs
from studio.models import Project, Role

FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
@needs(Role.ANNOTATOR)
def guidelines(request: HttpRequest, project: Project) -> HttpResponse:
    """Everybody sees those of the topics they may read; who may curate adds topics."""
    if request.method == "POST":
        return topic_add(request, project.slug)
    return show_all(request, project, TopicForm())


def show_all(request: HttpRequest, project: Project, form: TopicForm, *, status: int = 200) -> HttpResponse:
    context = {
        "project": project,
        "topics": statements.overview(shown_to(request.user, project, request.role)),
        "form": form,
    }
    return render(request, "annotation/guidelines.html", context, status=status)


@needs(Role.CURATOR)
def topic_add(request: HttpRequest, project: Project) -> HttpResponse:
    form = TopicForm(request.POST)
    if not form.is_valid():
        return show_all(request, project, form, status=400)
    try:
        topic = verbs.add_topic(project, **form.cleaned_data, actor=request.user)
    except verbs.TopicTaken as error:
        form.add_error("name", str(error))
        return show_all(request, project, form, status=409)
    messages.success(request, f"The topic {topic} is there.")
    return redirect("annotation:statement", project.slug, topic.pk)


@require_safe
@needs(Role.ANNOTATOR)
def statement(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    topic = get_object_or_404(shown_to(request.user, project, request.role), pk=pk)
    return render(request, "annotation/guideline.html", {"project": project, **statements.statement(topic)})


@require_http_methods(FORM)
@needs(Role.CURATOR)
def statement_write(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    topic = get_object_or_404(project.topics, pk=pk)
    current = topic.guideline
    if request.method != "POST":
        start = {"text": current.text if current else "", "seen": current.version if current else 0}
        return show_write(request, topic, StatementForm(initial=start))
    form = StatementForm(request.POST)
    if not form.is_valid():
        return show_write(request, topic, form, status=400)
    try:
        made = verbs.change(topic, **form.cleaned_data, actor=request.user)
    except (verbs.Unchanged, verbs.ChangedMeanwhile) as error:
        return show_write(request, topic, form.again(error), status=409)
    messages.success(request, f"Version {made.version} is in force from the next answer on.")
    return redirect("annotation:statement", project.slug, topic.pk)


def show_write(request: HttpRequest, topic: Topic, form: StatementForm, *, status: int = 200) -> HttpResponse:
    text = form["text"].value() or ""
    context = {"project": topic.project, "topic": topic, "form": form, **statements.preview(topic, text)}
    return render(request, "annotation/guideline_write.html", context, status=status)


@require_POST
@needs(Role.ANNOTATOR)
def statement_preview(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """What is being written, as it will be read; the pages with an editor ask for it while somebody types."""
    topic = get_object_or_404(shown_to(request.user, project, request.role), pk=pk)
    context = statements.preview(topic, request.POST.get("text", ""))
    return render(request, "annotation/_guideline_preview.html", context)

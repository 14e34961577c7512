"""One's own settings: everywhere, and in one project."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from studio import overview
from studio.access import needs
from studio.backgrounds import say_mine
from studio.forms import MeForm, MyProjectForm
from studio.models import SMALLEST_GROUP, Project, Role
from studio.myself import change_myself


def _sent(request: HttpRequest) -> QueryDict | None:
    """What was posted; nothing ticked is an answer, too."""
    return request.POST if request.method == "POST" else None


@never_cache
def me(request: HttpRequest) -> HttpResponse:
    form = MeForm(_sent(request), initial=overview.own_settings(request.user))
    if request.method == "POST" and form.is_valid():
        change_myself(request.user, **form.cleaned_data)
        messages.success(request, "Your settings are saved.")
        return redirect("me")
    context = {"form": form, **overview.account(request.user)}
    return render(request, "studio/me.html", context, status=400 if form.errors else 200)


@never_cache
@needs(Role.ANNOTATOR)
def project_me(request: HttpRequest, project: Project) -> HttpResponse:
    """What one says of oneself in this project; seen by nobody else."""
    mine = project.memberships.filter(user=request.user).first()  # None: a superuser who is no member
    initial = {"backgrounds": mine.backgrounds.all()} if mine else {}
    form = MyProjectForm(project, _sent(request), initial=initial)
    if request.method == "POST" and mine and form.is_valid():
        say_mine(mine, form.cleaned_data["backgrounds"])
        messages.success(request, "Saved. Nobody else sees it.")
        return redirect("project-me", project.slug)
    context = {"project": project, "mine": mine, "form": form, "smallest_group": SMALLEST_GROUP}
    return render(request, "studio/project_me.html", context, status=400 if form.errors else 200)

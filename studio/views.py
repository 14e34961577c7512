"""Home, a project's overview, its settings, its members, the audit book."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import IntegrityError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_GET, require_POST

from annotation.taxonomy import CategoryInUse, change_taxonomy, found_project
from studio import overview, people
from studio.access import needs, superuser_only
from studio.configure import change_settings
from studio.forms import MemberForm, ProjectForm, SettingsForm, TaxonomyForm
from studio.models import AuditEntry, Project, Role


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    projects = overview.projects_of(request.user)
    if len(projects) == 1 and not request.user.may_create_projects:
        return redirect("project", projects[0].slug)
    return render(request, "studio/home.html", {"projects": projects})


@require_GET
@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """ "ok" when the database answers: what the launcher and a load balancer ask."""
    connection.ensure_connection()
    return HttpResponse("ok", content_type="text/plain")


@require_GET
@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect(static("studio/img/favicon.svg"))


@login_not_required
def closed(request: HttpRequest) -> HttpResponse:
    raise Http404("Accounts and passwords are made by an admin.")


@require_GET
@needs(Role.ANNOTATOR)
def project(request: HttpRequest, project: Project) -> HttpResponse:
    return render(request, "studio/project.html", {"project": project, **overview.of(project, request.user)})


@superuser_only
def project_new(request: HttpRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None, initial={"base_model": overview.default_base_model()})
    if request.method == "POST" and form.is_valid():
        made = found_project(form.save(commit=False), actor=request.user)
        messages.success(request, f"{made} is ready: add topics and prompts next.")
        return redirect("project", made.slug)
    return render(request, "studio/project_new.html", {"form": form}, status=400 if form.errors else 200)


@needs(Role.ADMIN)
def project_settings(request: HttpRequest, project: Project) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        changes = change_settings(project, form.cleaned_data, actor=request.user)
        messages.success(request, f"Saved: {', '.join(changes)}." if changes else "Nothing was different.")
        return redirect("project-settings", project.slug)
    context = {"project": project, "form": form, "taxonomy": TaxonomyForm(initial=overview.taxonomy(project))}
    return render(request, "studio/project_settings.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Role.ADMIN)
def taxonomy(request: HttpRequest, project: Project) -> HttpResponse:
    form = TaxonomyForm(request.POST)
    try:
        if form.is_valid():
            change_taxonomy(project, form.cleaned_data["categories"], actor=request.user)
            messages.success(request, "The categories are saved.")
            return redirect("project-settings", project.slug)
    except CategoryInUse as refusal:
        form.add_error("categories", str(refusal))
    context = {"project": project, "form": SettingsForm(instance=project), "taxonomy": form}
    return render(request, "studio/project_settings.html", context, status=400)


@needs(Role.ADMIN)
def members(request: HttpRequest, project: Project) -> HttpResponse:
    form = MemberForm(request.POST or None)
    welcome = None
    if request.method == "POST" and form.is_valid():
        try:
            username, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
            welcome = people.add_member(project, username, role, actor=request.user)
            form = MemberForm()
        except (people.AlreadyMember, IntegrityError) as refusal:
            form.add_error("username", str(refusal))
    context = {"project": project, "form": form, "welcome": welcome, "roles": Role.choices}
    context["memberships"] = project.memberships.select_related("user").order_by("user__username")
    return render(request, "studio/members.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Role.ADMIN)
def member(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One button per member: another role, a new password, or out."""
    membership = get_object_or_404(project.memberships.select_related("user"), pk=pk)
    try:
        messages.success(request, _member_done(request, membership))
    except (people.LastAdmin, people.NotYours) as refusal:
        messages.error(request, str(refusal))
    return redirect("members", project.slug)


def _member_done(request: HttpRequest, membership) -> str:  # type: ignore[no-untyped-def]
    match request.POST.get("do"):
        case "remove":
            people.remove_member(membership, actor=request.user)
            return f"{membership.user} left the project; their answers stay."
        case "password":
            password = people.reset_password(membership, actor=request.user)
            return f"The new password of {membership.user} is {password} – it is shown this once."
        case role if role in Role.values:
            people.change_role(membership, Role(role), actor=request.user)
            return f"{membership.user} is now {role}."
    raise Http404("Nothing of that name can be done to a member.")


@require_GET
@needs(Role.ADMIN)
def audit(request: HttpRequest, project: Project) -> HttpResponse:
    entries = AuditEntry.objects.visible_to(request.user).filter(project=project)
    return _audit_page(request, entries, {"project": project})


@require_GET
@superuser_only
def audit_all(request: HttpRequest) -> HttpResponse:
    return _audit_page(request, AuditEntry.objects.visible_to(request.user), {})


def _audit_page(request: HttpRequest, entries, context: dict) -> HttpResponse:  # type: ignore[no-untyped-def]
    page = Paginator(entries.select_related("actor", "project"), 50).get_page(request.GET.get("page"))
    return render(request, "studio/audit.html", {"page": page, **context})

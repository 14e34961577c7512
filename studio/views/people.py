"""Who is in a project, and the links by which others come in."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from studio import invitations as links
from studio import people
from studio.access import needs
from studio.accounts import NameTaken
from studio.forms import InvitationForm, MemberForm
from studio.models import Membership, Project, Role


@needs(Role.ADMIN)
def members(request: HttpRequest, project: Project) -> HttpResponse:
    form = MemberForm(request.POST or None)
    welcome = None
    if request.method == "POST" and form.is_valid():
        try:
            username, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
            welcome = people.add_member(project, username, role, actor=request.user)
            form = MemberForm()
        except (people.AlreadyMember, NameTaken) as refusal:
            form.add_error("username", str(refusal))
    context = {"project": project, "form": form, "welcome": welcome, "roles": Role.choices}
    context |= {"memberships": people.members_of(project), "open_invitations": project.invitations.open().count()}
    return render(request, "studio/members.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Role.ADMIN)
def member(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One button per member: another role, a new password, no second factor, or out."""
    membership = get_object_or_404(project.memberships.select_related("user"), pk=pk)
    try:
        messages.success(request, _member_done(request, membership))
    except (people.LastAdmin, people.NotYours, people.HasLeft) as refusal:
        messages.error(request, str(refusal))
    mine = request.user.role_in(project)
    if mine is None:  # who has removed themselves
        return redirect("home")
    return redirect("members" if mine.may_administer else "project", project.slug)


def _member_done(request: HttpRequest, membership: Membership) -> str:
    match request.POST.get("do"):
        case "remove":
            people.remove_member(membership, actor=request.user)
            return f"{membership.user} left the project; their answers stay.{_links_left(membership, None)}"
        case "password":
            password = people.reset_password(membership, actor=request.user)
            return f"The new password of {membership.user} is {password} – it is shown this once."
        case "second-factor":
            people.reset_second_factor(membership, actor=request.user)
            return f"{membership.user} logs in with the password alone now, and can set up a new second factor."
        case role if role in Role.values:
            made_less = not Role(role).includes(Role(membership.role))
            people.change_role(membership, Role(role), actor=request.user)
            left = _links_left(membership, Role(role)) if made_less else ""
            return f"{membership.user} is now {role}.{left}"
    raise Http404("Nothing of that name can be done to a member.")


def _links_left(membership: Membership, role: Role | None) -> str:
    """What to think of when somebody is removed or made less: they may know a link they have not used."""
    count = links.usable_by(membership.user, membership.project, role=role).count()
    if not count:
        return ""
    open_links = "1 invitation link is" if count == 1 else f"{count} invitation links are"
    return (
        f" {open_links} still open that they have not used: if they know one, they can join by it. "
        "You can take links back under “Invite by link”."
    )


@needs(Role.ADMIN)
def invitations(request: HttpRequest, project: Project) -> HttpResponse:
    """The links there are, and a form for a new one, whose secret is shown in the answer and never again."""
    form = InvitationForm(request.POST or None)
    made = link = None
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        made, secret = links.invite(project, Role(wanted.pop("role")), **wanted, actor=request.user)
        link = request.build_absolute_uri(reverse("join", args=[secret]))
        form = InvitationForm()
    context = {"project": project, "form": form, "made": made, "link": link}
    context["invitations"] = project.invitations.select_related("created_by")[:200]
    return render(request, "studio/invitations.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Role.ADMIN)
def invitation_revoke(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    invitation = get_object_or_404(project.invitations, pk=pk)
    done = links.revoke(invitation, actor=request.user)
    messages.success(request, "The invitation is taken back." if done else "It was taken back before.")
    return redirect("invitations", project.slug)

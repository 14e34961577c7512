"""Where an invitation's link leads: join as who you are logged in as, or make an account and join with it."""

from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from studio import invitations, sso
from studio.accounts import NameTaken
from studio.forms import AccountForm
from studio.models import Invitation, User


@never_cache
@login_not_required
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """One address for the three who may come: a member, somebody with an account, somebody without."""
    if not _may_try(request, dry_run=True):
        return ratelimit.respond_429(request)
    try:
        invitation = invitations.find(token, request.user if request.user.is_authenticated else None)
        if request.user.is_authenticated:
            return _as_myself(request, token, invitation)
        return _as_somebody_new(request, token, invitation)
    except invitations.UsedBefore as refusal:
        request.session.pop(sso.INVITATION, None)
        project = refusal.project if request.user.role_in(refusal.project) else None
        return render(request, "studio/join_refused.html", {"refusal": refusal, "project": project}, status=409)
    except invitations.NotInvited as refusal:
        _may_try(request)
        request.session.pop(sso.INVITATION, None)
        return render(request, "studio/join_refused.html", {"refusal": refusal}, status=404)


def _may_try(request: HttpRequest, *, dry_run: bool = False) -> bool:
    """Only links that open nothing count: a class of fifty may join from one address."""
    limits = {"app": "allauth.account", "action": "join", "limit_get": True}
    return ratelimit.consume(request, dry_run=dry_run, **limits) is not None


def _as_myself(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    if request.method == "POST":
        membership = invitations.join(token, request.user)
        request.session.pop(sso.INVITATION, None)
        messages.success(request, f"You are in {membership.project}, as {membership.get_role_display()}.")
        return redirect("project", membership.project.slug)
    mine = request.user.role_in(invitation.project)
    return render(request, "studio/join.html", {"invitation": invitation, "mine": mine})


def _as_somebody_new(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    request.session[sso.INVITATION] = token  # whoever comes back from the single sign-on with it may have an account
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.join_anew(token, **form.cleaned_data)
        except NameTaken as refusal:
            form.add_error("username", str(refusal))
        else:
            return _welcome(request, user, invitation)
    context = {"invitation": invitation, "form": form, "here": reverse("join", args=[token])}
    return render(request, "studio/join.html", context, status=400 if form.errors else 200)


def _welcome(request: HttpRequest, user: User, invitation: Invitation) -> HttpResponse:
    request.session.pop(sso.INVITATION, None)
    messages.success(request, f"Welcome to {invitation.project}, {user.display_name}.")
    return perform_login(request, user, redirect_url=reverse("project", args=[invitation.project.slug]))

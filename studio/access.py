"""Who may do what: the one place where roles are compared.

What does not exist for a person is 404 (`visible_to`); what exists but is not theirs to do is 403 (`needs`).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from studio.models import Project, Role

View = Callable[..., HttpResponse]


class ClosedDoor(DefaultAccountAdapter):
    """Accounts are made by admins; nobody signs up by themselves."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("The username or the password is not correct."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def needs(role: Role) -> Callable[[View], View]:
    """Turn a view's `slug` into the project it names, for members with at least `role`.

    The wrapped view is called as ``view(request, project, ...)``. ``request.role`` holds the member's role, for
    templates. A project the person cannot see is 404, a role too low is 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            project = get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
            mine = Role(project.my_role)  # type: ignore[attr-defined]  # annotated by visible_to: one query, not two
            if not mine.includes(role):
                raise PermissionDenied(f"This page is for people with the role {role.label} in {project}.")
            request.role = mine  # type: ignore[attr-defined]
            request.project = project  # type: ignore[attr-defined]
            return view(request, project, *args, **kwargs)

        guarded.needed_role = role  # type: ignore[attr-defined]  # the test that walks every URL reads it
        return guarded

    return decorate


def superuser_only(view: View) -> View:
    """For the few doors that belong to no project."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied("This page is for the administrators of this studio.")
        return view(request, *args, **kwargs)

    return guarded

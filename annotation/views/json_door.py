"""What the JSON doors have in common: a body is read, refusals become a status and a sentence. Never a login page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation.queue.correct import CorrectionRefused
from annotation.queue.shapes import BadShape, read_body
from annotation.submit import KeyTaken, SeatLost, UndoRefused
from studio.access import needs
from studio.models import Project, Role

Door = Callable[[Project, Any, dict[str, Any]], dict[str, Any]]


def json_door(role: Role) -> Callable[[Door], Callable[..., HttpResponse]]:
    """Turn ``door(project, user, data) -> answer`` into a view: POST one JSON object, get one back.

    400 {"error", "field"} the data; 403 not logged in (or as another than the header X-Person says), or not yours to
    do; 404 not there for you; 409 {"error", ...} overtaken by events. Every error is a sentence.
    """

    def decorate(door: Door) -> Callable[..., HttpResponse]:
        @needs(role)
        def permitted(request: HttpRequest, project: Project) -> HttpResponse:
            return JsonResponse(door(project, request.user, read_body(request.body)))

        @login_not_required  # a redirect to the login page would look like a reply to fetch()
        @require_POST
        @wraps(door)
        def view(request: HttpRequest, slug: str) -> HttpResponse:
            if not request.user.is_authenticated:
                return refusal(403, _("You are logged out. Log in again in another tab: nothing here is lost."))
            if request.headers.get("X-Person", str(request.user.pk)) != str(request.user.pk):
                # what one person wrote must not be sent, and lost, in the name of who logged in after them
                return refusal(
                    403, _("Somebody else is logged in now. Log in again as yourself: nothing here is lost.")
                )
            try:
                return permitted(request, slug)
            except BadShape as error:
                return refusal(400, error, field=error.field)
            except RequestDataTooBig as error:
                return refusal(400, error, field="body")
            except SeatLost as error:
                return refusal(409, error, kept=error.kept)
            except (CorrectionRefused, KeyTaken, UndoRefused) as error:
                return refusal(409, error)
            except PermissionDenied as error:
                return refusal(403, error)
            except (Http404, ObjectDoesNotExist):
                return refusal(404, _("There is no such thing in this project."))

        view.needed_role = role  # type: ignore[attr-defined]  # the test that walks every URL reads it
        return view

    return decorate


def refusal(status: int, sentence: object, **more: Any) -> JsonResponse:
    return JsonResponse({"error": str(sentence), **more}, status=status)

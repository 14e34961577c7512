"""Term lists, and the counterfactual strip's door."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from annotation import shapes
from annotation import variants as strips
from annotation.tasks import send_variants
from annotation.views.json_door import json_door
from studio.access import needs
from studio.models import Project, Role, User

Data = dict[str, Any]


@needs(Role.CURATOR)
def terms(request: HttpRequest, project: Project) -> HttpResponse:
    return HttpResponse(status=501)


@json_door(Role.ANNOTATOR)
def variants(project: Project, user: User, data: Data) -> Data:
    strip = strips.ask(project, user, shapes.read_seat(data))
    if strip.original is not None and strip.is_new:
        send_variants(strip.original.prompt_id, strip.original.version_id)
    return strip.as_dict()

"""What a person chose for the review screen."""

from typing import Any

from annotation.person.preferences import prefer, read_choice
from annotation.views.json_door import json_door
from studio.models import Project, Role, User


@json_door(Role.ANNOTATOR)
def preferences(project: Project, user: User, data: dict[str, Any]) -> dict[str, Any]:
    prefer(read_choice(data), actor=user)
    return {"saved": True}

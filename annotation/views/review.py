"""The review screen and the small JSON doors it talks to."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST

from annotation import claim, submit
from annotation.person import screen, waiting, wellbeing
from annotation.queue import onboarding, payload, shapes, unskip
from annotation.queue.seat_names import hide, seek
from annotation.tasks import warm_soon
from annotation.views.json_door import json_door
from studio.access import needs
from studio.models import Project, Role, User

Data = dict[str, Any]


@never_cache  # a page out of the browser's store would show items that are others' by now
@gzip_page
@needs(Role.ANNOTATOR)
def review(request: HttpRequest, project: Project) -> HttpResponse:
    seats = claim.claim(project, request.user, want=3)
    why = None if seats else onboarding.why_waiting(project, request.user) or waiting.why_empty(project)
    data = screen.page(project, request.user, seats, waiting=why)
    if seats and data["has_terms"]:
        warm_soon(project)
    bare = not seats and not project.prompts.exists()
    return render(request, "annotation/review.html", {"project": project, "review": data, "bare": bare})


@json_door(Role.ANNOTATOR)
def review_submit(project: Project, user: User, data: Data) -> Data:
    key, wish = shapes.read_key(data), shapes.read_wish(data)
    answer = submit.submit(project, user, shapes.read_seat(data), shapes.read_said(data), key=key)
    return {
        "saved": True,
        "key": str(key),
        "undo_until": answer.undo_ends_at.isoformat(),
        "pause": {"why": why} if (why := wellbeing.pause(project, user)) else None,
        **next_items(project, user, wish),
    }


@json_door(Role.ANNOTATOR)
def review_skip(project: Project, user: User, data: Data) -> Data:
    wish, reason = shapes.read_wish(data), shapes.read_reason(data)
    comment = shapes.read_text(data, "comment", longest=shapes.LONGEST_COMMENT)
    begun = shapes.read_begun(data)
    submit.skip(project, user, shapes.read_seat(data), reason=reason, comment=comment, begun=begun)
    return next_items(project, user, wish)


@json_door(Role.ANNOTATOR)
def review_undo(project: Project, user: User, data: Data) -> Data:
    seat = submit.undo(project, user, shapes.read_key(data))
    return {"item": payload.item(payload.held(user, [seat])[0])}


@json_door(Role.ANNOTATOR)
def review_unskip(project: Project, user: User, data: Data) -> Data:
    seat = unskip.unskip(project, user, shapes.read_item(data), before=shapes.read_seat_before(data))
    return {"item": payload.item(payload.held(user, [seat])[0])}


@json_door(Role.ANNOTATOR)
def review_draft(project: Project, user: User, data: Data) -> Data:
    submit.keep_draft(project, user, shapes.read_seat(data), shapes.read_draft(data))
    return {"saved": True}


@json_door(Role.ANNOTATOR)
def review_heartbeat(project: Project, user: User, data: Data) -> Data:
    names = shapes.read_ids(data, "seats", most=shapes.MOST_SEATS)
    kept, until = claim.renew(project, user, [seek(name) for name in names])
    held = sorted(hide(seat) for seat in kept)  # in no order that tells which row is newer
    return {"held": held, "lost": sorted({*names} - {*held}), "lease_ends_at": until.isoformat()}


@require_POST
@needs(Role.ANNOTATOR)
def review_release(request: HttpRequest, project: Project) -> HttpResponse:
    """A closing page says goodbye by sendBeacon, which can send a form and no header."""
    claim.release(project, request.user, shapes.read_seat_list(request.POST.get("seats", "")))
    return HttpResponse(status=204)


def next_items(project: Project, user: User, wish: shapes.Wish) -> Data:
    seats = claim.claim(project, user, want=wish.want, holding=wish.holding)
    left = "some" if len(seats) == wish.want else "none"
    why = waiting.why_empty(project) if wish.want and not seats else None
    return {"next": [payload.item(seat) for seat in seats], "left": left, "waiting": why}

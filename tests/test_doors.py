"""Every address there is, tried by who has no business there: nobody, members of another project, too low a role.

A door that is added is walked by itself; a door with a new kind of object in its address fails the first test until an
object of that kind stands in `objects`.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from annotation.browse.bulk import bulk_verbs
from annotation.models import (
    Answer,
    BulkAction,
    CheckIn,
    Collection,
    Draft,
    Notice,
    Proposal,
    Remark,
    Report,
    SavedView,
    Seat,
    TermSet,
    Upload,
    Variant,
)
from annotation.queue.gold import mark
from studio import invitations
from studio.models import Background, Membership, Role
from tests.cast import Cast, join, make_round, make_snapshot, make_user, make_version, name_of, settle_item

METHODS = ("get", "post", "head", "put", "patch", "delete", "options")
NO_OBJECT = {"slug", "format", "suite", "name"}
"""Arguments of an address that name nothing a project owns."""


def names_of(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """(name, the arguments it takes) of every URL below `resolver`, Django's and allauth's too."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            parents = list(pattern.pattern.converters)
            yield from ((name, parents + arguments) for name, arguments in names_of(pattern, inner))
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{prefix}{pattern.name}", [*pattern.pattern.converters, *pattern.pattern.regex.groupindex]


DOORS = {name: list(dict.fromkeys(arguments)) for name, arguments in names_of(get_resolver())}
OURS = {name: arguments for name, arguments in DOORS.items() if not name.startswith("admin:")}
IN_A_PROJECT = {name: arguments for name, arguments in OURS.items() if "slug" in arguments}
WITH_AN_OBJECT = [name for name, arguments in IN_A_PROJECT.items() if set(arguments) - NO_OBJECT]


class World:
    """Somebody else's project with one of everything in it, and what names each in an address."""

    def __init__(self, cast: Cast):
        self.cast = cast
        project, iris, ada = cast.project, cast.iris, cast.ada
        version = make_version(project, 0, live=True)
        self.item = cast.item(version=version, text="Words that nobody outside may read.")
        self.settled = cast.item(text="Words that nobody outside may read.")
        self.answer = settle_item(self.settled, by=ada).answer
        self.held = cast.item(text="Words that nobody outside may read.").seats.get()
        Seat.objects.filter(pk=self.held.pk).update(holder=ada, lease_ends_at=timezone.now() + timedelta(hours=1))
        self.open = Answer.objects.create(key=uuid.uuid4(), item=self.item, annotator=ada, outcome="fine")
        mark(self.settled, actor=iris)
        self.snapshot = make_snapshot(project)
        self.round = make_round(project, snapshot=self.snapshot, state="passed")
        self.topic = cast.topic
        self.proposal = Proposal.objects.create(topic=cast.topic, text="Secret wish", author=ada)
        self.terms = TermSet.objects.create(project=project, name="Trades", terms=["nurse", "smith"])
        self.upload = Upload.objects.create(
            project=project, name="f", what="prompts", format="jsonl", on_bad="stop", size=1
        )
        self.collection = Collection.objects.create(project=project, name="Secret")
        self.view = SavedView.objects.create(project=project, owner=iris, name="Mine", query="", is_shared=True)
        self.bulk = BulkAction.objects.create(
            project=project, actor=iris, verb="retire", count=1, changes={"items": []}
        )
        self.notice = Notice.objects.create(project=project, user=ada, kind="mention", item=self.item)
        self.remark = Remark.objects.create(item=self.item, author=iris, text="Secret words")
        self.invitation, self.secret = invitations.invite(project, Role.ADMIN, days=1, uses=1, actor=cast.max)
        self.member = Membership.objects.get(user=ada)
        Background.objects.create(project=project, name="Secret group")
        Draft.objects.create(item=self.held.item, user=ada, data={"comment": "Secret draft"})
        CheckIn.objects.create(project=project, user=ada, week="2026-01-05", worth=1, mood=1)
        Report.objects.create(project=project, kind="agreement", data={})
        swap: dict[str, Any] = {"old_term": "nurse", "new_term": "smith", "text": "?"}
        Variant.objects.create(project=project, prompt=self.item.prompt, version=version, **swap)

    @property
    def objects(self) -> dict[str, dict[str, Any]]:
        """What stands in the address of each door that names an object; by the door, or by the argument alone."""
        return {
            "*": {
                "uuid": self.item.uuid,
                "digest": self.snapshot.digest,
                "number": self.round.number,
                "topic": self.topic.pk,
                "format": "jsonl",
                "suite": "capability",
                "name": "severity",
            },
            "member": {"pk": self.member.pk},
            "invitation-revoke": {"pk": self.invitation.pk},
            "annotation:mine-answer": {"key": self.open.key},
            "annotation:mine-correct": {"key": self.open.key},
            "annotation:upload": {"pk": self.upload.pk},
            "annotation:statement": {"pk": self.topic.pk},
            "annotation:statement-write": {"pk": self.topic.pk},
            "annotation:statement-preview": {"pk": self.topic.pk},
            "annotation:proposal-new": {"pk": self.topic.pk},
            "annotation:proposal": {"pk": self.proposal.pk},
            "annotation:assignment-topic": {"pk": self.topic.pk},
            "annotation:assignment-person": {"pk": self.member.pk},
            "annotation:term-set": {"pk": self.terms.pk},
            "annotation:term-set-delete": {"pk": self.terms.pk},
            "annotation:bulk-undo": {"pk": self.bulk.pk},
            "annotation:saved-view": {"pk": self.view.pk},
            "training:round-raw": {"key": "candidate"},
            "training:version-promote": {"number": 0},
            "annotation:terms-export": {"format": "csv"},
        }

    def address(self, name: str, slug: str = "peoples") -> str:
        given = {"slug": slug, **self.objects["*"], **self.objects.get(name, {})}
        return reverse(name, kwargs={argument: given[argument] for argument in IN_A_PROJECT[name]})

    def bodies(self) -> list[dict[str, Any]]:
        """What a forger would post: every object of the project under every name that a door may look at."""
        ids = {"seat": name_of(self.held), "item": str(self.item.uuid), "topic": self.topic.pk, "answer": self.open.pk}
        ids |= {"membership": self.member.pk, "member": self.member.pk, "pk": self.item.pk, "gold": self.settled.pk}
        ids |= {
            "collection": self.collection.pk,
            "view": self.view.pk,
            "notice": self.notice.pk,
            "uuid": str(self.item.uuid),
        }
        ids |= {
            "items": str(self.item.uuid),
            "seats": str(name_of(self.held)),
            "topics": self.topic.pk,
            "snapshot": self.snapshot.digest,
        }
        shared = {"key": str(uuid.uuid4()), "outcome": "fine", "text": "x", "reason": "x", "data": {}, "active_ms": 1}
        return [{**ids, **shared, "do": do} for do in ("remove", "retire", "gold")]

    def whole(self) -> dict[str, list[dict[str, Any]]]:
        """By door, bodies with all that its form asks for, so that the door comes to look for the object they name."""
        item, seat = str(self.item.uuid), name_of(self.held)
        said = {"item": item, "sure": "1", "expected": "1", "collection": "x", "person": "eve", "explanation": "x"}
        key = {"key": str(self.open.key)}
        return {
            "annotation:bulk": [{**said, "verb": verb} for verb in bulk_verbs.VERBS],
            "annotation:gold": [{"item": str(self.settled.uuid)}, {"unmark": str(self.settled.gold.pk)}],
            "annotation:mine-topics": [{"topic": self.topic.pk, "out": "1"}, {"topic": self.topic.pk, "out": True}],
            "annotation:review-skip": [{"seat": seat, "reason": "other"}],
            "annotation:review-heartbeat": [{"seats": [seat]}],
            "annotation:review-release": [{"seats": str(seat)}],
            "annotation:review-draft": [{"seat": seat, "data": {"outcome": "fine"}}],
            "annotation:review-submit": [{"seat": seat, "outcome": "fine", "key": str(uuid.uuid4())}],
            "annotation:review-undo": [key],
            "annotation:freeze": [{"collection": self.collection.name}],
        }


@pytest.fixture
def world(cast: Cast) -> World:
    cache.clear()
    return World(cast)


def rows_of(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of our rooms: what stood there before must stand there after."""
    ours = [
        model for label in ("studio", "annotation", "training") for model in apps.get_app_config(label).get_models()
    ]
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in ours}


def test_every_object_in_an_address_is_in_the_world(world):
    missing = []
    for name, arguments in IN_A_PROJECT.items():
        known = {"slug", *world.objects["*"], *world.objects.get(name, {})}
        missing += [f"{name}: {argument}" for argument in arguments if argument not in known]
    assert missing == []


def test_the_walk_goes_through_real_doors(world):
    """The same addresses open to those whose they are: a 404 of the walks below is a refusal, not a wrong number."""
    client = Client()
    client.force_login(world.cast.max)
    client.raise_request_exception = False
    gone = {name for name in IN_A_PROJECT if client.get(world.address(name)).status_code == 404}
    mine = {"annotation:mine-answer", "annotation:mine-correct"}  # Ada's, not Max's
    no_files = {"annotation:chart", "training:round-log", "training:round-raw"}
    assert gone <= mine | no_files


@pytest.mark.parametrize("method", METHODS)
def test_no_door_of_a_project_opens_to_the_admin_of_another(world, client, method):
    client.force_login(world.cast.eve)
    answers = {name: getattr(client, method)(world.address(name)).status_code for name in IN_A_PROJECT}
    assert len(answers) > 60
    assert {name: status for name, status in answers.items() if status not in (404, 405)} == {}


@pytest.mark.parametrize("method", METHODS)
def test_no_door_of_a_project_opens_to_an_annotator_of_another(world, client, method):
    client.force_login(join(make_user("tom"), world.cast.other, Role.ANNOTATOR))
    answers = {name: getattr(client, method)(world.address(name)).status_code for name in IN_A_PROJECT}
    assert {name: status for name, status in answers.items() if status not in (404, 405)} == {}


@pytest.mark.parametrize("method", METHODS)
def test_no_door_of_a_project_opens_to_a_stranger(world, client, method):
    for name in IN_A_PROJECT:
        answer = getattr(client, method)(world.address(name))
        assert answer.status_code in (302, 401, 403, 405), name
        if answer.status_code == 302:
            assert answer.url.startswith(reverse("account_login")), name


@pytest.mark.parametrize("method", METHODS)
def test_no_object_is_found_through_another_project(world, client, method):
    """Eve is the admin of `elsewhere`: each object of `peoples`, addressed as if it were hers."""
    client.force_login(world.cast.eve)
    answers = {
        name: getattr(client, method)(world.address(name, slug="elsewhere")).status_code for name in WITH_AN_OBJECT
    }
    assert len(answers) > 25
    assert {name: status for name, status in answers.items() if status not in (404, 405)} == {}


AS_JSON = ("annotation:review-skip", "annotation:review-heartbeat", "annotation:review-draft")
AS_JSON += ("annotation:review-submit", "annotation:review-undo")
"""Doors that read a body as JSON; the others read a form."""


@pytest.mark.parametrize("send", ["form", "json"])
def test_nothing_of_a_project_changes_or_shows_by_a_forged_body_in_another(world, client, send):
    client.force_login(world.cast.eve)
    before, whole = rows_of(world), world.whole()
    shown, answers = [], {name: set[int]() for name in whole}
    for name in IN_A_PROJECT:
        for body in [*world.bodies(), *whole.get(name, [])]:
            address = world.address(name, slug="elsewhere")
            data = {k: v for k, v in body.items() if v != {}} if send == "form" else json.dumps(body)
            kind = {} if send == "form" else {"content_type": "application/json"}
            answer = client.post(address, data, **kind)
            if body in whole.get(name, []):
                answers[name].add(answer.status_code)
            if answer.status_code < 400 and not answer.streaming and b"Secret" in answer.content:
                shown.append(name)
    after = rows_of(world)
    assert shown == []
    unheard = [name for name, said in answers.items() if said == {400} and (name in AS_JSON) == (send == "json")]
    assert unheard == []  # else the walk knocked, and did not come in
    changed = [
        label
        for label, rows in before.items()
        if [row for row in rows if row not in after[label]] and label != "studio.User"
    ]
    theirs = {"studio.Project", "studio.Membership"}  # of `elsewhere`, which Eve may change
    peoples = [row for row in before["studio.Project"] if "peoples" in row]
    assert set(changed) <= theirs
    assert all(row in after["studio.Project"] for row in peoples)
    assert set(world.cast.project.memberships.values_list("user__username", "role")) == {
        ("ada", "annotator"), ("bo", "annotator"), ("iris", "curator"), ("max", "admin"),
    }  # fmt: skip


def test_every_door_of_a_project_says_which_role_it_needs(world):
    nameless = [name for name in IN_A_PROJECT if not hasattr(resolve(world.address(name)).func, "needed_role")]
    assert nameless == []


@pytest.mark.parametrize(("who", "role"), [("ada", Role.ANNOTATOR), ("iris", Role.CURATOR)])
@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_no_door_opens_to_too_low_a_role(world, client, who, role, method):
    client.force_login(getattr(world.cast, who))
    higher = [name for name in IN_A_PROJECT if not role.includes(resolve(world.address(name)).func.needed_role)]
    answers = {name: getattr(client, method)(world.address(name)).status_code for name in higher}
    assert len(answers) > 10
    assert {name: status for name, status in answers.items() if status not in (403, 405)} == {}


# ---------------------------------------------------------------- doors outside the projects

OPEN = {
    "health": 200,
    "favicon": 301,
    "account_login": 200,
    "account_inactive": 200,
    "socialaccount_login_cancelled": 200,
    "socialaccount_login_error": 401,
    "socialaccount_signup": 403,
}
"""What nobody at all may look at: nothing of anybody's is there."""
CLOSED = ("account_signup", "account_reset_password", "account_set_password", "oidc_login", "oidc_callback")
OUTSIDE = [name for name in OURS if "slug" not in OURS[name]]


def outside(name: str) -> str:
    return reverse(name, kwargs=dict.fromkeys(OURS[name], "not-a-link"))


@pytest.mark.parametrize("method", METHODS)
def test_outside_the_projects_a_stranger_sees_only_what_is_nobodys(db, client, method):
    cache.clear()
    for name in OUTSIDE:
        answer = getattr(client, method)(outside(name))
        status = answer.status_code
        if method == "options" and status == 200 and not answer.content:
            continue  # which methods there are is no secret
        allowed = {302, 404, 405} | ({OPEN[name], 200, 403} if name in OPEN else set())
        assert status in allowed, (name, status)
        if name in CLOSED or name == "join":
            assert status in (404, 405), (name, status)


@pytest.mark.parametrize("name", OPEN)
def test_what_everybody_sees_names_nobody(world, client, name):
    answer = client.get(outside(name))
    assert answer.status_code == OPEN[name]
    page = answer.content.decode()
    assert not [word for word in ("Peoples", "peoples", "ada", "iris", "Secret") if word in page.split()]


@pytest.mark.parametrize("name", ["audit-all", "project-new"])
def test_doors_of_the_studio_are_for_superusers(world, client, name):
    for who, status in ((world.cast.max, 403), (world.cast.eve, 403), (make_user("root", is_superuser=True), 200)):
        client.force_login(who)
        assert client.get(reverse(name)).status_code == status


def admin_addresses() -> list[str]:
    known = {"object_id": "1", "app_label": "annotation", "content_type_id": "1", "url": "x/"}
    shown_to_all = ("admin:login", "admin:logout")
    names = {name: given for name, given in DOORS.items() if name.startswith("admin:") and name not in shown_to_all}
    return [reverse(name, kwargs={a: known[a] for a in given}) for name, given in names.items()]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["nobody", "ada", "max", "eve"])
def test_the_back_room_opens_to_nobody_who_is_not_staff(world, client, who, method):
    if who != "nobody":
        client.force_login(getattr(world.cast, who))
    addresses = admin_addresses()
    assert len(addresses) > 40
    for address in addresses:
        answer = getattr(client, method)(address)
        assert answer.status_code in (302, 403, 404, 405), address
        if answer.status_code == 302:
            assert reverse("account_login") in answer.url or reverse("admin:login") in answer.url, (address, answer.url)


def test_secrets_of_log_ins_are_not_in_the_back_room(world, client):
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    page = client.get(reverse("admin:index")).content.decode()
    assert not [word for word in ("authenticator", "socialtoken", "socialapp", "emailaddress") if word in page]


def test_a_post_without_a_csrf_token_is_refused_at_every_door(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.cast.max)
    addresses = [world.address(name) for name in IN_A_PROJECT] + [outside(name) for name in OUTSIDE]
    answers = {address: strict.post(address).status_code for address in addresses}
    assert {a: s for a, s in answers.items() if s not in (302, 403, 404, 405)} == {}
    inside: Callable[[str], bool] = lambda address: address.startswith("/p/")  # noqa: E731
    assert {a: s for a, s in answers.items() if inside(a) and s not in (403, 405)} == {}

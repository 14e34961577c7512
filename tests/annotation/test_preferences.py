"""A person's own keys, and the other choices of the review screen."""

import json
from typing import Any

import pytest
from django.test import Client

from annotation.person.preferences import LAYERS
from studio.models import User
from tests.cast import Cast

DOOR = "/p/peoples/review/preferences/"


def choose(client: Client, data: dict[str, Any]) -> Any:
    return client.post(DOOR, json.dumps(data), content_type="application/json")


@pytest.fixture
def ada(client: Client, cast: Cast) -> Client:
    client.force_login(cast.ada)
    return client


def kept(cast: Cast) -> tuple[dict[str, str], bool, int | None]:
    ada = User.objects.get(pk=cast.ada.pk)
    return ada.keys, ada.single_keys, ada.blur_from


def test_what_a_person_chooses_is_kept_on_their_account_and_nobody_elses(ada: Client, cast: Cast):
    reply = choose(ada, {"keys": {"fine": "J", "biased": "é"}, "single_keys": False, "blur_from": 2})
    assert reply.json() == {"saved": True}
    assert kept(cast) == ({"fine": "j", "biased": "é"}, False, 2)
    assert User.objects.get(pk=cast.bo.pk).keys == {}


def test_what_is_not_said_stays_as_it_was_and_null_means_never_blurred(ada: Client, cast: Cast):
    choose(ada, {"keys": {"fine": "j"}, "blur_from": 3})
    choose(ada, {"single_keys": False})
    assert kept(cast) == ({"fine": "j"}, False, 3)
    choose(ada, {"blur_from": None})
    choose(ada, {"keys": {}})
    assert kept(cast) == ({}, False, None)


@pytest.mark.parametrize(
    ("data", "field", "says"),
    [
        ({"keys": ["f"]}, "keys", "object"),
        ({"keys": {"delete": "d"}}, "keys", "no action “delete”"),
        ({"keys": {"fine": "ff"}}, "keys", "one letter"),
        ({"keys": {"fine": " "}}, "keys", "one letter"),
        ({"keys": {"fine": "\t"}}, "keys", "one letter"),
        ({"keys": {"fine": 5}}, "keys", "one letter"),
        ({"keys": {"fine": "?"}}, "keys", "always opens the map"),
        ({"keys": {"fine": "b"}}, "keys", "B would do two things"),
        ({"keys": {"submit": "3"}}, "keys", "3 would do two things"),
        ({"single_keys": "no"}, "single_keys", "on (true) or off"),
        ({"blur_from": 4}, "blur_from", "1, 2 or 3"),
        ({"blur_from": True}, "blur_from", "1, 2 or 3"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_its_reason(ada: Client, cast: Cast, data, field, says):
    reply = choose(ada, data)
    assert (reply.status_code, reply.json()["field"]) == (400, field)
    assert says in reply.json()["error"]
    assert kept(cast) == ({}, True, None)


def test_two_actions_may_change_keys_with_each_other(ada: Client, cast: Cast):
    assert choose(ada, {"keys": {"fine": "b", "biased": "f"}}).status_code == 200


def test_one_key_may_do_different_things_in_different_ways_of_working(ada: Client, cast: Cast):
    assert LAYERS["review"]["category-1"] == LAYERS["compare"]["left"]
    assert choose(ada, {"keys": {"left": "f"}}).status_code == 200


def test_strangers_and_outsiders_choose_nothing(client: Client, cast: Cast):
    assert choose(client, {"single_keys": False}).status_code == 403
    client.force_login(cast.eve)
    assert choose(client, {"single_keys": False}).status_code == 404
    assert User.objects.get(pk=cast.eve.pk).single_keys

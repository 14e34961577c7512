"""The verb of a person's own settings for the review screen: keys, single keys at all, when to blur.

They belong to the account, so that they hold on every machine. What is not said is left as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotation.queue.shapes import BadShape
from studio.models import User

COMMON = {
    "cannot_judge": "x",
    "rewrite": "r",
    "comment": "k",
    "submit": "n",
    "skip": "p",
    "undo": "u",
    "variants": "c",
    "reveal": "v",
}
OF_A_MODE = {
    "review": {
        "fine": "f",
        "biased": "b",
        **{f"category-{number}": str(number) for number in range(1, 10)},
        "severity-1": "q",
        "severity-2": "w",
        "severity-3": "e",
        "spans": "s",
        "reasons": "g",
    },
    "compare": {"left": "1", "right": "2", "tie": "3", "both_bad": "4", "reasons": "g", "differences": "d"},
    "demonstrate": {},
}
LAYERS = {mode: {**COMMON, **own} for mode, own in OF_A_MODE.items()}
"""The usual keys of each way of working; js/review/keymap.js has the same table, and a test compares them."""
ACTIONS = frozenset(action for layer in LAYERS.values() for action in layer)
RESERVED = "?"
"""Always the map of keys: whoever changed them must find it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person said; None of a part they did not speak of, and `blur_said` because None is also "never"."""

    keys: dict[str, str] | None = None
    single_keys: bool | None = None
    blur_from: int | None = None
    blur_said: bool = False


@transaction.atomic
def prefer(choice: Choice, *, actor: User) -> None:
    """Keep what `actor` chose; nothing but their own row changes."""
    changes: dict[str, Any] = {}
    if choice.keys is not None:
        changes["keys"] = choice.keys
    if choice.single_keys is not None:
        changes["single_keys"] = choice.single_keys
    if choice.blur_said:
        changes["blur_from"] = choice.blur_from
    if changes:
        User.objects.filter(pk=actor.pk).update(**changes)


def read_choice(data: Mapping[str, Any]) -> Choice:
    """The choice in the page's JSON, or BadShape."""
    single_keys, blur_from = data.get("single_keys"), data.get("blur_from")
    if single_keys is not None and not isinstance(single_keys, bool):
        raise BadShape("single_keys", "Single keys are on (true) or off (false).")
    if blur_from is not None and (type(blur_from) is not int or not 1 <= blur_from <= 3):
        raise BadShape("blur_from", "Blurring begins at a severity of 1, 2 or 3, or never (null).")
    keys = None if data.get("keys") is None else read_keys(data["keys"])
    return Choice(keys, single_keys, blur_from, "blur_from" in data)


def read_keys(said: Any) -> dict[str, str]:
    """{action: key} as it may stand: actions of the screen, one printable sign each, none twice where both act."""
    if not isinstance(said, dict):
        raise BadShape("keys", "Keys must be an object of actions, each with its key.")
    keys: dict[str, str] = {}
    for action, key in said.items():
        if action not in ACTIONS:
            raise BadShape("keys", f"There is no action “{str(action)[:40]}” on the review screen.")
        keys[action] = read_key(key)
    for layer in LAYERS.values():
        no_key_twice({**layer, **{action: key for action, key in keys.items() if action in layer}})
    return keys


def read_key(key: Any) -> str:
    if not isinstance(key, str) or len(key) != 1 or not key.isprintable() or key.isspace():
        raise BadShape("keys", "A key is one letter, digit or sign.")
    if key in RESERVED:
        raise BadShape("keys", f"{key} always opens the map of keys.")
    return key.lower() if len(key.lower()) == 1 else key


def no_key_twice(layer: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for action, key in layer.items():
        if key in seen:
            raise BadShape("keys", f"{key.upper()} would do two things: “{seen[key]}” and “{action}”.")
        seen[key] = action

"""Verb: change one's own settings, which hold in every project."""

from typing import Any

from studio.models import User


def change_myself(user: User, *, name: str, language: str, blur_from: int | None, single_keys: bool) -> None:
    """Write one's own settings. They are nobody else's business: no audit entry."""
    wanted: dict[str, Any] = {"language": language, "blur_from": blur_from, "single_keys": single_keys}
    if name != user.get_full_name():
        wanted |= {"first_name": name, "last_name": ""}
    User.objects.filter(pk=user.pk).update(**wanted)
    for column, value in wanted.items():
        setattr(user, column, value)

"""Accounts by their names, which are the same in any case, as they are to the log-in."""

from django.db import IntegrityError, transaction

from studio.models import User


class NameTaken(Exception):
    """Somebody else made an account of that name in the same moment."""


def find_account(username: str) -> User | None:
    """The one whom the log-in takes this name for."""
    return User.objects.filter(username__iexact=User.normalize_username(username)).first()


def make_account(username: str, *, password: str, name: str = "") -> User:
    """A new account. Two of one name in the same second: the database refuses one of them."""
    user = User(username=User.normalize_username(username), first_name=name)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as refusal:
        raise NameTaken("This name is taken: choose another, or log in if it is yours.") from refusal
    return user

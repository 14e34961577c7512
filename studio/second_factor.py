"""How second factors are kept: encrypted with a key made from the studio's secret, so that a copy of the database, or
whoever looks at its rows, has none of them."""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings


class Locked(DefaultMFAAdapter):
    """allauth keeps secrets as they are unless told otherwise."""

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> Fernet:
    key = hashlib.pbkdf2_hmac("sha256", settings.SECRET_KEY.encode(), b"second factor", 1)
    return Fernet(base64.urlsafe_b64encode(key))

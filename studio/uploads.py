"""How much a request may upload: judged by what it announces, before a byte of it is kept."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

AROUND = 64 * 1024
"""Bytes of a form around its file."""


class Bounded(FileUploadHandler):
    """Stands before Django's own handlers, which do the work."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > settings.UPLOAD_MAX_BYTES + AROUND:
            raise RequestDataTooBig(f"An upload may have {settings.UPLOAD_MAX_BYTES:,} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

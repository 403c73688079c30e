"""Uploads that are too large are refused before they are read."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MEGABYTE = 1_000_000
# What the form around a file may add.
ROOM = 10 * MEGABYTE


class SizeLimit(FileUploadHandler):
    """Judges by the request's stated length, and stores nothing itself."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        if content_length > settings.UPLOAD_LIMIT_MB * MEGABYTE + ROOM:
            raise RequestDataTooBig(
                f"The upload is larger than {settings.UPLOAD_LIMIT_MB} MB: "
                "import it with the commands of manage.py."
            )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

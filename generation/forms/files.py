"""Uploads: checked for size and kind, and handed to the importers as a file with its suffix."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from generation.files import FileError

SUFFIXES = (".jsonl", ".csv", ".parquet")
# A page lists this many bad rows; a file has often the same fault in all of them.
ERRORS_SHOWN = 20
LONGEST_NAME = 255  # bytes; browsers send names of as many characters


class RowsFileField(forms.FileField):
    """A .jsonl, .csv or .parquet file, not larger than the server takes."""

    def __init__(self, **options: Any) -> None:
        widget = forms.ClearableFileInput(attrs={"accept": ",".join(SUFFIXES), "hx-preserve": "true"})
        super().__init__(**({"widget": widget} | options))

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        if upload is None:
            return None
        if Path(upload.name).suffix.lower() not in SUFFIXES:
            raise forms.ValidationError(f"{upload.name}: the name must end in .jsonl, .csv or .parquet.")
        if upload.size > settings.UPLOAD_LIMIT_MB * 1_000_000:
            raise forms.ValidationError(
                f"{upload.name} has {upload.size / 1e6:,.0f} MB, more than the "
                f"{settings.UPLOAD_LIMIT_MB} MB that are taken here. "
                "Import larger files with the commands of manage.py."
            )
        return upload


@contextmanager
def on_disk(upload: UploadedFile[Any]) -> Iterator[Path]:
    """The upload as a file of its own name, which messages repeat and whose suffix tells its format."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / _file_name(upload.name or "upload")
        if isinstance(upload, TemporaryUploadedFile):
            path.symlink_to(upload.temporary_file_path())
        else:
            path.write_bytes(upload.read())
        yield path


def _file_name(given: str) -> str:
    """The name that the person gave the file, cut where no disk takes a longer one."""
    name = Path(given).name
    suffix = Path(name).suffix
    room = LONGEST_NAME - len(suffix.encode())
    return name.removesuffix(suffix).encode()[:room].decode(errors="ignore") + suffix


def lines(error: FileError) -> list[str]:
    """Why a file was refused, and its other wrong rows, a line each, as many as a page can show."""
    others = error.errors[1:]
    more = len(others) - ERRORS_SHOWN
    return [str(error), *others[:ERRORS_SHOWN], *([f"and {more:,} more."] if more > 0 else [])]

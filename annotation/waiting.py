"""Uploaded files that wait until a member who has seen what is in them says yes."""

import shutil
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from annotation.models import Study
from annotation.studies import StudyError
from generation.forms.files import on_disk

SALT = "waiting file"
HOUR = 3600


def keep(study: Study, upload: UploadedFile[Any]) -> str:
    """Keep the file for an hour; returns what finds it again."""
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    for old in root.iterdir():
        if old.stat().st_mtime < time.time() - HOUR:
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(mkdtemp(dir=root))
    with on_disk(upload) as path:
        shutil.copyfile(path, folder / path.name)
    return signing.dumps([study.pk, folder.name], salt=SALT)


def waiting(study: Study, token: str) -> Path:
    """The file that waits. Raises StudyError."""
    gone = "The file is not here any more: choose it again."
    try:
        key, folder = signing.loads(token, salt=SALT, max_age=HOUR)
    except signing.BadSignature:
        raise StudyError(gone) from None
    files = list((_root() / folder).glob("*")) if key == study.pk else []
    if not files:
        raise StudyError(gone)
    return Path(files[0])


def forget(path: Path) -> None:
    shutil.rmtree(path.parent, ignore_errors=True)


def _root() -> Path:
    return Path(settings.MANYMINDS_DATA) / "uploads"

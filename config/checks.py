"""Each missing or unsafe setting is a system check with an id."""

import os
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Tags, Warning, register

from generation.reach import is_entry

DATABASES = ("sqlite:", "postgres:", "postgresql:")
# Gunicorn starts a worker anew after any other exit status, for ever.
NO_WORKER_WILL_DO = 3


def refuse_unsafe() -> None:
    """End the process with a line where serving would be unsafe: a WSGI server runs no checks of its own."""
    for problem in check_secrets(None):
        if problem.level >= ERROR:
            sys.stderr.write(f"Manyminds does not start: {problem.msg} {problem.hint} ({problem.id})\n")
            raise SystemExit(NO_WORKER_WILL_DO)


@register(Tags.security)
def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if not settings.DEBUG and settings.SECRET_KEY == settings.DEVELOPMENT_KEY:
        problems.append(
            Error(
                "SECRET_KEY is not set.",
                hint="Run bin/serve once, which makes one in var/, or set it to 50 random characters.",
                id="manyminds.E001",
            )
        )
    if settings.DEBUG and settings.HTTPS:
        problems.append(
            Warning(
                "DEBUG is on while HTTPS is on.",
                hint="Turn DEBUG off where people label.",
                id="manyminds.W003",
            )
        )
    return problems


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if set(settings.ALLOWED_HOSTS) - set(settings.LOCAL_HOSTS):
        return []
    return [
        Error(
            "ALLOWED_HOSTS names no host but this machine.",
            hint="Set it to the host names that people type, separated by commas.",
            id="manyminds.E002",
        )
    ]


@register(Tags.database)
def check_database_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DATABASE_URL.startswith(DATABASES):
        return []
    return [
        Error(
            "DATABASE_URL names neither SQLite nor PostgreSQL.",
            hint="Use sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME.",
            id="manyminds.E004",
        )
    ]


@register(Tags.files)
def check_data_folder(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    folder = settings.MANYMINDS_DATA
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return []
    return [
        Error(
            f"MANYMINDS_DATA ({folder}) cannot be written.",
            hint="Name a folder that the server's user may write to.",
            id="manyminds.E005",
        )
    ]


@register(Tags.security)
def check_prolific(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    address = urlsplit(settings.PROLIFIC_API)
    here = address.hostname in ("127.0.0.1", "::1", "localhost")
    if not settings.PROLIFIC_TOKEN or address.scheme == "https" or (address.scheme == "http" and here):
        return []
    return [
        Error(
            "PROLIFIC_TOKEN would be sent to an address without TLS.",
            hint="Leave PROLIFIC_API unset, or begin it with https://.",
            id="manyminds.E006",
        )
    ]


@register(Tags.security)
def check_models(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = [
        Error(
            f"MANYMINDS_MODEL_SERVERS names {entry[:100]!r}, which is no host.",
            hint="Write host or host:port, such as gpu.example:8000, with commas between.",
            id="manyminds.E007",
        )
        for entry in settings.MODEL_SERVERS
        if not is_entry(entry)
    ]
    if not all(name and model for name, model in settings.LOCAL_MODELS.items()):
        problems.append(
            Error(
                "MANYMINDS_LOCAL_MODELS has an entry that is not name=model.",
                hint="Write name=path-or-hub-id, with commas between.",
                id="manyminds.E008",
            )
        )
    return problems

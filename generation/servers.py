"""Model servers: made, changed, deleted; and the client that asks one, with its key.

A person's server is at a public address, or at one that the operator allows. Only the command line goes
anywhere, and names environment variables.
"""

import os
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q, QuerySet

from generation.clients import (
    Client,
    Later,
    Rejected,
    ServerRefuses,
    address_problem,
    goes_in_the_clear,
    key_can_be_sent,
)
from generation.models import ModelServer
from generation.reach import forbidden, is_allowed, surely_forbidden
from generation.sealing import fernet

PURPOSE = "model server key"
LIMITS = {
    "concurrency": (1, 512, "requests at a time"),
    "requests_a_minute": (1, 1_000_000, "requests a minute"),
    "timeout": (1, 3600, "seconds an answer may take"),
}
# Seconds that a person waits for a page that asks a server.
TRYING = 15
SHOWN = 8


class ServerError(Exception):
    """What cannot be done with a model server, and why, in one line without any key."""


def servers_for(user: User | AnonymousUser) -> QuerySet[ModelServer]:
    """The servers that a user may use, by name: their own and shared ones; a superuser's are all."""
    if user.is_superuser:
        return ModelServer.objects.all()
    if user.pk is None:
        return ModelServer.objects.none()
    return ModelServer.objects.filter(Q(owner=user.pk) | Q(shared=True))


def may_use(server: ModelServer | None, user: User | AnonymousUser) -> bool:
    """Whether the user may have it asked: its key pays, and it may be where only the command line goes.

    None is no server, for a model in this process.
    """
    return server is None or servers_for(user).filter(pk=server.pk).exists()


def server_named(name: str) -> ModelServer:
    """Raises ServerError, with the names that there are."""
    found = ModelServer.objects.filter(name=name).first()
    if found is None:
        there = ", ".join(ModelServer.objects.values_list("name", flat=True)) or "none yet"
        how = f"manage.py model_server {name} URL makes it"
        raise ServerError(f"There is no model server {name}; there are: {there}. {how}.")
    return found


@transaction.atomic
def make_server(*, name: str, base_url: str, key: str = "", **fields: Any) -> ModelServer:
    """A server with its limits; of a person where an `owner` is given. Raises ServerError."""
    server = ModelServer(name=name, base_url=_tidy(base_url), **fields)
    _seal(server, key)
    _save(server, key)
    return server


@transaction.atomic
def change_server(*, server: ModelServer, key: str | None = None, **fields: Any) -> ModelServer:
    """Change what is given; `key` None keeps the key, "" forgets it. Raises ServerError.

    Another address forgets the key, its variable and that it may be anywhere, unless they are given anew: a
    key goes to the address that it was entered for, and to no other.
    """
    changed = ModelServer.objects.select_for_update().filter(pk=server.pk).first()
    if changed is None:
        raise ServerError(f"The server {server.name} was deleted meanwhile.")
    if _tidy(fields.get("base_url", changed.base_url)) != changed.base_url:
        fields = {"key_variable": "", "anywhere": False} | fields
        key = key or ""
    for field, value in fields.items():
        setattr(changed, field, value)
    changed.base_url = _tidy(changed.base_url)
    if key is not None:
        _seal(changed, key)
    _save(changed, key or "")
    return changed


def delete_server(*, server: ModelServer) -> None:
    """Raises ServerError where runs use it: their pages name it."""
    try:
        server.delete()
    except ProtectedError as error:
        runs = len(error.protected_objects)
        use = "a run uses" if runs == 1 else f"{runs:,} runs use"
        raise ServerError(f"The server {server.name} stays, since {use} it: delete those first.") from None


def runs_of(server: ModelServer) -> int:
    """How many runs use it, of whichever app."""
    runs = [field for field in server._meta.related_objects if field.field.name == "server"]
    managers = [getattr(server, field.get_accessor_name() or "") for field in runs if field.name != "callers"]
    return sum(manager.count() for manager in managers)


def command_line_server(*, base_url: str, key_variable: str = "", **limits: Any) -> ModelServer:
    """The command line's own server at this address, made where there is none. Raises ServerError."""
    mine = ModelServer.objects.filter(
        owner=None, anywhere=True, base_url=_tidy(base_url), key_variable=key_variable, sealed_key=""
    ).first()
    if mine is not None:
        return change_server(server=mine, **limits) if limits else mine
    _check_url(base_url)
    # Its host and port; with a number where another server is called so.
    host = urlsplit(base_url).netloc[:80]
    taken = set(ModelServer.objects.filter(name__startswith=host).values_list("name", flat=True))
    names = (host if number == 1 else f"{host} {number}" for number in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    return make_server(name=name, base_url=base_url, key_variable=key_variable, anywhere=True, **limits)


def client_of(server: ModelServer) -> Client:
    """What asks it. Raises ServerError where its key is not to be had."""
    return Client(
        server.base_url,
        key=_key(server),
        timeout=server.timeout,
        anywhere=server.anywhere,
        allowed=tuple(settings.MODEL_SERVERS),
    )


def try_server(*, server: ModelServer) -> str:
    """Ask it for its models: what it answers, in one line. Raises ServerError where it does not answer."""
    client = client_of(server)
    client = replace(client, timeout=min(client.timeout, TRYING))
    try:
        names = client.models()
    except (Later, Rejected, ServerRefuses) as error:
        raise ServerError(str(error)) from None
    finally:
        client.close()
    if not names:
        return "The server answers, and does not say which models it has."
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"The server answers. It has {', '.join(names[:SHOWN])}{more}."


def _tidy(base_url: str) -> str:
    return base_url.strip().rstrip("/")


def _seal(server: ModelServer, key: str) -> None:
    if not key_can_be_sent(key.strip()):
        raise ServerError("The key holds characters that no key has: copy it once more.")
    server.sealed_key = fernet(PURPOSE).encrypt(key.strip().encode()).decode() if key.strip() else ""


def _key(server: ModelServer) -> str:
    if server.key_variable:
        found = os.environ.get(server.key_variable, "").strip()
        if not found:
            raise ServerError(
                f"The key of {server.name} is not there: set the environment variable {server.key_variable}."
            )
        return found
    if not server.sealed_key:
        return ""
    try:
        return fernet(PURPOSE).decrypt(server.sealed_key).decode()
    except InvalidToken:
        raise ServerError(
            f"The key of {server.name} was sealed with another SECRET_KEY: enter it again."
        ) from None


def _save(server: ModelServer, key: str) -> None:
    """Check and save; `key` is the one just given. Raises ServerError."""
    _check_address(server, key.strip())
    _check_limits(server)
    if server.owner_id is not None and (server.anywhere or server.key_variable):
        raise ServerError("Only the command line goes to private addresses and names environment variables.")
    if server.key_variable and server.sealed_key:
        raise ServerError("A key is entered, or it is in an environment variable: not both.")
    if server.key_variable and not server.key_variable.isidentifier():
        raise ServerError(f"{server.key_variable[:100]!r} is not the name of an environment variable.")
    taken = ModelServer.objects.filter(name=server.name).exclude(pk=server.pk)
    if taken.exists():
        raise ServerError(f"There is already a server {server.name}: choose another name.")
    try:
        server.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            server.save()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise ServerError(f"{field.replace('_', ' ')}: {messages[0]}") from None
    except IntegrityError:  # somebody else took the name since
        raise ServerError(f"There is already a server {server.name}: choose another name.") from None


def _check_url(base_url: str) -> None:
    problem = address_problem(_tidy(base_url))
    if problem:
        raise ServerError(problem)


def _check_address(server: ModelServer, key: str) -> None:
    _check_url(server.base_url)
    if key and key in server.base_url:
        raise ServerError("The address must not hold the key: it has a field of its own.")
    if server.anywhere:
        return
    allowed = tuple(settings.MODEL_SERVERS)
    parts = urlsplit(server.base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if surely_forbidden(host, port) and not is_allowed(host, port, allowed):
        raise ServerError(forbidden(host, port))
    if server.sealed_key and goes_in_the_clear(server.base_url, allowed):
        raise ServerError(
            "A key is never sent over plain http to a public address: begin it with https://, or leave the "
            "key out."
        )


def _check_limits(server: ModelServer) -> None:
    for field, (least, most, words) in LIMITS.items():
        value = getattr(server, field)
        if value is None and field == "requests_a_minute":
            continue
        if not isinstance(value, int) or not least <= value <= most:
            raise ServerError(f"The {words} are between {least:,} and {most:,}, not {value}.")

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.models import ModelServer
from generation.servers import ServerError, change_server, delete_server, make_server, server_named

GIVEN = ("shared", "concurrency", "requests_a_minute", "timeout")


class Command(BaseCommand):
    help = (
        "Set up a model server, wherever it is, or change one; without arguments, list them. Its key stays "
        "in an environment variable, which every worker must have."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?")
        parser.add_argument("url", nargs="?", metavar="URL", help="such as http://gpu.example:8000/v1")
        parser.add_argument("--key-variable", metavar="VAR", help="the environment variable that has its key")
        parser.add_argument("--shared", action="store_true", default=None, help="everybody here may use it")
        parser.add_argument("--not-shared", action="store_false", dest="shared", help="only superusers may")
        parser.add_argument("--concurrency", type=int, metavar="N", help="requests at a time (8)")
        parser.add_argument("--requests-a-minute", type=int, metavar="N", help="of all workers together")
        parser.add_argument("--timeout", type=int, metavar="S", help="seconds an answer may take (60)")
        parser.add_argument("--delete", action="store_true")

    def handle(self, *args: Any, name: str | None, url: str | None, delete: bool, **options: Any) -> None:
        given = {field: options[field] for field in GIVEN if options[field] is not None}
        if options["key_variable"] is not None:
            given["key_variable"] = options["key_variable"]
        try:
            if name is None:
                self._list()
            elif delete:
                delete_server(server=server_named(name))
                self.stdout.write(f"Deleted {name}.")
            else:
                self._keep(name, url, given)
        except ServerError as error:
            raise CommandError(str(error)) from None

    def _keep(self, name: str, url: str | None, given: dict[str, Any]) -> None:
        there = ModelServer.objects.filter(name=name).first()
        if there is None:
            if url is None:
                raise CommandError(f"There is no model server {name}: name its URL to set it up.")
            done, server = "Made", make_server(name=name, base_url=url, anywhere=True, **given)
        else:
            if there.owner is not None:
                raise CommandError(f"The server {name} is {there.owner}'s: choose another name.")
            if url is not None:
                given |= {"base_url": url, "anywhere": True}
            done, server = "Changed", change_server(server=there, **given)
        self.stdout.write(f"{done} {_shown(server)}.")

    def _list(self) -> None:
        for server in ModelServer.objects.select_related("owner"):
            self.stdout.write(_shown(server))


def _shown(server: ModelServer) -> str:
    """Everything but the key."""
    key = "no key"
    if server.key_variable:
        key = f"key in {server.key_variable}"
    elif server.sealed_key:
        key = "a key"
    limits = [f"{server.concurrency} at a time", f"{server.timeout} s"]
    if server.requests_a_minute:
        limits.insert(1, f"{server.requests_a_minute} a minute")
    whose = f"{server.owner}'s" if server.owner else "the command line's"
    shared = ["shared"] if server.shared else []
    return f"{server.name}: " + ", ".join([server.base_url, key, *limits, whose, *shared])

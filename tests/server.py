"""The real web server, as processes of its own, over the test's own database."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

SECRET_KEY = "a key of the tests' own server"
ROOT = Path(__file__).resolve().parent.parent


class Server:
    """Starts gunicorn with two workers; `kill` is SIGKILL to every process of it.

    `environment` are variables of the server's own.
    """

    def __init__(self, database_url: str, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "PORT": str(self.port),
            "DATABASE_URL": database_url,
            "DEBUG": "off",
            "HTTPS": "off",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECRET_KEY": SECRET_KEY,
            **environment,
        }

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            "config/gunicorn.py",
            "config.wsgi:application",
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=5)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def database_url() -> str:
    """The URL of the database that this process's connection uses."""
    options = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{options['NAME']}"
    user = f"{options['USER']}:{options['PASSWORD']}@" if options["USER"] else ""
    host = str(options["OPTIONS"].get("host", "") or options["HOST"])
    if host.startswith("/"):
        return f"postgresql://{user}/{options['NAME']}?host={host}"
    return f"postgresql://{user}{host}:{options['PORT'] or 5432}/{options['NAME']}"


@contextmanager
def serving(**environment: str) -> Iterator[Server]:
    """A running server over this process's database, stopped at the end."""
    static = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    server = Server(database_url(), **environment)
    subprocess.run(static, cwd=ROOT, env=server.environment, check=True)
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()

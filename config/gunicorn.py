"""The web server: two processes of two threads unless the environment says otherwise."""

import os
from typing import Any

bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "2"))
worker_class = "gthread"
# Long enough for an upload of the largest file allowed.
timeout = 300
keepalive = 15
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Refuse once, before each worker would."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.checks import refuse_unsafe

    refuse_unsafe()


def when_ready(server: Any) -> None:
    host, port = server.address[0][:2]
    print(f"Manyminds is at http://{host}:{port}/ (Ctrl-C ends it)", flush=True)  # noqa: T201

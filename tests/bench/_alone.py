"""Benchmarks that need a process and a database of their own."""

import os
import subprocess
import sys
import tempfile


def last_line_of(module: str) -> str:
    """What a module prints last, run with a temporary folder as its argument and a database in there."""
    with tempfile.TemporaryDirectory(prefix="manyminds-bench-") as folder:
        environment = os.environ | {
            "DEBUG": "on",
            "MANYMINDS_DATA": folder,
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        command = [sys.executable, "-m", module, folder]
        told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return told.stdout.splitlines()[-1]

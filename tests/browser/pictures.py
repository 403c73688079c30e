"""Pictures of every page that people who label see, and of the console, at 360 and at 1280 pixels.

Usage: python -m tests.browser.pictures FOLDER

Takes a minute or two, with a database and a server of its own in a temporary folder.
"""

import os
import sys
import tempfile
from pathlib import Path

import django


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="manyminds-pictures-") as data:
        os.environ |= {
            "DEBUG": "on",
            "MANYMINDS_DATA": data,
            "DATABASE_URL": f"sqlite:///{data}/pictures.sqlite3",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright runs an event loop in this thread
        }
        django.setup()
        from tests.browser.gallery import draw

        draw(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis_settings

# No test asserts a time, and the machine may be busy.
hypothesis_settings.register_profile("manyminds", deadline=None)
hypothesis_settings.load_profile("manyminds")

# Playwright's sync API runs an event loop in the test's own thread, which Django would refuse.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# A model that is not on this machine is missing: nothing is fetched.
os.environ["HF_HUB_OFFLINE"] = "1"

# What a test takes when it touches a database.
DATA = {"db", "transactional_db", "live_server"}
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


# The mathematics: where both databases are tested side by side, PostgreSQL's half does it.
PURE = (
    "annotation/statistics",
    "bench",
    "calibration/metrics",
    "generation/diversity",
    "generation/training",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What never touches a database says the same on each, and is tested beside one alone."""
    postgresql, shared = connection.vendor == "postgresql", "SIDE_BY_SIDE" in os.environ
    here = [item for item in items if touches_data(item) or postgresql == (shared and is_pure(item))]
    kept = set(here)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = here


def is_pure(item: pytest.Item) -> bool:
    return item.path.relative_to(Path(__file__).parent).as_posix().startswith(PURE)


def touches_data(item: pytest.Item) -> bool:
    fixtures = DATA.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """A slow hash protects nobody here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """What limits count is of one test."""
    cache.clear()


@pytest.fixture
def realdata() -> Path:
    """The folder of real labels, where the machine has it."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data on this machine")
    return SHARED


@pytest.fixture
def researcher(db: None) -> User:
    return User.objects.create_superuser("researcher", password="correct horse battery")


@pytest.fixture
def console(client: Client, researcher: User) -> Client:
    """A client signed in to the console."""
    client.force_login(researcher)
    return client

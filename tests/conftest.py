import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from hypothesis import settings as hypothesis_settings

# No test asserts a time, and the machine may be busy.
hypothesis_settings.register_profile("manyminds", deadline=None)
hypothesis_settings.load_profile("manyminds")

# Playwright's sync API runs an event loop in the test's own thread, which Django would refuse.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


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

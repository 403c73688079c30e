from pathlib import Path

import pytest
from django.test import override_settings

from config.checks import check_data_folder, check_database_url, check_secrets


def ids(messages: list) -> list[str]:  # type: ignore[type-arg]
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (
            {"DEBUG": False, "SECRET_KEY": "unsafe-development-key", "ALLOWED_HOSTS": ["x"]},
            ["manyminds.E001"],
        ),
        ({"DEBUG": False, "SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": []}, ["manyminds.E002"]),
        ({"DEBUG": True, "HTTPS": True}, ["manyminds.W003"]),
        ({"DEBUG": True, "HTTPS": False}, []),
    ],
)
def test_each_missing_or_unsafe_setting_has_an_id(changed: dict[str, object], found: list[str]) -> None:
    with override_settings(**changed):
        assert ids(check_secrets(None)) == found


def test_another_database_than_sqlite_and_postgresql_is_refused() -> None:
    with override_settings(DATABASE_URL="mysql://localhost/x"):
        assert ids(check_database_url(None)) == ["manyminds.E004"]


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with override_settings(MANYMINDS_DATA=in_the_way / "data"):
        (message,) = check_data_folder(None)
    assert message.id == "manyminds.E005" and str(in_the_way) in message.msg
    with override_settings(MANYMINDS_DATA=tmp_path / "not" / "yet"):
        assert check_data_folder(None) == []

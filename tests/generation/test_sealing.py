from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from generation.sealing import digests, fernet

KEY = "a recruitment key of 2025"
PERSON = "60bf9310e8dec401be6e9615"
# As they were stored then.
DIGEST = "3808c778ddb7758327dc1cbe50512400d8a083d87a74dac9c01beb0cdb10eed2"
SEALED = (
    "gAAAAABrAomT54S4b5WEvuAx0MJsSC4Y7liu71CWySR0obFfkMvASWD7AGiG0Jp7Xcl23r"
    "mGNC5d5CjdmrIrxpwre1RRlorTCA0iUgX7uhFfOVsjl1_zsGo="
)


@pytest.fixture(autouse=True)
def key(settings: Any) -> None:
    settings.RECRUITMENT_KEY, settings.SECRET_KEY = KEY, "another"


def test_what_was_sealed_years_ago_is_read_and_found() -> None:
    assert fernet("submission").decrypt(SEALED).decode() == PERSON
    assert digests("prolific", PERSON)[0] == DIGEST


def test_what_an_older_key_made_is_read_and_found_while_it_is_known(settings: Any) -> None:
    settings.RECRUITMENT_KEY, settings.SECRET_KEY_FALLBACKS = "of 2026", [KEY]
    assert fernet("submission").decrypt(SEALED).decode() == PERSON
    assert DIGEST in digests("prolific", PERSON)[1:]
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        fernet("submission").decrypt(SEALED)


def test_what_was_sealed_for_one_purpose_opens_for_no_other() -> None:
    with pytest.raises(InvalidToken):
        fernet("model server key").decrypt(SEALED)
    assert digests("prolific", PERSON) != digests("prolifi", f"c{PERSON}")

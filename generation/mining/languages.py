"""Languages by name or code, and guessed where a log names none."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from babel import Locale

from generation.files import FileError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Of very long texts the beginning tells as much.
READ = 1_000


@dataclass(frozen=True)
class Language:
    """A language by its ISO 639 code and its English name."""

    code: str
    name: str

    def is_called(self, told: str) -> bool:
        """Whether a log that names this language in such a way means it: English, en, en-GB."""
        told = told.casefold().replace("_", "-")
        return told == self.name.casefold() or told.split("-")[0] == self.code


def language_named(wanted: str) -> Language:
    """By a code or an English name. Raises FileError."""
    names = Locale("en").languages
    asked = wanted.strip().casefold()
    for code, name in names.items():
        if asked in (code, name.casefold()) and code.isalpha():
            return Language(code, name)
    raise FileError(f"There is no language {wanted[:40]!r}: give its code or its English name, such as en.")


def guessed(text: str) -> tuple[str, float]:
    """The likeliest language's code and its probability among some hundred, by py3langid."""
    code, share = _identifier().classify(text[:READ])
    return code, float(share)


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

"""Whether a final answer is the one that is known to be right."""

import re
from decimal import Decimal

NUMBER = re.compile(r"[$€£]?\s*([-+]?)[$€£]?(\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(\.\d+)?(e[-+]?\d{1,3})?", re.I)


def is_correct(answer: str | None, reference: object) -> bool | None:
    """Whether the answer is the reference: as numbers where both are, else as texts whatever their case.

    "1,000", "$1000" and "1000.0" are the same number; what a percent sign or a unit follows is a text.

    Parameters
    ----------
    answer : str or None
        None where a response has none, which is never correct.
    reference : str or number
        Anything else, such as None or an empty text, is no reference.

    Returns
    -------
    bool or None
        None where no reference is known.
    """
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        return None
    expected = _plain(str(reference))
    if not expected:
        return None
    if answer is None:
        return False
    said = _plain(answer)
    numbers = _number(said), _number(expected)
    return numbers[0] == numbers[1] if None not in numbers else said == expected


def _plain(text: str) -> str:
    """On one line, without the full stop of a sentence."""
    return " ".join(text.split()).removesuffix(".").casefold()


def _number(text: str) -> Decimal | None:
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, whole, fraction, exponent = (part or "" for part in found.groups())
    return Decimal(f"{sign}{whole.replace(',', '') or '0'}{fraction}{exponent}")

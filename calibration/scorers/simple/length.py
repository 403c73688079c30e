"""How long a text is."""

import unicodedata

from generation.diversity.words import Undefined, unspaced_share, words

MOST_UNSPACED = 0.5


def length_in_words(text: str) -> float:
    """How many words a text has, as `words` tells them apart.

    Parameters
    ----------
    text : str

    Returns
    -------
    float
        0 for a text without words.

    Raises
    ------
    Undefined
        Where most letters are of a script that puts no spaces between words.

    Examples
    --------
    >>> length_in_words("Time is a river, isn't it?")
    6.0
    """
    if unspaced_share(text) > MOST_UNSPACED:
        raise Undefined("its script puts no spaces between words")
    return float(len(words(text)))


def length_in_characters(text: str) -> float:
    """How many characters a text has, without the space around it.

    Parameters
    ----------
    text : str

    Returns
    -------
    float
        Unicode code points of the composed form (NFC): é is one character, however it is stored.

    Examples
    --------
    >>> length_in_characters(" 时间 is é ")
    7.0
    """
    return float(len(unicodedata.normalize("NFC", text).strip()))

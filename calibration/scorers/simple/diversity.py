"""How many different words a text uses, whatever its length."""

from generation.diversity.words import Undefined, terms

WINDOW = 50


def lexical_diversity(text: str, *, window: int = WINDOW) -> float:
    """Moving-average type-token ratio: the mean share of different terms in windows of so many.

    The plain ratio falls the longer a text is; each window has the same length, so this one does not.

    Parameters
    ----------
    text : str
    window : int
        In terms: words, or pairs of letters where a script puts no spaces between words.

    Returns
    -------
    float
        From 1 / window, one term again and again, to 1, where no window repeats any.

    Raises
    ------
    Undefined
        For a text of fewer terms than a window has.
    ValueError
        For a window of no terms.

    References
    ----------
    Covington, M. A., and McFall, J. D. (2010). Cutting the Gordian knot: the moving-average type-token ratio
    (MATTR). Journal of Quantitative Linguistics 17(2), 94-100.

    Examples
    --------
    >>> lexical_diversity("to be or not to be", window=4)
    1.0
    >>> lexical_diversity("to be or not to be", window=5)
    0.8
    """
    if window < 1:
        raise ValueError(f"a window has at least one term, not {window}")
    found = terms(text)
    last = len(found) - window
    if last < 0:
        raise Undefined(f"fewer than {window} words")
    # A term is new to the windows that hold it and begin after it came before: none is looked at itself.
    before: dict[str, int] = {}
    new = 0
    for place, term in enumerate(found):
        first = max(before.get(term, -1), place - window) + 1
        if first <= last:
            new += (place if place < last else last) - first + 1
        before[term] = place
    return new / (window * (last + 1))

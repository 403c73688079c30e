"""Textbook corrections of a correlation: for a narrower range, and for unsure means. A sensitivity only.

Both are formulas for Pearson's correlation of normal variables whose scatter is the same everywhere. Of a
rank correlation they tell roughly what it might have been, not what it is.
"""

from math import sqrt


def thorndike(correlation: float | None, ratio: float | None) -> float | None:
    """Correct a correlation for the restricted range of the variable by which items were selected.

    Parameters
    ----------
    correlation : float or None
        On the selected items.
    ratio : float or None
        Standard deviation of that variable on all items, over that on the selected ones.

    Returns
    -------
    float or None
        What it would be on all items; None if either is undefined or the ratio is not above 0.

    References
    ----------
    Thorndike (1949), Personnel Selection, case 2.

    Examples
    --------
    >>> round(thorndike(0.3, 2.0), 4)
    0.5324
    """
    if correlation is None or ratio is None or not ratio > 0:
        return None
    return correlation * ratio / sqrt(1 + correlation**2 * (ratio**2 - 1))


def attenuation(correlation: float | None, reliability: float | None) -> float | None:
    """Correct a correlation with mean labels for their reliability.

    Parameters
    ----------
    correlation, reliability : float or None

    Returns
    -------
    float or None
        The correlation with what people think on average; None if either is undefined, the reliability is not
        above 0, or it would be beyond 1: then reliability, or the correlation, is not known well enough.

    References
    ----------
    Spearman (1904), American Journal of Psychology 15, 72-101.

    Examples
    --------
    >>> attenuation(0.4, 0.64), attenuation(0.9, 0.5)
    (0.5, None)
    """
    if correlation is None or reliability is None or not reliability > 0:
        return None
    corrected = correlation / sqrt(reliability)
    return corrected if abs(corrected) <= 1 else None

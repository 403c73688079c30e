"""Self-BLEU: how much of each response stands in the others word for word."""

from math import inf

import numpy as np

from generation.diversity.ngrams import Encoded, Grams, grams_up_to
from generation.diversity.responses import FloatArray, Indices

ORDER = 4


def self_bleu(encoded: Encoded) -> float | None:
    """Mean BLEU of each text with all others as its references.

    Parameters
    ----------
    encoded : Encoded, of n texts

    Returns
    -------
    float or None
        From 0, no word in common, to 1, all equal. None with fewer than two texts, or without any token.

    See Also
    --------
    leave_one_out_bleu : the definition.

    References
    ----------
    Zhu et al. (2018). Texygen: a benchmarking platform for text generation models. SIGIR.

    Examples
    --------
    >>> from generation.diversity.ngrams import encode
    >>> self_bleu(encode(["time is a river", "time is a river", "time is a thief"]))
    0.8648678525004535
    """
    return float(leave_one_out_bleu(encoded).mean()) if len(encoded) > 1 and len(encoded.ids) else None


def leave_one_out_bleu(encoded: Encoded) -> FloatArray:
    """BLEU of each text with all others as its references.

    Parameters
    ----------
    encoded : Encoded, of n texts

    Returns
    -------
    ndarray of float, shape (n,)
        From 0 to 1; 0 for a text without tokens. NaN if there is only one text.

    Notes
    -----
    n-grams of 1 to 4 tokens (of fewer for a shorter text: the effective order), exponential smoothing of
    orders without a match, and the closest length of a reference (the shorter of two) for the brevity
    penalty: sacrebleu's sentence BLEU, divided by 100, of the same tokens.

    A reference's n-gram counts as often as it stands in the reference that has most of it. For all texts but
    one that is the largest count or, for the one text that has it, the second largest, so that no text is
    compared with another.

    References
    ----------
    Papineni et al. (2002). BLEU: a method for automatic evaluation of machine translation. ACL. Post (2018).
    A call for clarity in reporting BLEU scores. WMT.

    Examples
    --------
    >>> from generation.diversity.ngrams import encode
    >>> leave_one_out_bleu(encode(["time is a river", "time is a river", "clocks"])).tolist()
    [1.0, 1.0, 0.0]
    """
    n = len(encoded)
    if n < 2:
        return np.full(n, np.nan)
    logs, orders = np.zeros(n), np.zeros(n)
    smoothing, matched = np.ones(n), np.zeros(n, bool)
    for found in grams_up_to(encoded, ORDER):
        total = np.bincount(found.texts, minlength=n)
        correct = _clipped(found, n)
        has = total > 0
        matched |= correct > 0
        smoothing = np.where(has & (correct == 0), 2 * smoothing, smoothing)
        share = np.where(correct > 0, correct, 1 / smoothing)[has] / total[has]
        logs[has] += np.log(share)
        orders += has
    mean = np.divide(logs, orders, out=np.zeros(n), where=orders > 0)
    return np.where(matched, _brevity_penalty(encoded.lengths) * np.exp(mean), 0.0)


def _clipped(found: Grams, n: int) -> FloatArray:
    """How many of each text's n-grams stand in another text, each as often as there at most."""
    if not len(found.ids):
        return np.zeros(n)
    pairs, counts = np.unique(found.ids * n + found.texts, return_counts=True)
    gram, text = np.divmod(pairs, n)
    starts = np.flatnonzero(np.diff(gram, prepend=-1))
    most = np.maximum.reduceat(counts, starts)[gram]
    is_most = counts == most
    alone = np.add.reduceat(is_most, starts, dtype=np.intp)[gram] == 1
    second = np.maximum.reduceat(np.where(is_most, 0, counts), starts)[gram]
    elsewhere = np.where(is_most & alone, second, most)
    return np.bincount(text, weights=np.minimum(counts, elsewhere), minlength=n).astype(np.float64)


def _brevity_penalty(lengths: Indices) -> FloatArray:
    """exp(1 - r / c) for texts of length c that are shorter than the closest other length r, else 1."""
    order = np.argsort(lengths, kind="stable")
    rising = lengths[order].astype(np.float64)
    below = np.concatenate([[-inf], rising[:-1]])
    above = np.concatenate([rising[1:], [inf]])
    closest = np.where(rising - below <= above - rising, below, above)
    penalty = np.ones(len(lengths))
    short = rising < closest
    with np.errstate(divide="ignore"):
        penalty[short] = np.exp(1 - closest[short] / rising[short])
    penalty[order] = penalty.copy()
    return penalty

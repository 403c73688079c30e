"""How diverse responses are in their words: distinct n-grams, repetition, compression, lengths."""

import zlib
from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

from generation.diversity.bleu import self_bleu
from generation.diversity.equal_numbers import at_equal_numbers
from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.ngrams import Encoded, Grams, encode, grams, grams_up_to
from generation.diversity.responses import FloatArray, Indices, QueryResponses

# n-grams among which different ones are counted for all alike: ten short answers have as many.
RAREFIED = 200
REPEATED = 4


NAMES = (
    "words",
    "distinct_1",
    "distinct_2",
    "distinct_3",
    "rarefied_2",
    "self_bleu",
    "compression",
    "self_repetition",
)
# Of these two sources are compared.
COMPARED = ("self_bleu", "rarefied_2")


def lexical(query: QueryResponses, setting: Setting) -> Columns:
    """Measure the words of each source's responses to one query.

    Parameters
    ----------
    query : QueryResponses
    setting : Setting

    Returns
    -------
    dict of str to ndarray of float, shape (S,)
        NaN where undefined. `words`, the mean length in tokens; `distinct_1` to `distinct_3`; `rarefied_2`,
        of 200 pairs of tokens; `self_bleu`, `compression` and `self_repetition`: more is less diverse. And
        `self_bleu` and `rarefied_2` of `at_equal_numbers`.

    Examples
    --------
    >>> query = QueryResponses("q", "", np.array([0, 0]), ["time is a river", "time is a thief"], None)
    >>> lexical(query, Setting(2))["distinct_1"].tolist()
    [0.625, nan]
    """
    table = {name: setting.cells() for name in NAMES}
    encoded = encode(query.texts)
    for source, rows in query.cells():
        for name, value in _measured(encoded.of(rows), [query.texts[row] for row in rows]).items():
            table[name][source] = np.nan if value is None else value
    whole = {name: table[name] for name in COMPARED}
    return table | at_equal_numbers(query, setting, whole, lambda rows: _compared(encoded.of(rows)))


LEXICAL = Measure("lexical", frozenset({"texts"}), lexical)


def distinct(encoded: Encoded, n: int) -> float | None:
    """distinct-n: the share of different ones among the n-grams of all texts.

    It falls as texts become longer or more. `rarefied_distinct` does not.

    Parameters
    ----------
    encoded : Encoded
    n : int
        Tokens in an n-gram.

    Returns
    -------
    float or None
        Above 0, to 1 where no n-gram comes twice. None without n-grams.

    References
    ----------
    Li et al. (2016). A diversity-promoting objective function for neural conversation models. NAACL.

    Examples
    --------
    >>> distinct(encode(["time is a river", "time is a thief"]), 2)
    0.6666666666666666
    """
    return _distinct(grams(encoded, n))


def rarefied_distinct(encoded: Encoded, n: int, *, size: int = RAREFIED) -> float | None:
    """Return the expected share of different ones among so many n-grams, drawn without replacement.

    Of texts that draw their words alike it is the same whatever their length and number, so that it compares
    sources that distinct-n does not.

    Parameters
    ----------
    encoded : Encoded
    n : int
        Tokens in an n-gram.
    size : int
        n-grams drawn, at least 1.

    Returns
    -------
    float or None
        None with fewer n-grams.

    Notes
    -----
    Of N n-grams, c_g times g, the number of different ones among m is expected to be
    sum_g 1 - C(N - c_g, m) / C(N, m). It assumes nothing of a vocabulary, where the expectation-adjusted
    distinct of Liu et al. (2022) takes all words of one of a stated size for equally likely.

    References
    ----------
    Hurlbert (1971). The nonconcept of species diversity: a critique and alternative parameters. Ecology 52,
    577-586.

    Examples
    --------
    >>> round(rarefied_distinct(encode(["a a b"]), 1, size=2), 4)
    0.8333
    """
    if size < 1:
        raise ValueError(f"at least one n-gram is drawn, not {size}")
    return _rarefied(grams(encoded, n), size)


def self_repetition(encoded: Encoded) -> float | None:
    """Mean over texts of ln(1 + r), r the texts other than it in which its 4-grams stand, summed over them.

    Parameters
    ----------
    encoded : Encoded, of n texts

    Returns
    -------
    float or None
        From 0: no two texts have four tokens in a row in common. Longer texts and more of them have more.
        None with fewer than two texts, or where none has four tokens.

    References
    ----------
    Salkar et al. (2022). Self-repetition in abstractive neural summarizers. AACL. Shaib et al. (2024).
    Standardizing the measurement of text diversity. arXiv 2403.00553.

    Examples
    --------
    >>> self_repetition(encode(["time is a river", "time is a river", "tick"]))
    0.46209812037329684
    """
    return _self_repetition(grams(encoded, REPEATED), len(encoded))


def compression_ratio(texts: Sequence[str]) -> float | None:
    """Return how many times smaller the texts become by compression; more is more alike.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    float or None
        None if there is nothing in them.

    Notes
    -----
    Deflate (zlib's level 9, as in gzip but for its header) of their UTF-8, joined by line ends. It finds what
    stands 32 kB before or nearer. The texts are sorted, so that the ratio does not depend on their order. It
    grows with the number and length of texts: compare like with like.

    References
    ----------
    Shaib et al. (2024). Standardizing the measurement of text diversity. arXiv 2403.00553.

    Examples
    --------
    >>> compression_ratio(["time is a river"] * 50) > 10 * compression_ratio(["time is a river"])
    True
    """
    data = "\n".join(sorted(texts)).encode(errors="replace")
    return len(data) / len(zlib.compress(data, 9)) if any(texts) else None


def _measured(encoded: Encoded, texts: Sequence[str]) -> dict[str, float | None]:
    one, two, three, four = grams_up_to(encoded, REPEATED)
    return {
        "words": float(encoded.lengths.mean()),
        "distinct_1": _distinct(one),
        "distinct_2": _distinct(two),
        "distinct_3": _distinct(three),
        "rarefied_2": _rarefied(two, RAREFIED),
        "self_bleu": self_bleu(encoded),
        "compression": compression_ratio(texts),
        "self_repetition": _self_repetition(four, len(encoded)),
    }


def _compared(encoded: Encoded) -> dict[str, float]:
    found = (self_bleu(encoded), rarefied_distinct(encoded, 2))
    return {name: np.nan if value is None else value for name, value in zip(COMPARED, found, strict=True)}


def _distinct(found: Grams) -> float | None:
    return found.number / len(found.ids) if len(found.ids) else None


def _rarefied(found: Grams, size: int) -> float | None:
    total = len(found.ids)
    if total < size:
        return None
    counts, times = np.unique(np.bincount(found.ids), return_counts=True)
    rest = total - counts
    drawable = rest >= size
    missed = np.zeros(len(counts))
    missed[drawable] = np.exp(_log_choose(rest[drawable], size) - _log_choose(np.array(total), size))
    return float(times @ (1 - missed)) / size


def _log_choose(n: Indices, k: int) -> FloatArray:
    ways: FloatArray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return ways


def _self_repetition(found: Grams, n: int) -> float | None:
    if n < 2 or not len(found.ids):
        return None
    gram, text = np.divmod(np.unique(found.ids * n + found.texts), n)
    elsewhere = np.bincount(gram)[gram] - 1
    return float(np.log1p(np.bincount(text, weights=elsewhere, minlength=n)).mean())

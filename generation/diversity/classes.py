"""Classes of equivalent ideas: how many there are, and classes made from similarities."""

import numpy as np
import numpy.typing as npt

from generation.diversity.equal_numbers import equal_name
from generation.diversity.measures import Columns, Measure, Setting
from generation.diversity.responses import Indices, QueryResponses

# The chance that a reader looks at one more response, in NoveltyBench.
PATIENCE = 0.8


def distinct_k(classes: npt.ArrayLike) -> int | None:
    """Count the different classes of some responses.

    Parameters
    ----------
    classes : array_like of int, shape (k,)
        -1 for a response without a class, which is left out.

    Returns
    -------
    int or None
        None if no response has a class. Compare equal numbers of responses only.

    References
    ----------
    Zhang et al. (2025). NoveltyBench: evaluating language models for humanlike diversity. COLM.

    Examples
    --------
    >>> distinct_k([0, 0, 1, 0])
    2
    """
    known = _known(classes)
    return len(np.unique(known)) if len(known) else None


def rarefied_classes(classes: npt.ArrayLike, size: int) -> float:
    """Return how many different classes so many of the responses are expected to have, drawn at random.

    Parameters
    ----------
    classes : array_like of int, shape (k,)
        -1 for a response without a class, which is left out.
    size : int
        Responses drawn without replacement, from 1 to those that have a class.

    Returns
    -------
    float
        Unbiased for `distinct_k` of `size` responses: compares sources that gave more with those that gave
        fewer.

    Raises
    ------
    ValueError
        If `size` is out of range.

    References
    ----------
    Hurlbert (1971). The nonconcept of species diversity: a critique and alternative parameters. Ecology 52,
    577-586.

    Examples
    --------
    >>> round(rarefied_classes([0, 0, 1], 2), 4)
    1.6667
    """
    counts = np.unique(_known(classes), return_counts=True)[1]
    n = int(counts.sum())
    if not 1 <= size <= n:
        raise ValueError(f"from 1 to {n} responses are drawn, not {size}")
    # Drawn one by one: the chance that the class is not among them yet.
    drawn = np.arange(size)
    missed = np.clip((n - counts[:, None] - drawn) / (n - drawn), 0, None).prod(axis=1)
    return float((1 - missed).sum())


def utility_k(
    classes: npt.ArrayLike, utilities: npt.ArrayLike, *, patience: float = PATIENCE
) -> float | None:
    """Return what k responses are worth to somebody who reads on with the chance p and wants no idea twice.

    Parameters
    ----------
    classes : array_like of int, shape (k,)
        In the order in which the responses are read.
    utilities : array_like of float, shape (k,)
        What each is worth by itself; from 1 to 10 in NoveltyBench.
    patience : float
        p, above 0 and below 1.

    Returns
    -------
    float or None
        A weighted mean of the utilities, 0 in the place of what repeats a class. None without responses.

    Raises
    ------
    ValueError
        If a response has no class, the lengths differ, or p is not between 0 and 1.

    Notes
    -----
    (1 - p) / (1 - p^k) * sum_i p^(i - 1) u_i, over the first response of each class.

    References
    ----------
    Zhang et al. (2025). NoveltyBench: evaluating language models for humanlike diversity. COLM.

    Examples
    --------
    >>> round(utility_k([0, 0, 1], [8, 9, 5]), 4)
    4.5902
    """
    held, worth = np.asarray(classes, np.intp), np.asarray(utilities, np.float64)
    if not 0 < patience < 1:
        raise ValueError(f"patience must lie between 0 and 1, not {patience}")
    if held.ndim != 1 or held.shape != worth.shape:
        raise ValueError(f"classes of shape {held.shape} and utilities of shape {worth.shape} are not pairs")
    if (held < 0).any():
        raise ValueError("a response has no class")
    if not len(held):
        return None
    weights = patience ** np.arange(len(held))
    first = np.unique(held, return_index=True)[1]
    return float(weights[first] @ worth[first] / weights.sum())


def semantic_entropy(classes: npt.ArrayLike) -> float | None:
    """Return the entropy of the classes of some responses, in nats.

    Parameters
    ----------
    classes : array_like of int, shape (n,)
        -1 for a response without a class, which is left out.

    Returns
    -------
    float or None
        From 0, all of one class, to ln n, all different. None if no response has a class.

    Notes
    -----
    The discrete form, -sum_c (n_c / n) ln(n_c / n), which takes no likelihoods. It is below that of the model
    the responses are drawn from, the more so the fewer they are.

    References
    ----------
    Farquhar, Kossen, Kuhn & Gal (2024). Detecting hallucinations in large language models using semantic
    entropy. Nature 630, 625-630.

    Examples
    --------
    >>> round(semantic_entropy([0, 0, 1, 2]), 4)
    1.0397
    """
    known = _known(classes)
    if not len(known):
        return None
    share = np.unique(known, return_counts=True)[1] / len(known)
    return max(0.0, float(-(share * np.log(share)).sum()))


def greedy_classes(similarity: npt.ArrayLike, threshold: float) -> Indices:
    """Put each response into the first class whose first member it resembles, else into a new one.

    Parameters
    ----------
    similarity : array_like of float, shape (n, n)
    threshold : float
        What resembles has it or more.

    Returns
    -------
    ndarray of intp, shape (n,)
        Classes from 0, in the order of their first members. They depend on the order of the responses.

    Notes
    -----
    NoveltyBench's partition, with a similarity in the place of its classifier.

    Examples
    --------
    >>> greedy_classes([[1, 0.9, 0.2], [0.9, 1, 0.9], [0.2, 0.9, 1]], 0.8).tolist()
    [0, 0, 1]
    """
    alike = _square(similarity) >= threshold
    firsts: list[int] = []
    classes = np.empty(len(alike), np.intp)
    for response, row in enumerate(alike):
        like = np.flatnonzero(row[firsts])
        classes[response] = like[0] if len(like) else len(firsts)
        if not len(like):
            firsts.append(response)
    return classes


def connected_classes(similarity: npt.ArrayLike, threshold: float) -> Indices:
    """Put responses into one class that a chain of similar ones connects.

    Parameters
    ----------
    similarity, threshold
        As for `greedy_classes`.

    Returns
    -------
    ndarray of intp, shape (n,)
        Classes from 0, in the order of their first members. The order of the responses does not change them,
        but the two ends of a chain may be unlike.

    Examples
    --------
    >>> connected_classes([[1, 0.9, 0.2], [0.9, 1, 0.9], [0.2, 0.9, 1]], 0.8).tolist()
    [0, 0, 0]
    """
    from scipy.sparse.csgraph import connected_components  # a tenth of a second

    found = connected_components(_square(similarity) >= threshold, directed=False)[1]
    return np.asarray(found, np.intp)


def classes(query: QueryResponses, setting: Setting) -> Columns:
    """Measure the given classes of each source's responses to one query.

    Returns
    -------
    dict of str to ndarray of float, shape (S,)
        `distinct_k` and `semantic_entropy`; NaN where fewer than two responses have a class: one alone is one
        class whatever it says. `distinct_k.equal`, shape (S, S): at [a, b] the classes expected of a in as
        many responses as the fewer that a and b have with a class; NaN under two.
    """
    assert query.classes is not None  # as the measure needs
    found = {"distinct_k": setting.cells(), "semantic_entropy": setting.cells()}
    held = {source: _known(query.classes[rows]) for source, rows in query.cells()}
    equal = setting.pairs()
    for a, own in held.items():
        if len(own) > 1:
            found["distinct_k"][a], found["semantic_entropy"][a] = distinct_k(own), semantic_entropy(own)
        sizes = {min(len(own), len(theirs)) for theirs in held.values()} - {0, 1}
        at = {size: rarefied_classes(own, size) for size in sizes}
        for b, theirs in held.items():
            equal[a, b] = at.get(min(len(own), len(theirs)), np.nan)
    return found | {equal_name("distinct_k"): equal}


CLASSES = Measure("classes", frozenset({"classes"}), classes)


def _known(classes: npt.ArrayLike) -> Indices:
    held = np.asarray(classes, np.intp)
    return np.asarray(held[held >= 0])


def _square(similarity: npt.ArrayLike) -> npt.NDArray[np.floating]:
    found = np.asarray(similarity)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise ValueError(f"similarities of n responses have shape (n, n), not {found.shape}")
    return found

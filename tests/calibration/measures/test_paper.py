"""The preset `paper` against the authors' rules, written out again with numpy and scipy alone.

"Artificial Hivemind" (arXiv 2510.22954), section 4.2-4.3 and appendix D.
"""

import numpy as np
import pytest
from scipy import stats

from annotation.frames import LabelFrame
from calibration.frames import ScoreColumn
from calibration.measures.measure import measure
from calibration.measures.specification import Specification

RATINGS, COMPARISONS = (750, 15, np.arange(1, 6)), (500, 10, np.arange(-2, 3))


def labelled(kind, seed):
    """25 labels an item, and the scores of two scorers: one knows all items, one does not."""
    items, of_a_query, values = RATINGS if kind == "rating" else COMPARISONS
    rng = np.random.default_rng(seed)
    quality = values[2] + 0.9 * rng.normal(size=items)
    noise = rng.uniform(0.5, 2, size=items)[:, None] * rng.normal(size=(items, 25))
    labels = np.clip(np.round(quality[:, None] + noise), values[0], values[-1]).astype(int)
    scores = (quality + rng.normal(size=(2, items))).round(1)
    scores[1, rng.random(items) < 0.1] = np.nan
    return labels, np.repeat(np.arange(items // of_a_query), of_a_query), values, scores


def audited(kind, labels, queries, values, scores):
    counts = (labels[:, :, None] == values).sum(axis=1)
    n = np.arange(len(labels))
    frame = LabelFrame(
        kind, n, [str(one) for one in n], queries, queries, values, counts, 0 * n, None, "query", True
    )
    columns = [ScoreColumn(str(at), "other", "number", given, "") for at, given in enumerate(scores)]
    return measure(frame, columns, Specification("paper", replicates=20))


def literal_ratings(labels):
    """Tukey's fences on all means, then the most disagreed by the entropy of the labels."""
    mean_ratings = labels.mean(axis=1)
    lower, upper = np.percentile(mean_ratings, 25), np.percentile(mean_ratings, 75)
    for k in (3, 2.5, 2, 1.5, 1, 0.5):
        reach = k * (upper - lower)
        yield "tukey", k, (lower - reach <= mean_ratings) & (mean_ratings <= upper + reach)
    shares = np.array([[np.mean(row == value) for value in range(1, 6)] for row in labels])
    entropies = np.round(stats.entropy(shares, base=2, axis=1), 10)
    for p in (16, 14, 12, 10, 8, 6, 4, 2):
        yield "entropy", p, entropies >= np.percentile(entropies, 100 - p)


def literal_comparisons(labels):
    """The first of the pairs sorted by zeros, falling, and by agreement, rising; and what sorts them."""
    zeros = (labels == 0).sum(axis=1)
    sides = (labels > 0).sum(axis=1) + zeros / 2, (labels < 0).sum(axis=1) + zeros / 2
    agreement = np.maximum(*sides) / 25
    for rule, key in (("ties", -zeros), ("percent_agreement", agreement)):
        for p in (95, 90, 85, 80, 75, 70, 65, 60):
            first = np.argsort(key, kind="stable")[: int(len(labels) * p / 100)]
            yield rule, p, first, key


def rho_of(scores, labels, inside):
    known = inside & ~np.isnan(scores)
    return known.sum(), stats.spearmanr(scores[known], labels.mean(axis=1)[known]).statistic


@pytest.mark.parametrize("seed", [0, 1])
def test_ratings_have_the_authors_masks_n_and_rho(seed):
    labels, queries, values, scores = labelled("rating", seed)
    found = audited("rating", labels, queries, values, scores)
    literal = list(literal_ratings(labels))
    for scorer, given in zip(found["scorers"], scores, strict=True):
        n, rho = rho_of(given, labels, np.ones(750, dtype=bool))
        assert (scorer["n"], scorer["spearman"]["value"]) == (n, pytest.approx(rho, abs=1e-12))
        assert [(s["rule"], s["parameter"]) for s in scorer["subsets"]] == [cut[:2] for cut in literal]
        for subset, whole, (*_, mask) in zip(scorer["subsets"], found["subsets"], literal, strict=True):
            n, rho = rho_of(given, labels, mask)
            assert (whole["n"], subset["n"]) == (mask.sum(), n)
            assert subset["spearman"]["value"] == pytest.approx(rho, abs=1e-12)


@pytest.mark.parametrize("seed", [0, 1])
def test_comparisons_have_the_authors_rows_and_all_that_tie_with_the_last(seed):
    """The authors' rows depend on file order where pairs tie at the cut: ours are the same in any order."""
    labels, queries, values, scores = labelled("comparison", seed)
    order = np.argsort(np.random.default_rng(2).random(50))[queries].argsort(kind="stable")
    found = audited("comparison", labels, queries, values, scores)
    turned = audited("comparison", labels[order], queries[order], values, scores[:, order])
    literal = list(literal_comparisons(labels))
    for scorer, other, given in zip(found["scorers"], turned["scorers"], scores, strict=True):
        assert [(s["rule"], s["parameter"]) for s in scorer["subsets"]] == [cut[:2] for cut in literal]
        for subset, again, (_, p, first, key) in zip(
            scorer["subsets"], other["subsets"], literal, strict=True
        ):
            inside = key <= key[first].max()
            assert len(first) == int(500 * p / 100) and inside[first].all()
            n, rho = rho_of(given, labels, inside)
            cut = (key == key[first].max()).sum() if inside.sum() > len(first) else 0
            assert (subset["n"], subset["boundary_ties"]) == (n, cut)
            assert subset["spearman"]["value"] == pytest.approx(rho, abs=1e-12)
            assert again["spearman"]["value"] == pytest.approx(rho, abs=1e-12)


def test_nothing_else_is_measured_and_the_reasons_say_so():
    found = audited("rating", *labelled("rating", 0))
    assert found["differences"] is None and "paper" in found["reasons"]["differences"]
    for scorer in found["scorers"]:
        for name in ("kendall", "pearson", "within_query"):
            assert scorer[name]["value"] is None and "paper" in scorer[name]["reason"]
        for name in ("distribution", "alt_test"):
            assert scorer[name] is None and "paper" in scorer["reasons"][name]

"""Shares of queries by category, against counting by hand and statsmodels."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from generation.taxonomy.shares import shares

# Two top categories with two under them each, and one without.
PARENTS = [-1, 0, 0, -1, 3, 3, -1]
PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), max_size=40)


@given(PAIRS, st.integers(0, 5))
def test_shares_are_those_of_counting_by_hand_with_wilsons_interval(
    pairs: list[tuple[int, int]], without: int
) -> None:
    has: defaultdict[int, set[int]] = defaultdict(set)
    for query, category in pairs:
        has[query] |= {category, PARENTS[category]} - {-1}
    n = len(has) + without
    found = shares([query for query, _ in pairs], [one for _, one in pairs], PARENTS, queries=n)
    assert found.none == without
    for category, (count, share) in enumerate(zip(found.counts, found.of, strict=True)):
        assert count == sum(category in held for held in has.values())
        assert share.n == n
        if n == 0:
            assert share.value is None and share.reason
            continue
        low, high = proportion_confint(count, n, method="wilson")
        assert (share.value, share.low, share.high) == pytest.approx((count / n, low, high), abs=1e-12)


@given(PAIRS.filter(bool), st.permutations(range(10)), st.randoms())
def test_neither_order_nor_repetition_nor_names_of_queries_matter(
    pairs: list[tuple[int, int]], names: list[int], random: object
) -> None:
    other = [(names[query], category) for query, category in pairs] * 2
    random.shuffle(other)  # type: ignore[attr-defined]
    first, second = (
        shares([query for query, _ in given], [one for _, one in given], PARENTS, queries=12)
        for given in (pairs, other)
    )
    assert first == second


def test_the_shares_of_several_categories_add_up_to_more_than_1_and_those_of_a_top_one_do_not() -> None:
    found = shares([1, 1, 2, 2], [1, 2, 1, 2], PARENTS, queries=2)
    assert [share.value for share in found.of[:3]] == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="2 queries have a category, of 1"):
        shares([1, 2], [1, 1], PARENTS, queries=1)

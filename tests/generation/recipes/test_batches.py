"""Texts are batched by length; a batch that memory does not hold is tried again in halves."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from generation.recipes.batches import Batches, by_length

LENGTHS = st.lists(st.integers(1, 500), max_size=60)


@given(LENGTHS, st.integers(1, 2_000))
def test_every_text_is_in_one_batch_and_no_batch_holds_more_than_the_budget(lengths: list[int], tokens: int):
    batches = by_length(lengths, tokens=tokens)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= tokens


@given(LENGTHS)
def test_no_text_is_padded_to_one_longer_than_the_next_batch_has(lengths: list[int]):
    batches = by_length(lengths, tokens=1_000)
    for batch, following in pairwise(batches):
        assert min(lengths[place] for place in batch) >= max(lengths[place] for place in following)


@given(LENGTHS, st.integers(1, 2_000), st.integers(1, 2_000))
def test_what_memory_does_not_hold_is_tried_in_halves_and_named_where_it_never_fits(
    lengths: list[int], tokens: int, memory: int
):
    freed: list[int] = []

    def measure(places: list[int]) -> list[int]:
        if len(places) * lengths[places[0]] > memory:
            raise MemoryError
        return [lengths[place] for place in places]

    batches = Batches(tokens, free=lambda: freed.append(1))
    results = list(batches.run(lengths, measure))
    assert len(results) == len(lengths)
    assert dict(results) == {
        place: length if length <= memory else None for place, length in enumerate(lengths)
    }
    assert batches.tokens <= tokens
    assert bool(freed) == any(
        len(batch) * lengths[batch[0]] > memory for batch in by_length(lengths, tokens=tokens)
    )

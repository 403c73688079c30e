"""Vectors in files: kept as they came, read in any order, never lost while they are merged."""

import multiprocessing
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from generation.diversity.responses import unit
from generation.vectors import Store, VectorError, worthless

BATCHES = 30
KEYS = st.lists(st.integers(1, 10**12), min_size=1, max_size=40, unique=True)


@settings(max_examples=25)
@given(keys=KEYS, dtype=st.sampled_from(["float32", "float16"]), data=st.data())
def test_whatever_was_written_is_read_in_the_order_asked_for(
    keys: list[int], dtype: str, data: st.DataObject
) -> None:
    draws = np.random.default_rng(len(keys))
    vectors = draws.normal(size=(len(keys), 9)).astype(np.float32)
    pieces = data.draw(st.integers(1, 4))
    asked = data.draw(st.permutations([*keys, 10**13]))[: data.draw(st.integers(1, len(keys) + 1))]
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "1", dtype)
        for piece in np.array_split(np.arange(len(keys)), pieces):
            store.write(7, [keys[row] for row in piece], vectors[piece])
        # float16 keeps 11 bits of each number: what is of unit length is off by less than one in a thousand.
        bound = 1e-6 if dtype == "float32" else 1e-3
        for _ in range(2):
            rows, read = store.read(7, asked)
            assert [asked[row] for row in rows] == [key for key in asked if key in keys]
            wanted = unit(vectors)[[keys.index(asked[row]) for row in rows]].reshape(len(rows), 9)
            assert read.dtype == np.float32
            assert_allclose(read, wanted, atol=bound)
            assert_array_equal(store.keys(7), sorted(keys))
            assert store.size()[0] == len(keys)
            store.compact(7)
        assert len(list((Path(folder) / "1" / "7").iterdir())) == 1


def test_vectors_of_unit_length_are_the_files_own_memory(tmp_path: Path) -> None:
    store = Store(tmp_path)
    given = unit(np.random.default_rng(1).normal(size=(50, 1536)))
    store.write(1, range(50), given)
    _, read = store.read(1, range(50))
    _, part = store.read(1, range(10, 20))
    assert_array_equal(read, given)
    assert_array_equal(part, given[10:20])
    for held in (read, part):
        assert not held.flags.owndata and not held.flags.writeable
    # What was not of unit length is kept as it came, and scaled when it is read.
    store.write(2, [1], 3 * given[:1])
    assert_allclose(store.read(2, [1])[1], given[:1], atol=1e-6)


@pytest.mark.parametrize(
    ("vectors", "says"),
    [
        ([[1.0, 2.0], [0.0, 0.0]], "response 6 is not finite or has no length"),
        ([[1.0, 2.0], [np.nan, 0.0]], "response 6"),
        ([[1.0, 2.0], [np.inf, 0.0]], "response 6"),
        ([[1.0, 2.0]], "2 responses"),
        ([1.0, 2.0], "2 responses"),
    ],
)
def test_what_has_no_direction_is_refused(tmp_path: Path, vectors: list[object], says: str) -> None:
    with pytest.raises(VectorError, match=says):
        Store(tmp_path).write(1, [5, 6], vectors)
    assert not Store(tmp_path).queries()


def test_what_float16_cannot_hold_is_refused(tmp_path: Path) -> None:
    for vector in ([1e6, 1.0], [1e-9, 1e-9]):
        with pytest.raises(VectorError, match="response 1"):
            Store(tmp_path, "float16").write(1, [1], [vector])
    assert worthless(np.array([[1e6, 1.0]])) == []


def test_what_is_no_file_of_vectors_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(1, [1], [[1.0]])
    (tmp_path / "1" / "broken.arrow").write_bytes(b"ARROW1, but not further")
    with pytest.raises(VectorError, match=r"broken\.arrow is not a file of vectors"):
        store.read(1, [1])
    (tmp_path / "1" / "broken.arrow").unlink()
    store.write(1, [2], [[1.0, 2.0]])
    with pytest.raises(VectorError, match="several dimensions"):
        store.read(1, [1])


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path / "3")
    store.write(1, [1], [[1.0]])
    store.delete()
    store.delete()
    assert (store.queries(), store.size(), store.keys(1).tolist()) == ([], (0, 0), [])


def _merge(folder: Path, stop: Path) -> None:
    store = Store(folder)
    while not stop.exists():
        store.compact(1)
        time.sleep(0.003)


def _write(folder: Path, stop: Path) -> None:
    for batch in range(BATCHES):
        store_at(folder).write(1, _batch(batch), _vectors(_batch(batch)))
        time.sleep(0.01)
    stop.touch()


def store_at(folder: Path) -> Store:
    return Store(folder)


def _batch(number: int) -> list[int]:
    return [10 * number + one for one in range(10)]


def _vectors(keys: list[int]) -> np.ndarray:
    return np.array([[1.0, key] for key in keys])


def test_readers_beside_two_who_merge_and_one_who_writes_see_no_gap_and_no_double(tmp_path: Path) -> None:
    folder, stop = tmp_path / "1", tmp_path / "stop"
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=act, args=(folder, stop)) for act in (_merge, _merge, _write)]
    for other in others:
        other.start()
    seen = 0
    try:
        while not stop.exists():
            keys = store_at(folder).keys(1)
            # Batches are written one after the other: whatever is there is all up to some batch, once.
            assert_array_equal(keys, np.arange(len(keys)))
            assert len(keys) % 10 == 0 and len(keys) >= seen
            seen = len(keys)
            rows, read = store_at(folder).read(1, keys)
            assert len(rows) == seen
            if seen:
                assert_allclose(read, unit(_vectors(keys.tolist())), atol=1e-6)
    finally:
        stop.touch()
        for other in others:
            other.join()
    store_at(folder).compact(1)
    assert_array_equal(store_at(folder).keys(1), np.arange(10 * BATCHES))
    assert len(list((folder / "1").iterdir())) == 1

import numpy as np
import pytest

from generation.diversity.measures import Measure, Setting
from generation.diversity.responses import Held, QueryResponses, UnusableResponses
from generation.diversity.tables import merge, table_of


def lengths(query, setting):
    found = setting.cells()
    for source, rows in query.cells():
        found[source] = np.mean([len(query.texts[row]) for row in rows])
    return {"length": found}


def asked(key, texts, classes=None):
    classes = None if classes is None else np.array(classes)
    return QueryResponses(key, key.upper(), np.arange(len(texts)) % 2, texts, None, classes)


LENGTH = Measure("length", frozenset({"texts"}), lengths)
CLASSES = Measure("class", frozenset({"classes"}), lambda query, _: {"class": query.classes.max()})


def made(queries, measures=(LENGTH, CLASSES)):
    return table_of(Held(queries), measures=measures, setting=Setting(2))


def test_a_row_a_query_and_undefined_where_it_lacks_what_a_measure_needs():
    table = made([asked("a", ["x", "yyy", "zz"]), asked("b", ["w"], [4]), asked("c", [])])
    assert table.counts.tolist() == [[2, 1], [1, 0], [0, 0]]
    assert table.columns["length"] == pytest.approx(
        np.array([[1.5, 3], [1, np.nan], [np.nan, np.nan]]), nan_ok=True
    )
    assert table.columns["class"] == pytest.approx(np.array([np.nan, 4, np.nan]), nan_ok=True)
    assert (table.keys, table.texts, table.sources) == (("a", "b", "c"), ("A", "B", "C"), 2)


def test_tables_of_partitions_merge_into_that_of_the_whole_even_where_one_lacks_a_column():
    queries = [asked("a", ["x", "yy"]), asked("b", ["w", "z"], [4, 1]), asked("c", ["v"])]
    whole, merged = made(queries), merge([made(queries[:1]), made([]), made(queries[1:])])
    assert (merged.keys, merged.texts) == (whole.keys, whole.texts)
    assert np.array_equal(merged.counts, whole.counts)
    assert merged.columns.keys() == whole.columns.keys()
    for name, column in whole.columns.items():
        assert np.array_equal(merged.columns[name], column, equal_nan=True)


def test_a_query_in_two_partitions_or_arrays_of_two_shapes_are_refused():
    one = made([asked("a", ["x"])])
    with pytest.raises(UnusableResponses, match="query a stands in two partitions"):
        merge([one, one])
    uneven = Measure("uneven", frozenset(), lambda query, _: {"uneven": np.zeros(len(query))})
    with pytest.raises(UnusableResponses, match="uneven: queries have arrays of different shapes"):
        made([asked("a", ["x"]), asked("b", ["x", "y"])], [uneven])

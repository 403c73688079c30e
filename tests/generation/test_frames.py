"""Responses of the database as the measures read them: exact, lazily, with the vectors of one encoder."""

import gc
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from numpy.testing import assert_allclose, assert_array_equal

from generation.diversity.responses import UNKNOWN_MODEL, Source, UnusableResponses, unit
from generation.encoders import encoder_of, store_of
from generation.frames import data_set
from generation.models import Collection, Condition, Encoder, LanguageModel, Query, Response
from tests.generation.collected import make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> Path:
    settings.MANYMINDS_DATA = tmp_path
    return tmp_path


def vector(key: int) -> list[float]:
    return [1.0, key % 7, key % 5]


def embedded(collection: Collection, leave_out: set[int] = frozenset()) -> Encoder:  # type: ignore[assignment]
    encoder = encoder_of(name="tiny", recipe={"kind": "imported"})
    for query in collection.queries.all():
        keys = [key for key in query.responses.values_list("pk", flat=True) if key not in leave_out]
        for some in (keys[:2], keys[2:]):
            store_of(encoder).write(query.pk, some, np.reshape([vector(key) for key in some], (-1, 3)))
    return encoder


def test_every_response_comes_once_with_its_source_its_class_and_its_own_vector() -> None:
    collection = make_collection(queries=10, responses=5)
    hot = Condition.objects.create(
        name="hot", strategy="plain", version="1", template={}, decoding={}, digest="d"
    )
    Response.objects.filter(sample=1).update(condition=hot, metadata={"class": "b"})
    Response.objects.filter(sample__in=[0, 2]).update(metadata={"class": 3})
    Response.objects.filter(sample=4).update(model=None)
    encoder = embedded(collection)
    with CaptureQueriesContext(connection) as asked:
        found = data_set(collection=collection, encoder=encoder)
    # What is asked of the database does not grow with the collection.
    assert len([one for one in asked.captured_queries if "SELECT" in one["sql"]]) <= 4
    model = LanguageModel.objects.get().name
    assert found.sources == (Source(model), Source(model, "hot"), Source(UNKNOWN_MODEL))
    assert (found.encoder, found.without_vectors, len(found.partitions)) == ("tiny", 0, 2)
    queries = {query.key: query for query in found.load()}
    assert list(queries) == [str(pk) for pk in sorted(collection.queries.values_list("pk", flat=True))]
    for query in collection.queries.all():
        rows = list(query.responses.order_by("pk"))
        held = queries[str(query.pk)]
        assert held.text == query.text
        assert list(held.texts) == [row.text for row in rows]
        assert [held.texts[place] for place in range(-1, 4)] == [rows[place].text for place in range(-1, 4)]
        assert list(held.texts[1:3]) == [row.text for row in rows[1:3]]
        assert held.keys == [str(row.pk) for row in rows]
        assert held.source.tolist() == [0, 1, 0, 0, 2]
        assert held.classes is not None and held.classes.tolist() == [0, 1, 0, -1, -1]
        assert held.vectors is not None
        assert_allclose(held.vectors, unit([vector(row.pk) for row in rows]), atol=1e-6)


def test_what_has_no_vector_is_counted_and_left_out_and_without_an_encoder_all_is_there() -> None:
    collection = make_collection(queries=3, responses=4)
    first, *rest = Response.objects.filter(query__collections=collection).order_by("pk")
    alone = set(rest[-1].query.responses.values_list("pk", flat=True))
    encoder = embedded(collection, leave_out={first.pk} | alone)
    found = data_set(collection=collection, encoder=encoder)
    assert found.without_vectors == 5
    assert [len(query) for query in found.load()] == [3, 4]
    assert str(first.pk) not in next(found.load()).keys
    plain = data_set(collection=collection)
    assert [len(query) for query in plain.load()] == [4, 4, 4]
    assert all(query.vectors is None and query.classes is None for query in plain.load())
    assert (plain.without_vectors, plain.encoder) == (0, "")


def test_models_conditions_and_queries_can_be_chosen_and_what_is_not_there_is_named() -> None:
    collection = make_collection(queries=2, responses=2)
    make_collection(queries=2, responses=3, model="other")
    assert [source.model for source in data_set(collection=collection).sources] == ["model-a", "other"]
    chosen = data_set(collection=collection, models=["other"], conditions=[""])
    assert [len(query) for query in chosen.load()] == [3, 3]
    query = Query.objects.latest("pk")
    (only,) = data_set(collection=collection, queries=[query.pk]).load()
    assert only.text == query.text
    for how, says in (
        ({"models": ["gpt"]}, "no responses of the model gpt"),
        ({"conditions": ["hot"]}, "no responses of the condition hot"),
        ({"encoder": encoder_of(name="empty", recipe={})}, "no vectors by empty of the responses"),
    ):
        with pytest.raises(UnusableResponses, match=says):
            data_set(collection=collection, **how)  # type: ignore[arg-type]
    with pytest.raises(UnusableResponses, match="There are no responses"):
        data_set(collection=Collection.objects.create(name="nothing"))


ELSEWHERE = """
import pickle, sys
sys.modules["django"] = None
for query in pickle.load(sys.stdin.buffer).load():
    print(query.key, len(query), query.texts[0], float((query.vectors ** 2).sum()))
"""


def test_a_partition_is_small_and_is_read_where_there_is_no_django(data: Path) -> None:
    found = data_set(collection=make_collection(queries=3, responses=4), encoder=None)
    encoder = embedded(Collection.objects.get())
    found = data_set(collection=Collection.objects.get(), encoder=encoder)
    (packed,) = map(pickle.dumps, found.partitions)
    assert len(packed) < 1_000
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], input=packed, capture_output=True, check=True, cwd=Path.cwd()
    )
    lines = [line.split(maxsplit=2) for line in done.stdout.decode().splitlines()]
    assert [(line[0], line[1]) for line in lines] == [(query.key, "4") for query in found.load()]
    # The file of texts goes with the last who can read it.
    kept = next(iter(found.load()))
    del found
    gc.collect()
    assert list((data / "frames").iterdir()) == []
    assert_array_equal(list(kept.texts), list(kept.texts))

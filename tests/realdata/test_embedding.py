"""Real answers by a real encoder: from a file over the command to what the measures read."""

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from numpy.testing import assert_allclose

from generation.collections import collection_named
from generation.encoders import encoder_named
from generation.frames import data_set

ANSWERS = 60  # of the first six prompts


@pytest.mark.local_models
@pytest.mark.django_db
def test_what_the_measures_read_is_what_the_encoder_makes_of_each_answer(
    realdata: Path, settings: Any, tmp_path: Path
) -> None:
    pytest.importorskip("sentence_transformers")
    from generation.sentences import MINILM, sentences

    settings.MANYMINDS_DATA = tmp_path / "data"
    path = tmp_path / "responses.jsonl"
    rows = (realdata / "noveltybench" / "responses.jsonl").read_text().splitlines(keepends=True)
    path.write_text("".join(rows[:ANSWERS]))
    call_command("import_responses", str(path), "--collection", "novelty", stdout=StringIO())
    out = StringIO()
    call_command("embed_responses", "novelty", "--encoder", MINILM, "--batch", "7", stdout=out)
    assert f"{ANSWERS} responses embedded." in out.getvalue()
    assert f"{MINILM}: 384 dimensions." in out.getvalue()
    data = data_set(
        collection=collection_named("novelty"), encoder=encoder_named(MINILM), classes="equivalence_class"
    )
    assert data.without_vectors == 0
    same, different = [], []
    for query in data.load():
        assert query.vectors is not None and query.classes is not None
        made, _ = sentences(MINILM).encoded(list(query.texts))
        assert_allclose(query.vectors, [made[place] for place in range(len(query))], atol=5e-6)
        one, other = np.triu_indices(len(query), 1)
        cosines = (query.vectors @ query.vectors.T)[one, other]
        alike = query.classes[one] == query.classes[other]
        same += cosines[alike].tolist()
        different += cosines[~alike].tolist()
    assert len(data.partitions) == 1
    assert np.mean(same) > 0.8 > np.mean(different)

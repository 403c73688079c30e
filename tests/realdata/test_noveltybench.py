"""NoveltyBench, ten answers each to 100 prompts with classes that people made: what is known of it holds."""

import json
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from generation.diversity.bleu import leave_one_out_bleu
from generation.diversity.classes import CLASSES, connected_classes, distinct_k, greedy_classes
from generation.diversity.homogeneity import within
from generation.diversity.lexical import LEXICAL
from generation.diversity.measures import Measure
from generation.diversity.ngrams import encode
from generation.diversity.overlaps import OVERLAPS
from generation.diversity.responses import DataSet
from generation.diversity.scheduling import measure
from generation.diversity.similarity import SIMILARITY
from generation.diversity.tables import Table
from generation.diversity.thresholds import CLASS_PAIRS, THRESHOLDS, threshold_curve
from generation.diversity.words import tokens
from generation.response_files import data_set

FILE = "noveltybench/responses.jsonl"


def table(data: DataSet, *measures: Measure) -> Table:
    return measure(data, measures, scheduler="synchronous")


def test_answers_of_one_model_repeat_ideas_and_words(realdata: Path, tmp_path: Path) -> None:
    data = data_set(realdata / FILE, folder=tmp_path, classes="equivalence_class")
    found = table(data, LEXICAL, CLASSES, OVERLAPS)
    ideas = found.columns["distinct_k"][:, 0]
    assert len(found) == 100 and found.counts.tolist() == [[10]] * 100
    assert ideas.mean() == pytest.approx(1.83) and ideas.max() <= 10
    entropy = found.columns["semantic_entropy"][:, 0]
    assert ((entropy == 0) == (ideas == 1)).all()
    # What is one idea is said in the same words more often than not.
    in_words = found.columns["self_bleu"][:, 0]
    said = ~np.isnan(in_words)
    assert np.corrcoef(in_words[said], ideas[said])[0, 1] < -0.4
    # Ten times an emoji and nothing else: no words, so nothing that they have in common.
    assert np.count_nonzero(~said) == 1
    assert found.columns["identical"].mean() == pytest.approx(0.304, abs=0.001)
    assert np.isnan(found.columns["shared"]).all()


def test_self_bleu_of_real_answers_is_sacrebleus(realdata: Path) -> None:
    lines = (realdata / FILE).read_text("utf-8").splitlines()[:20]
    texts = [json.loads(line)["response"] for line in lines]
    held = [" ".join(tokens(text)) for text in texts]
    oracle = BLEU(tokenize="none", effective_order=True)
    expected = [oracle.sentence_score(one, held[:n] + held[n + 1 :]).score for n, one in enumerate(held)]
    assert leave_one_out_bleu(encode(texts)) * 100 == pytest.approx(expected, abs=1e-9)


@pytest.mark.local_models
def test_cosines_of_minilm_tell_peoples_classes_apart(realdata: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from generation.sentences import MINILM, sentences

    texts = [json.loads(line)["response"] for line in (realdata / FILE).read_text("utf-8").splitlines()]
    # Three in ten answers are some other one again.
    different_texts = list(dict.fromkeys(texts))
    vectors, _ = sentences(MINILM).encoded(different_texts)
    place = {text: row for row, text in enumerate(different_texts)}
    np.save(tmp_path / "minilm.npy", np.stack([vectors[place[text]] for text in texts]))
    data = data_set(
        realdata / FILE, folder=tmp_path, embeddings=tmp_path / "minilm.npy", classes="equivalence_class"
    )
    found = table(data, SIMILARITY, CLASS_PAIRS)
    alike = within(found)[:, 0]
    assert alike.mean() == pytest.approx(0.838, abs=0.002)
    assert (alike > 0.8).mean() == pytest.approx(0.68, abs=0.01)

    held = list(data.load())
    same, different = [], []
    for query in held:
        assert query.vectors is not None and query.classes is not None
        first, second = np.triu_indices(len(query), 1)
        cosine, equal = (
            (query.vectors @ query.vectors.T)[first, second],
            query.classes[first] == query.classes[second],
        )
        same.append(cosine[equal])
        different.append(cosine[~equal])
    assert np.concatenate(same).mean() == pytest.approx(0.893, abs=0.002)
    assert np.concatenate(different).mean() == pytest.approx(0.614, abs=0.002)

    columns = {
        name: found.columns[f"class_pairs.{name}"] for name in ("above", "same_above", "pairs", "same")
    }
    curve = threshold_curve(**columns)
    at = int(np.flatnonzero(THRESHOLDS == 0.8)[0])
    precision = curve.precision.at(at)
    assert precision.n == 100 and precision.low < 0.911 < precision.high
    assert precision.value == pytest.approx(0.911, abs=0.003)
    assert curve.recall.value[at] == pytest.approx(0.819, abs=0.005)
    cosines = np.concatenate([*same, *different])
    assert curve.share.value[at] == pytest.approx((np.round(cosines, 6) >= 0.8).mean())
    # A higher threshold makes more classes, and chains make fewer than first members do.
    classes = {
        (make, threshold): np.mean(
            [distinct_k(make(query.vectors @ query.vectors.T, threshold)) for query in held]
        )
        for make in (greedy_classes, connected_classes)
        for threshold in (0.7, 0.9)
    }
    assert classes[greedy_classes, 0.7] == pytest.approx(1.79, abs=0.05)
    assert classes[connected_classes, 0.7] < classes[greedy_classes, 0.7] < classes[connected_classes, 0.9]

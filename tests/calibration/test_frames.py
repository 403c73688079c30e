import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.frames import label_frame
from annotation.models import Study
from calibration.frames import ScoreColumn, score_columns
from calibration.models import Score, Scorer
from tests.factory import make_items, make_study

pytestmark = pytest.mark.django_db


def columns_of(study: Study) -> dict[str, ScoreColumn]:
    found = score_columns(study, item_pks=label_frame(study).item_pks, scorers=Scorer.objects.all())
    return {column.name: column for column in found}


def test_scores_stand_in_the_items_order_higher_is_better_and_missing_ones_are_nan() -> None:
    study = make_study()
    items = make_items(study, 3)
    reward = Scorer.objects.create(name="reward", family="reward_model")
    perplexity = Scorer.objects.create(name="perplexity", family="perplexity")
    Score.objects.create(study=study, scorer=reward, item=items[2], value=4)
    Score.objects.create(study=study, scorer=reward, response=items[0].response, value=-1)
    Score.objects.create(study=study, scorer=perplexity, response=items[1].response, value=12.5)
    columns = columns_of(study)
    np.testing.assert_array_equal(columns["reward"].values, [-1, np.nan, 4])
    np.testing.assert_array_equal(columns["perplexity"].values, [np.nan, -12.5, np.nan])


def test_distributions_and_votes_count_as_their_mean_and_their_kind_is_kept() -> None:
    study = make_study()
    first, second = make_items(study, 2)
    judge = Scorer.objects.create(name="judge", family="lm_judge")
    Score.objects.create(study=study, scorer=judge, item=first, distribution=[0, 0, 0.5, 0, 0.5])
    voter = Scorer.objects.create(name="voter", family="lm_judge")
    Score.objects.create(study=study, scorer=voter, item=first, votes=[1, 2, 2])
    Score.objects.create(study=study, scorer=voter, item=second, value=3)
    columns = columns_of(study)
    np.testing.assert_allclose(columns["judge"].values, [4, np.nan])
    np.testing.assert_allclose(columns["voter"].values, [5 / 3, 3])
    assert (columns["judge"].kind, columns["voter"].kind) == ("distribution", "number+votes")


def test_a_comparison_is_the_difference_of_its_responses_unless_the_scorer_scored_it_itself() -> None:
    study = make_study(kind="comparison")
    items = make_items(study, 4)
    scorer = Scorer.objects.create(name="perplexity", family="perplexity")
    for item, (first, second) in zip(items, [(10, 30), (9, 4), (7, None)], strict=False):
        for response, value in ((item.response_1, first), (item.response_2, second)):
            if value is not None:
                Score.objects.create(study=study, scorer=scorer, response=response, value=value)
    judge = Scorer.objects.create(name="judge", family="lm_judge")
    Score.objects.create(study=study, scorer=judge, response=items[0].response_1, value=1)
    Score.objects.create(study=study, scorer=judge, response=items[0].response_2, value=5)
    Score.objects.create(study=study, scorer=judge, item=items[0], votes=[2, 1])
    columns = columns_of(study)
    np.testing.assert_array_equal(columns["perplexity"].values, [20, -5, np.nan, np.nan])
    np.testing.assert_array_equal(columns["judge"].values, [1.5, np.nan, np.nan, np.nan])


def test_distributions_are_of_the_item_itself_add_up_to_1_and_votes_are_counted() -> None:
    study = make_study()
    first, second, third = make_items(study, 3)
    judge = Scorer.objects.create(name="judge", family="lm_judge")
    Score.objects.create(study=study, scorer=judge, item=first, distribution=[0, 0, 0.5, 0, 0.5005])
    Score.objects.create(study=study, scorer=judge, response=second.response, votes=[5, 2, 2, 2])
    Score.objects.create(study=study, scorer=judge, item=third, value=3)
    reward = Scorer.objects.create(name="reward")
    Score.objects.create(study=study, scorer=reward, item=first, value=3)
    columns = columns_of(study)
    shares = columns["judge"].distributions
    assert shares is not None
    np.testing.assert_allclose(shares.sum(axis=1), [1, 1, np.nan])
    np.testing.assert_array_equal(shares[1], [0, 0.75, 0, 0, 0.25])
    np.testing.assert_array_equal(columns["judge"].votes, [[0] * 5, [0, 3, 0, 0, 1], [0] * 5])
    assert columns["reward"].distributions is columns["reward"].votes is None

    compared = make_study("compared", kind="comparison")
    (pair,) = make_items(compared, 1)
    for response in (pair.response_1, pair.response_2):
        Score.objects.create(study=compared, scorer=judge, response=response, distribution=[0, 0, 1, 0, 0])
    column = columns_of(compared)["judge"]
    assert (column.distributions, column.values.tolist()) == (None, [0])


def test_equal_differences_and_equal_means_tie_whatever_sums_they_were_reached_by() -> None:
    study = make_study(kind="comparison")
    items = make_items(study, 4)
    scorer, judge = (Scorer.objects.create(name=name) for name in ("reward", "judge"))
    given = [(0.3, 0.1), (0.4, 0.2), (1000.3, 1000.1), (1e-9, 0)]
    shares = [
        [0.1, 0.2, 0.3, 0.2, 0.2],
        [0.2, 0.1, 0.2, 0.3, 0.2],
        [0.05, 0.3, 0.25, 0.2, 0.2],
        [0, 0, 1, 0, 0],
    ]
    for item, (first, second), share in zip(items, given, shares, strict=True):
        Score.objects.create(study=study, scorer=scorer, response=item.response_1, value=first)
        Score.objects.create(study=study, scorer=scorer, response=item.response_2, value=second)
        Score.objects.create(study=study, scorer=judge, item=item, distribution=share)
    columns = columns_of(study)
    assert columns["reward"].values.tolist() == [0.2, 0.2, 0.2, 1e-9]
    assert columns["judge"].values.tolist() == [0.2, 0.2, 0.2, 0]


def test_the_number_of_queries_grows_neither_with_scorers_nor_with_items() -> None:
    counts = []
    for size in (1, 12):
        study = make_study(f"s{size}")
        items = make_items(study, 5 * size)
        for n in range(size):
            scorer = Scorer.objects.create(name=f"scorer {size} {n}")
            Score.objects.bulk_create(
                Score(study=study, scorer=scorer, item=item, value=item.position) for item in items
            )
        pks = label_frame(study).item_pks
        with CaptureQueriesContext(connection) as queries:
            score_columns(study, item_pks=pks, scorers=Scorer.objects.filter(scores__study=study).distinct())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 3


def test_the_digest_tells_scores_apart_and_knows_nothing_of_the_databases_keys() -> None:
    digests = []
    for n, (value, in_turn) in enumerate([(2.0, 1), (2.0, -1), (2.5, 1)]):
        study = make_study(f"s{n}")
        items = make_items(study, 2)
        scorer = Scorer.objects.create(name=f"scorer {n}")
        rows = [(items[0], 1.0), (items[1], value)]
        for item, number in rows[::in_turn]:
            Score.objects.create(study=study, scorer=scorer, item=item, value=number)
        digests.append(columns_of(study)[scorer.name].digest)
    assert digests[0] == digests[1] != digests[2]

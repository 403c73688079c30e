import json

import numpy as np
import pytest

from annotation.statistics.agreement import krippendorff_alpha
from annotation.statistics.cross_replication import cross_replication_reliability
from annotation.statistics.explained import explained_share
from annotation.statistics.groups import group_agreement

VALUES = [1, 2, 3]


def dices(folder):
    """Safety ratings, shape (raters, items): 123 people who all judged the same 350 replies."""
    rows = (folder / "dices_350/labels.jsonl").read_text("utf-8").splitlines()
    return np.array([json.loads(row)["human_labels"] for row in rows], dtype=float).T


def counted(ratings):
    return np.stack([(ratings == value).sum(axis=0) for value in VALUES], axis=1)


def test_two_halves_of_real_people_agree_as_far_as_all_of_them_do(realdata):
    ratings = dices(realdata)
    rng, found = np.random.default_rng(0), []
    for _ in range(20):
        order = rng.permutation(len(ratings))
        halves = counted(ratings[order[:61]]), counted(ratings[order[61:]])
        found.append(cross_replication_reliability(*halves, values=VALUES, level="ordinal").value)
    alpha = krippendorff_alpha(counted(ratings), values=VALUES, level="ordinal").value
    assert np.mean(found) == pytest.approx(alpha, abs=0.01)


def test_groups_dealt_to_real_people_by_chance_explain_nothing_but_items_alone_would_say_they_do(realdata):
    ratings = dices(realdata)
    person, item = np.nonzero(~np.isnan(ratings))
    rng = np.random.default_rng(1)
    p, held_fixed = [], 0
    for _ in range(24):
        group = rng.permutation(np.arange(len(ratings)) % 4)
        tested = explained_share(person, item, ratings[person, item], group, rng=rng, permutations=39)
        p += [tested.p, *(one.p for one in (tested.differences[0], tested.cohesions[0]))]
        counts = [counted(ratings[group == g]) for g in range(4)]
        apart = group_agreement(counts, values=VALUES).groups[0].difference
        held_fixed += apart.low > 0 or apart.high < 0
    assert np.mean(np.array(p) <= 0.05) < 0.15
    assert held_fixed > 12

"""123 people who all judged the same 350 replies: what one half of them replicates of the other."""

import json

import numpy as np

from calibration.metrics.replication.answers import Answers
from calibration.metrics.replication.contrasts import ItemContrast, PeopleContrast
from calibration.metrics.replication.halves import Asked, effects_in, splits
from calibration.metrics.replication.panels import Personas
from calibration.metrics.replication.verdicts import tally


def dices(folder):
    """The rows, and the safety ratings, shape (raters, items)."""
    rows = [json.loads(row) for row in (folder / "dices_350/labels.jsonl").read_text("utf-8").splitlines()]
    return rows, np.array([row["human_labels"] for row in rows], dtype=float).T


def answers_of(ratings):
    person, item = np.nonzero(~np.isnan(ratings))
    return Answers(item, person, ratings[person, item], ratings.shape[1], ratings.shape[0])


def halved(values):
    """Items of the lower and of the upper half of a number."""
    return (values > np.median(values)).astype(np.int64)


def test_real_people_replicate_real_peoples_effects_as_a_panel_of_other_real_people_does(realdata):
    rows, ratings = dices(realdata)
    texts = np.array([[len(row["query"]), len(row["response"]), row["query"].count("USER:")] for row in rows])
    asks = np.array([row["response"].rstrip().endswith("?") for row in rows]).astype(np.int64)
    groups = [*(halved(column) for column in texts.T), asks]
    items = np.arange(len(rows))
    # The panel is a third of the people, whom nobody asked among the others.
    panel, people = Personas(ratings[:41]), answers_of(ratings[41:])
    asked = [Asked(ItemContrast.between(group, items), panel) for group in groups]
    made = splits(people, asked, number=12, rng=np.random.default_rng(0))
    sure = [[first.significant for first in one.first] for one in made]
    share = {}
    for name in ("people", "panel"):
        told = [one.verdicts(getattr(one, name)) for one in made]
        successes, n = np.sum([tally(*both) for both in zip(told, sure, strict=True)], axis=0)
        share[name] = successes / n
    assert share["people"] >= 0.75
    assert abs(share["panel"] - share["people"]) <= 0.2


def test_groups_dealt_to_real_people_by_chance_differ_in_about_five_percent(realdata):
    _, ratings = dices(realdata)
    answers, rng = answers_of(ratings), np.random.default_rng(1)
    contrasts = [PeopleContrast(rng.permutation(123) % 2, np.arange(350)) for _ in range(60)]
    found = effects_in(answers, [Asked(one, None) for one in contrasts])
    means, group = ratings.mean(axis=1), contrasts[0].group
    assert np.isclose(found[0].difference, means[group == 0].mean() - means[group == 1].mean())
    assert np.mean([one.p < 0.05 for one in found]) <= 0.12

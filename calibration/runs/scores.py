"""What the replies of a run make: its scores, of one head or several, and what became of the rest."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from django.db import transaction

from annotation.models import Study
from calibration.models import Call, Run, Score, Scorer
from calibration.runs.names import check_same, head_name, recipe_digest, scorers_named
from calibration.runs.order_bias import bias_as_dict, order_bias
from calibration.scorers.reading import read_recipe
from calibration.scorers.recipe import ScorerRecipe, Value
from generation.recipes.recipe import RecipeError
from generation.runs.sums import sums_of

ROWS_AT_ONCE = 2_000
# Reasons may hold what a model wrote, and so be as many as targets.
MOST_REASONS = 20
OTHER_REASONS = "other reasons"
NOT_THIS_HEAD = "no score of this head"
# Of recipes that give numbers alone.
NO_SCALE = (0, 0)
Row = tuple[int, str, str, dict[str, Any] | None]


class Unscored(Exception):
    """Why a target has no score, in a few words."""


@transaction.atomic
def collect(*, run: Run) -> None:
    """Store the scores of what was answered, in place of those that the run gave before.

    A target is scored when all of its calls have ended. What cannot be scored is counted by its reason in
    the scorers' metadata, beside what the run took. Raises RunError where a name is another's by now.
    """
    rows = Run.objects.select_for_update(of=("self",), no_key=True).select_related("study", "server")
    run = rows.get(pk=run.pk)
    making = _Making(run, read_recipe(run.recipe))
    before = scorers_named(run.scorer, lock=True)
    for scorer in before:
        check_same(scorer, run.study, recipe_digest(run.recipe))
    Score.objects.filter(study=run.study, scorer__in=before).delete()
    found = making.scores()
    while batch := list(islice(found, ROWS_AT_ONCE)):
        Score.objects.bulk_create(batch)
    making.write_down(before)


@dataclass
class _Making:
    """The scores of one run, made target by target."""

    run: Run
    recipe: ScorerRecipe
    scorers: dict[str, Scorer] = field(default_factory=dict)
    targets: int = 0
    scored: Counter[str] = field(default_factory=Counter)
    # Targets of which no head has a score, and of which one has none.
    nothing: Counter[str] = field(default_factory=Counter)
    unscored: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Probability outside of the scale, summed over a head's scores that have it.
    outside: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def scores(self) -> Iterator[Score]:
        """In the order of the calls, which stand by targets: one at a time is in memory."""
        column = "item_id" if self.recipe.of_pairs else "response_id"
        calls = self.run.calls.order_by("number").values_list(column, "part", "outcome", "result")
        for target, rows in groupby(calls.iterator(ROWS_AT_ONCE), key=itemgetter(0)):
            self.targets += 1
            try:
                values = _values(self.recipe, [row[1:] for row in rows])
            except Unscored as why:
                _count(self.nothing, why)
                continue
            for head, value in values.items():
                scorer = self._scorer(head)
                try:
                    given = self._given(value)
                except Unscored as why:
                    _count(self.unscored[head], why)
                else:
                    self.scored[head] += 1
                    self.outside[head] += value.metadata.get("outside", 0)
                    yield Score(study=self.run.study, scorer=scorer, **{column: target}, **given)

    def write_down(self, before: list[Scorer]) -> None:
        """With each scorer what was asked and what came of it; with one that gave no scores now nothing."""
        place = str(self.run.study_id)
        if not self.scorers:
            self._scorer("")
        for scorer in before:
            if scorer not in self.scorers.values():
                scorer.metadata["studies"].pop(place, None)
                scorer.save(update_fields=["metadata"])
        asked = {"run": self.run.pk, "server": self.run.server and self.run.server.name}
        sums = sums_of(self.run).as_dict()
        if bias := bias_as_dict(order_bias(self.run, self.recipe)):
            sums["position_bias"] = bias
        for head, scorer in self.scorers.items():
            found: dict[str, Any] = {"scored": self.scored[head], "unscored": self.reasons(head)}
            if self.outside[head]:
                found["outside"] = self.outside[head] / self.scored[head]
            scorer.metadata["studies"][place] = asked | found | sums
            scorer.save(update_fields=["family", "metadata"])

    def reasons(self, head: str) -> dict[str, int]:
        """Why which number of targets has no score of the head."""
        found = self.nothing + self.unscored[head]
        found[NOT_THIS_HEAD] = self.targets - self.scored[head] - found.total()
        return dict(+found)

    def _given(self, value: Value) -> dict[str, Any]:
        """The fields of a score: shares and votes as such where they are of what people were asked."""
        if value.number is not None:
            return {"value": self._checked(value.number), "metadata": value.metadata}
        given = {"distribution": value.distribution, "votes": value.votes}
        scale: tuple[int, int] = getattr(self.recipe, "scale", NO_SCALE)
        study = self.run.study
        labelled = self.recipe.of_pairs or study.kind == Study.Kind.RATING
        if labelled and scale == (study.scale_low, study.scale_high):
            return given | {"metadata": value.metadata}
        kept = {name: shares for name, shares in given.items() if shares is not None}
        metadata = value.metadata | kept | {"scale": scale}
        return {"value": self._checked(_mean(value, scale)), "metadata": metadata}

    def _checked(self, number: float) -> float:
        if not math.isfinite(number):
            raise Unscored("its score is no finite number")
        if self.recipe.family == Scorer.Family.PERPLEXITY and number <= 0:
            raise Unscored("its perplexity is not above 0")
        return number

    def _scorer(self, head: str) -> Scorer:
        if head not in self.scorers:
            name, digest = head_name(self.run.scorer, head), recipe_digest(self.run.recipe)
            new = {"recipe": self.run.recipe, "digest": digest, "head": head, "studies": {}}
            made = {"family": self.recipe.family, "metadata": new}
            Scorer.objects.get_or_create(name=name, defaults=made)
            scorer = Scorer.objects.select_for_update(no_key=True).get(name=name)
            check_same(scorer, self.run.study, digest)
            if scorer.metadata["digest"] != digest:
                scorer.family, scorer.metadata = self.recipe.family, new
            self.scorers[head] = scorer
        return self.scorers[head]


def _values(recipe: ScorerRecipe, calls: list[tuple[str, str, dict[str, Any] | None]]) -> dict[str, Value]:
    """A target's scores by head, of its parts with their outcomes and results. Raises Unscored."""
    outcomes = {outcome for _, outcome, _ in calls}
    if Call.Outcome.OPEN in outcomes:
        raise Unscored("not asked yet")
    results = {part: result for part, _, result in calls if result is not None}
    if not results:
        raise Unscored(" and ".join(sorted(outcomes)))
    try:
        return recipe.values(results)
    except RecipeError as error:
        raise Unscored(str(error)) from None


def _mean(value: Value, scale: tuple[int, int]) -> float:
    if value.votes is not None:
        return math.fsum(value.votes) / len(value.votes)
    shares = value.distribution or ()
    return math.fsum(share * level for level, share in enumerate(shares, scale[0])) / math.fsum(shares)


def _count(reasons: Counter[str], why: Unscored) -> None:
    reason = str(why)
    reasons[reason if reason in reasons or len(reasons) < MOST_REASONS else OTHER_REASONS] += 1

"""The job of runs that mine: a model says of each candidate at which gate it ends."""

from typing import Any, ClassVar

from django.db.models import QuerySet

from generation.mining.verdicts import write_verdicts
from generation.models import Candidate, Run
from generation.recipes.gating import GatingRecipe
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError
from generation.runs.of_queries import OfQueries

AT_ONCE = 250


class MiningJob(OfQueries):
    """The candidates of a mining that are near no earlier one; replies become verdicts, and those queries."""

    about: ClassVar[str] = "candidate"

    def recipe(self, run: Run) -> GatingRecipe:
        try:
            return GatingRecipe.from_dict(run.recipe)
        except (RecipeError, TypeError) as error:
            raise RunError(str(error)) from None

    def queries(self, run: Run, recipe: Any) -> QuerySet[Candidate]:
        return Candidate.objects.filter(mining=run.mining_id, near=None)

    def check(self, run: Run, recipe: Any) -> None:
        if run.mining is None or not run.mining.funnel:
            raise RunError(f"{run.mining} is not read to its end: give the command mine_queries again.")
        super().check(run, recipe)

    def collect(self, run: Run, *, after: int) -> int | None:
        """Write the verdicts that came, in place of those of any run before; a person's stay."""
        if run.mining is None:
            raise RunError("It is about no mining.")
        page = list(self.answered(run, after=after, most=AT_ONCE))
        results = {call.candidate_id: call.result for call in page}
        write_verdicts(mining=run.mining, results=results, run=run)
        return page[-1].number if page else None

"""The job of runs that mine: a model says of each candidate at which gate it ends."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet

from generation.mining.verdicts import write_verdicts
from generation.models import Call, Candidate, Run
from generation.recipes.gating import GatingRecipe
from generation.recipes.recipe import RecipeError
from generation.runs.errors import RunError
from generation.runs.of_queries import OfQueries

AT_ONCE = 1_000


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

    @transaction.atomic
    def collect(self, run: Run) -> None:
        """Write the verdicts that came, in place of those of any run before; a person's stay."""
        if run.mining is None:
            raise RunError("It is about no mining.")
        answered = run.calls.filter(outcome=Call.Outcome.ANSWERED).order_by("number")
        calls: Iterator[Any] = answered.values_list("candidate", "result").iterator(AT_ONCE)
        while page := dict(islice(calls, AT_ONCE)):
            write_verdicts(mining=run.mining, results=page, run=run)

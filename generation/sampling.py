"""The job of runs that sample: replies become responses, each with how it came."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from generation.checkpoints import Checkpoint, CheckpointError, Checkpoints, stored
from generation.conditions import condition_of
from generation.models import Call, Condition, LanguageModel, Response, Run
from generation.recipes.recipe import RecipeError
from generation.recipes.sampling import SampleRecipe
from generation.runs.errors import RunError
from generation.runs.of_queries import OfQueries

CALLS_AT_ONCE = 250
# Where a response holds the entropy of its tokens, as `recipes.token_entropy` reads it.
ENTROPY = "metadata__sampling__token_entropy"
MOST_NAME = 150


class SampleJob(OfQueries):
    """Each query of a collection, as often as the recipe says."""

    def recipe(self, run: Run) -> SampleRecipe:
        try:
            return SampleRecipe.from_dict(run.recipe)
        except (RecipeError, TypeError) as error:
            raise RunError(str(error)) from None

    def check(self, run: Run, recipe: Any) -> None:
        """Also that the model is not known to be of another training, or at another step of it."""
        super().check(run, recipe)
        try:
            Checkpoints.known().add(recipe.source, Checkpoint(recipe.family, recipe.step))
        except CheckpointError as error:
            raise RunError(f"Its checkpoint contradicts what is known: {error}.") from None

    def collect(self, run: Run, *, after: int) -> int | None:
        """Store the responses that are not stored yet; those that are there stay as they are."""
        recipe = self.recipe(run)
        try:
            model = stored(recipe.source, Checkpoint(recipe.family, recipe.step))
        except CheckpointError as error:
            raise RunError(f"Its checkpoint contradicts what is known by now: {error}.") from None
        condition = condition_of(recipe.strategy, recipe.decoding)
        page = list(self.answered(run, after=after, most=CALLS_AT_ONCE).select_related("query"))
        rows = {row.digest: row for call in page for row in _rows(run, recipe, model, condition, call)}
        known = Response.objects.filter(digest__in=rows).values_list("digest", flat=True)
        new = [rows[key] for key in rows.keys() - set(known)]
        Response.objects.bulk_create(sorted(new, key=_order))
        return page[-1].number if page else None

    def chosen(self, recipe: SampleRecipe) -> Mapping[str, Any]:
        return recipe.as_dict() | recipe.words

    def remarks(self, run: Run) -> list[str]:
        """What its sums do not say: how many replies were cut off, or came without the token entropy."""
        recipe, cut = self.recipe(run), cut_off(run)
        answered = run.calls.filter(outcome=Call.Outcome.ANSWERED)
        without = answered.filter(result__token_entropy__isnull=True).count() if recipe.token_entropy else 0
        of = f"of {answered.count():,} replies"
        remarks = [f"{cut:,} {of} were cut off at {recipe.decoding.max_tokens:,} tokens."] if cut else []
        if without:
            remarks.append(
                f"{without:,} {of} came without token probabilities: of them there is no token entropy."
            )
        return remarks


def cut_off(run: Run) -> int:
    """How many replies ended because they were as long as they may be."""
    answered = run.calls.filter(outcome=Call.Outcome.ANSWERED)
    return answered.filter(result__finish_reason="length").count()


def responses_of(run: Run) -> QuerySet[Response]:
    """Those that came of the run."""
    return Response.objects.filter(external_id__startswith=run_key(run))


def run_key(run: Run) -> str:
    """What the ids of its responses begin with; the time tells it from runs of other sites."""
    return f"run-{run.pk}-{run.created_at:%Y%m%d%H%M%S}/"


def usual_name(recipe: SampleRecipe, collection: str) -> str:
    """What a run is called that nobody names."""
    parts = [recipe.source, collection, recipe.strategy.words, recipe.decoding.words]
    return " · ".join(parts)[:MOST_NAME]


def _rows(
    run: Run, recipe: SampleRecipe, model: LanguageModel, condition: Condition, call: Call
) -> Iterator[Response]:
    result, query = call.result, call.query
    if result is None or query is None:
        return
    texts = result["texts"]
    for place, text in enumerate(texts):
        sample = (int(call.part) - 1) * recipe.strategy.answers + place + 1
        key = f"{run_key(run)}{call.pk}/{place + 1}"
        digest = Response.digest_of(
            query=query.text,
            model=model.name,
            external_id=key,
            sample=sample,
            text=text,
            condition=condition.name,
        )
        yield Response(
            query=query,
            model=model,
            condition=condition,
            external_id=key,
            sample=sample,
            text=text,
            digest=digest,
            metadata={"sampling": _how(run, recipe, call, result)},
        )


def _order(response: Response) -> tuple[int, int]:
    return response.query_id, response.sample


def _how(run: Run, recipe: SampleRecipe, call: Call, result: Mapping[str, Any]) -> dict[str, Any]:
    """How a response came; tokens and their entropy are the whole reply's, which may have held several."""
    how: dict[str, Any] = {
        "run": run.pk,
        "server": None if run.server is None else run.server.name,
        "sampled_at": None if call.answered_at is None else call.answered_at.isoformat(),
        **{name: result[name] for name in ("seed", "finish_reason", "tokens_in", "tokens_out")},
    }
    if persona := recipe.persona(call.part):
        how["persona"] = persona
    if recipe.strategy.answers > 1:
        how["answers"] = recipe.strategy.answers
    if "token_entropy" in result:
        how["token_entropy"] = result["token_entropy"]
    return how

"""The command `classify_queries`: a model sorts a collection's queries into categories, in the foreground."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from generation.management.run_options import add_run_options, add_server_options, server_of, terms_of
from generation.management.structured_options import add_structured_options, structured_fields
from generation.models import Collection, Run

if TYPE_CHECKING:
    from generation.recipes.classifying import ClassifyRecipe, Offered


class Command(BaseCommand):
    help = (
        "Ask a language model for the categories of a collection's queries, and for new ones to propose. The "
        "same command again goes on where it was; given elsewhere meanwhile, it helps."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("collection", help="the name of the queries' collection")
        add_structured_options(parser)
        add_server_options(parser)
        parser.add_argument(
            "--only-open", action="store_true", help="leave out what is not known to be open-ended"
        )
        parser.add_argument("--sample", type=int, metavar="N", help="ask about N queries, drawn by the seed")
        add_run_options(parser)

    def handle(self, *args: Any, collection: str, **options: Any) -> None:
        queries = Collection.objects.filter(name=collection).first()
        if queries is None:
            known = ", ".join(Collection.objects.values_list("name", flat=True)[:20]) or "there is none yet"
            raise CommandError(f"There is no collection {collection}: {known}.")
        from generation.management.run_work import carry_out, in_one_line  # openai starts slowly

        with in_one_line():
            carry_out(
                self.stdout,
                options,
                lambda: run_for(queries, options),
                named=lambda run: {"collection": collection, "name": run.name},
                outcome=outcome,
            )


def run_for(collection: Collection, options: Mapping[str, Any]) -> Run:
    """The run of this name, made where there is none: it goes on with the categories that it was made with.

    Raises CommandError where there is one that is not the same, and whatever making one raises.
    """
    from generation.management.run_work import same
    from generation.runs.asking import create_run
    from generation.taxonomy.categories import CategoryError, offered
    from generation.taxonomy.job import ClassifyJob, usual_name
    from generation.taxonomy.standard import ensure_standard

    ensure_standard()
    server = server_of(options, local=False)
    try:
        recipe = recipe_of(options, offered())
    except CategoryError as error:
        raise CommandError(str(error)) from None
    name = options["name"] or usual_name(collection, recipe)
    run = Run.objects.filter(name=name).select_related("server").first()
    if run is None:
        kind = Run.Kind.CLASSIFY
        return create_run(
            kind=kind, name=name, recipe=recipe, collection=collection, server=server, **terms_of(options)
        )
    if run.kind != Run.Kind.CLASSIFY or run.collection != collection:
        raise CommandError(f"There is another run {name}: choose another --name.")
    recipe = replace(recipe, categories=ClassifyJob().recipe(run).categories)
    return same(run, recipe, server, options)


def recipe_of(options: Mapping[str, Any], categories: "tuple[Offered, ...]") -> "ClassifyRecipe":
    """The recipe that the options ask for. Raises RecipeError."""
    from generation.recipes.classifying import ClassifyRecipe

    about = {name: options[name] for name in ("only_open", "sample") if options[name] is not None}
    return ClassifyRecipe(**structured_fields(options), **about, categories=categories)


def outcome(run: Run) -> tuple[dict[str, Any], list[str]]:
    """What came of the run so far, as JSON and in words."""
    from generation.management.run_work import outcome as usual
    from generation.models import Category
    from generation.taxonomy.counting import Standing, counted
    from generation.templatetags.numbers import counted as spelled
    from generation.templatetags.numbers import in_percent

    said, lines = usual(run)
    if run.state == Run.State.DRAFT:  # after a trial
        return said, lines
    found = counted(run, Standing.now())
    for row in found.rows:
        if row.count:
            ends = f"{in_percent(row.share.low)} to {in_percent(row.share.high)}"
            name = row.category.name if row.top else f"  {row.category.name}"
            lines.append(f"{name}: {in_percent(row.share.value)} ({ends})")
    waiting = Category.objects.filter(state=Category.State.PROPOSED).count()
    if found.none:
        lines.append(f"{spelled(found.none, 'query')} of {found.queries:,} without a category.")
    if waiting:
        lines.append(f"{spelled(waiting, 'category')} proposed, to decide about, at /categories/.")
    return {**said, "shares": found.as_dict(), "proposals_waiting": waiting}, lines

"""The command `sample_responses`: models asked for responses to a collection's queries, in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.management.sample_options import add_options, recipe_of
from generation.models import Collection, Run


class Command(BaseCommand):
    help = (
        "Ask models for responses to each query of a collection. The same command again goes on where it "
        "was; given elsewhere meanwhile, it helps."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.collections import CollectionError, collection_named

        try:
            collection = collection_named(options["collection"])
        except CollectionError as error:
            raise CommandError(str(error)) from None
        models = options["models"]
        if len(set(models)) < len(models):
            raise CommandError("A model is named twice: once is enough.")
        if len(models) > 1 and (options["named"] or options["name"] or options["step"] is not None):
            raise CommandError("--as, --name and --step are of one model: give each a command of its own.")
        self._each(collection, options)

    def _each(self, collection: Collection, options: dict[str, Any]) -> None:
        """One run after the other; what keeps one from its end does not keep the others."""
        failed: list[str] = []
        for model in options["models"]:
            try:
                self._run(collection, model, options)
            except CommandError as error:
                if len(options["models"]) == 1 or error.returncode == 130:
                    raise
                self.stderr.write(f"{model}: {error}")
                failed.append(model)
        if failed:
            raise CommandError(f"Not finished: {', '.join(failed)}. The same command goes on with them.")

    def _run(self, collection: Collection, model: str, options: dict[str, Any]) -> None:
        from generation.management.run_work import carry_out, in_one_line  # openai starts slowly

        name, _, server = model.rpartition("@")
        mine = options | ({"server": server} if name else {})
        with in_one_line():
            carry_out(
                self.stdout,
                mine,
                lambda: run_for(collection, name or model, mine),
                named=lambda run: {"name": run.name, "collection": collection.name},
                outcome=outcome,
            )


def run_for(collection: Collection, model: str, options: dict[str, Any]) -> Run:
    """The run that the options ask for, made where there is none. Raises CommandError where it is another."""
    from generation.management.run_options import server_of, terms_of
    from generation.management.run_work import same
    from generation.runs.asking import create_run
    from generation.sampling import usual_name

    recipe = recipe_of(options, model)
    server = server_of(options, local=recipe.local)
    name = options["name"] or usual_name(recipe, collection.name)
    run = Run.objects.select_related("server").filter(name=name).first()
    if run is None:
        terms = terms_of(options)
        return create_run(
            kind="sample", name=name, recipe=recipe, collection=collection, server=server, **terms
        )
    if run.kind != Run.Kind.SAMPLE or run.collection_id != collection.pk:
        raise CommandError(f"There is another run {name}: choose another --name.")
    return same(run, recipe, server, options)


def outcome(run: Run) -> tuple[dict[str, Any], list[str]]:
    """What came of the run: what every run says, and its responses."""
    from generation.management import run_work
    from generation.sampling import cut_off, responses_of

    found, said = run_work.outcome(run)
    stored = responses_of(run).count()
    own = {"responses": stored, "cut_off": cut_off(run)}
    if run.finished_at is not None:
        said.append(f"{stored:,} responses are stored.")
    return found | own, said

"""The command `sort_responses`: responses sorted into formats, by rules or by a judge."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from generation.management.run_options import add_run_options, add_server_options, server_of, terms_of
from generation.management.structured_options import add_structured_options, structured_fields
from generation.models import Collection, FormatRules, Run

if TYPE_CHECKING:
    from generation.recipes.sorting import SortingRecipe


class Command(BaseCommand):
    help = (
        "Sort the responses to a collection's queries into formats: by rules, or by a language model that is "
        "asked about each. What has a format already keeps it; the same command again sorts what is new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("collection", help="the name of the queries' collection")
        by = parser.add_mutually_exclusive_group(required=True)
        by.add_argument("--rules", metavar="FILE|NAME", help="shapes, mathematics, others, or a JSON file")
        by.add_argument("--formats", type=Path, metavar="FILE", help="JSON: those a judge chooses from")
        parser.add_argument("--as", dest="named", metavar="NAME", help="what a judge's labels are kept as")
        add_structured_options(parser, required=False)
        add_server_options(parser)
        add_run_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.collections import CollectionError, collection_named
        from generation.formats.kinds import RulesError

        try:
            collection = collection_named(options["collection"])
            if options["formats"] is None:
                self._by_rules(collection, options)
            else:
                self._by_judge(collection, options)
        except (CollectionError, RulesError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. The same command goes on.", returncode=130) from None

    def _by_rules(self, collection: Collection, options: Mapping[str, Any]) -> None:
        from generation.formats.sorting import is_judged, rules_for, sort_responses
        from generation.management.report_work import Bar

        _refuse_judges_options(options)
        rules = rules_for(options["rules"])
        if is_judged(rules):
            raise CommandError(f"A judge sorts by {rules}: give its --formats FILE and its --model again.")
        with Bar("sorting", " responses") as bar:
            number = sort_responses(collection=collection, rules=rules, progress=bar.to)
        found, lines = outcome(collection, rules)
        found = {"collection": collection.name, **found, "sorted": number}
        lines = [f"Sorted {number:,} responses of {collection} by {rules}.", *lines]
        self.stdout.write(json.dumps(found, ensure_ascii=False) if options["json"] else "\n".join(lines))

    def _by_judge(self, collection: Collection, options: dict[str, Any]) -> None:
        from generation.management.run_work import carry_out, in_one_line  # openai starts slowly

        if options["model"] is None:
            raise CommandError("Say which model judges: --model NAME.")
        with in_one_line():
            carry_out(
                self.stdout,
                options,
                lambda: run_for(collection, options),
                named=lambda run: {"collection": collection.name, "name": run.name},
                outcome=judged,
            )


def run_for(collection: Collection, options: Mapping[str, Any]) -> Run:
    """The run of this name, made where there is none.

    Raises CommandError where there is one that is not the same, and whatever making one raises.
    """
    from generation.formats.judging import usual_name
    from generation.management.run_work import same
    from generation.runs.asking import create_run

    recipe = recipe_of(options)
    server = server_of(options, local=False)
    name = options["name"] or usual_name(collection, recipe)
    run = Run.objects.filter(name=name).select_related("server").first()
    if run is None:
        kind, terms = Run.Kind.FORMAT, terms_of(options)
        return create_run(kind=kind, name=name, recipe=recipe, collection=collection, server=server, **terms)
    if run.kind != Run.Kind.FORMAT or run.collection != collection:
        raise CommandError(f"There is another run {name}: choose another --name.")
    return same(run, recipe, server, options)


def recipe_of(options: Mapping[str, Any]) -> "SortingRecipe":
    """The recipe that the options ask for. Raises RulesError for the file, and RecipeError."""
    from generation.formats.kinds import RulesError
    from generation.formats.rules import read_json
    from generation.recipes.sorting import SortingRecipe, formats_of

    path: Path = options["formats"]
    try:
        held = read_json(path)
    except RulesError as error:
        raise RulesError(f"{path.name}: {error}") from None
    formats = formats_of(held.get("formats") if isinstance(held, dict) else held)
    name = options["named"] or f"{path.stem} by {options['model']}"
    return SortingRecipe(**structured_fields(options), name=name, formats=formats)


def outcome(collection: Collection, rules: FormatRules) -> tuple[dict[str, Any], list[str]]:
    """What is sorted by now, as JSON and in words."""
    from generation.formats.sorting import standing

    now = standing(collection, rules)
    lines = [f"By now: {now.line}."] if now.formats else []
    if now.unsorted:
        lines.append(f"{now.unsorted:,} of {now.responses:,} responses have no format.")
    return {"rules": rules.name, **asdict(now)}, lines


def judged(run: Run) -> tuple[dict[str, Any], list[str]]:
    """What came of a judge's run, as JSON and in words."""
    from generation.formats.sorting import keep_rules
    from generation.management.run_work import outcome as usual

    said, lines = usual(run)
    if run.state == Run.State.DRAFT or run.collection is None:  # after a trial
        return said, lines
    found, more = outcome(run.collection, keep_rules(name=run.recipe["name"], rules=run.recipe))
    return {**said, **found}, [*lines, *more]


def _refuse_judges_options(options: Mapping[str, Any]) -> None:
    """Raises CommandError for what only a judge's run takes."""
    for name in ("named", "model", "server", "base_url", "name", "trial", "budget_tokens", "budget_money"):
        if options[name] is not None:
            option = "as" if name == "named" else name.replace("_", "-")
            raise CommandError(f"--{option} goes with --formats, which a model chooses from.")
    if options["dry_run"] or options["show"]:
        raise CommandError("Rules cost nothing: leave --dry-run and --show out.")

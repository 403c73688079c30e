from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotation.importers import import_labels
from annotation.importers.answers import usual_scale
from annotation.models import Study
from annotation.studies import StudyError
from generation.files import FileError, ImportReport, progress_bar

RATINGS = "liweijiang/infinite-chats-human-absolute"
COMPARISONS = "liweijiang/infinite-chats-human-pairwise"


class Command(BaseCommand):
    help = "Import the published data set's ratings, comparisons, or both, as closed studies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ratings", metavar="FILE_OR_NAME", help=f"{RATINGS} if neither is given")
        parser.add_argument(
            "--comparisons", metavar="FILE_OR_NAME", help=f"{COMPARISONS} if neither is given"
        )

    def handle(self, **options: Any) -> None:
        ratings, comparisons = options["ratings"], options["comparisons"]
        if not ratings and not comparisons:
            ratings, comparisons = RATINGS, COMPARISONS
        wanted = {Study.Kind.RATING: ratings, Study.Kind.COMPARISON: comparisons}
        try:
            files = {kind: _file(source) for kind, source in wanted.items() if source}
            with transaction.atomic():
                reports = [_load(kind, path) for kind, path in files.items()]
        except FileError as error:
            raise CommandError(error.listing()) from None
        except StudyError as error:
            raise CommandError(str(error)) from None
        for report in reports:
            self.stdout.write(report.text())


def _load(kind: Study.Kind, path: Path) -> ImportReport:
    plural = f"{kind.value}s"
    return import_labels(
        path=path,
        slug=f"infinity-chat-{plural}",
        name=f"Infinity-Chat {plural}",
        kind=kind,
        scale=usual_scale(kind),
        progress=progress_bar,
    )


def _file(source: str) -> Path:
    """A file of this machine as it is; a data set of the hub's name is fetched."""
    path = Path(source)
    if path.exists() or path.suffix or source.count("/") != 1:
        return path
    try:
        hub = import_module("huggingface_hub")  # not among the requirements
    except ImportError:
        raise FileError(
            f"There is no file {source}, and fetching a data set by name needs the package huggingface_hub: "
            "pip install huggingface_hub, or give a local parquet file."
        ) from None
    try:
        names = [
            name
            for name in hub.HfApi().list_repo_files(source, repo_type="dataset")
            if name.endswith(".parquet")
        ]
        if len(names) == 1:
            return Path(hub.hf_hub_download(source, names[0], repo_type="dataset"))
    except Exception as error:  # the package raises what its network library raises
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise FileError(f"{source} could not be fetched ({reason}). Give a local parquet file.") from None
    raise FileError(
        f"{source} has {len(names)} parquet files, not one: fetch one and give it as a local file."
    )

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Study
from annotation.recruitment.prolific import Prolific, ProlificError
from annotation.recruitment.reviewing import review, write_lists
from generation.files import counted


class Command(BaseCommand):
    help = (
        "Read a study's submissions at Prolific and write lists of whom to approve, to ask to return, to "
        "pay a bonus, and to look at. Nothing is done there. "
        "The files hold Prolific's ids: delete them in the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--study", required=True, metavar="ID", help="the study's id at Prolific")
        parser.add_argument("--output", default=".", metavar="DIR", help="folder of the files (here)")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        try:
            prolific = Prolific()
            submissions = prolific.submissions(options["study"])
            lists = review(study=study, submissions=submissions, reward=prolific.reward(options["study"]))
            written = write_lists(lists, Path(options["output"]))
        except ProlificError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from None
        self.stdout.write(
            f"{counted(len(submissions), 'submissions')}: approve {len(lists.approve)}, ask "
            f"{len(lists.ask_back)} to return, pay {len(lists.bonus)} a bonus, "
            f"look at {len(lists.look_at)}."
        )
        self.stdout.write(f"Written: {', '.join(map(str, written))}")

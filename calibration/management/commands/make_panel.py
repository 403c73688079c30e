from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from generation.files import FileError, counted


class Command(BaseCommand):
    help = "Keep a panel of personas: those of a file, or drawn from a study's surveys, question by question."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("file", nargs="?", help="a column persona, or columns such as age and country")
        parser.add_argument("--study", metavar="SLUG", help="draw from the margins of its surveys")
        parser.add_argument("--size", type=int, metavar="N", help="so many personas, with --study")
        parser.add_argument("--seed", type=int, metavar="S", help="of which they are drawn, with --study (0)")

    def handle(self, *args: Any, **options: Any) -> None:
        from calibration.panels import PanelError  # numpy starts slowly

        try:
            self.stdout.write(self._made(**options))
        except FileError as error:
            raise CommandError(error.listing()) from None
        except PanelError as error:
            raise CommandError(str(error)) from None

    def _made(
        self, name: str, file: str | None, study: str | None, size: int | None, seed: int | None, **_: Any
    ) -> str:
        from calibration.panels import draw_panel, import_panel

        if (file is None) == (study is None):
            raise CommandError("Say where the personas come from: FILE, or --study SLUG --size N.")
        if file is not None:
            if size is not None or seed is not None:
                raise CommandError("--size and --seed draw from a study: a file is taken whole.")
            panel = import_panel(name=name, path=file)
            return f"Made the panel {panel} of {counted(len(panel.personas), 'personas')} of {file}."
        if size is None:
            raise CommandError("Say how many personas to draw: --size N.")
        found = Study.objects.filter(slug=study).first()
        if found is None:
            raise CommandError(f"There is no study {study}.")
        panel = draw_panel(name=name, study=found, size=size, seed=seed or 0)
        asked = counted(len(panel.source["questions"]), "questions")
        drawn = f"{counted(size, 'personas')} from {asked} of {found.slug}, seed {seed or 0}"
        return f"Drew the panel {panel} of {drawn}: {panel.source['caution']}."

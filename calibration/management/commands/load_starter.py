from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from annotation.importers import import_items
from annotation.models import Study
from annotation.rehearsal import rehearse
from annotation.studies import update_study
from calibration.audit import create_audit, run_audit
from calibration.importers import import_scores
from generation.models import Collection
from generation.query_files import import_queries

FOLDER: Path = settings.ROOT / "generation" / "starter"
OPEN, REHEARSAL = "starter", "starter-rehearsal"
# With 30, a few may leave early and every item still gets its 25 labels.
PEOPLE, SEED = 30, 1


class Command(BaseCommand):
    help = "Load the starter's queries, its study, open for labelling, and a finished rehearsal of it; once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not Collection.objects.filter(name=OPEN).exists():
            import_queries(path=FOLDER / "queries.jsonl", collection=OPEN)
        if Study.objects.filter(slug__in=(OPEN, REHEARSAL)).exists():
            return
        self.stdout.write("Loading the starter study and its rehearsal (half a minute, once) ...")
        with transaction.atomic():
            self._load()
        self.stdout.write(
            f"Loaded the studies {OPEN} (open for labelling) and {REHEARSAL} (simulated people)."
        )

    def _load(self) -> None:
        responses, scores = FOLDER / "responses.jsonl", FOLDER / "perplexities.jsonl"
        import_items(path=responses, slug=OPEN, name="Starter: short answers", open_study=True)
        import_items(path=responses, slug=REHEARSAL, name="Starter, rehearsed by simulated people")
        study = update_study(study=Study.objects.get(slug=REHEARSAL), seed=SEED)
        wanted = study.items.count() * study.labels_per_item
        with tqdm(total=wanted, desc="Rehearsing the starter study", unit=" labels", disable=None) as bar:
            rehearse(study=study, participants=PEOPLE, seed=SEED, progress=bar.update)
        import_scores(path=scores, slug=OPEN)
        import_scores(path=scores, slug=REHEARSAL)
        run_audit(audit=create_audit(study=study))

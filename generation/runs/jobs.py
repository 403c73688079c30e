"""Which job each kind of this app's runs is."""

from typing import Any

from django.utils.module_loading import import_string

from generation.models import Run
from generation.runs.job import Job

JOBS = {
    Run.Kind.MINE: "generation.mining.job.MiningJob",
    Run.Kind.CLASSIFY: "generation.taxonomy.job.ClassifyJob",
    Run.Kind.SAMPLE: "generation.sampling.SampleJob",
    Run.Kind.EMBED: "generation.embedding.EmbedJob",
    Run.Kind.FORMAT: "generation.formats.judging.FormatJob",
}


def job_of(kind: str) -> Job[Any]:
    """Imported when it is asked for: no kind needs what another is made of."""
    job: Job[Any] = import_string(JOBS[Run.Kind(kind)])()
    return job

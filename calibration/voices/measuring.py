"""Reports of voices: what a collection's are asked for, and how they are measured."""

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.contrib.auth.models import User

from annotation.models import Study
from annotation.roles import studies_of
from calibration.models import Scorer, VoicesReport
from calibration.voices.calls import read_voices
from generation.diversity.scheduling import Progress
from generation.diversity.voices.report import voices_report
from generation.diversity.voices.specification import Specification
from generation.models import Collection, Encoder
from generation.reports import Json, ReportError, write_down

ON_THE_SCALE = (Scorer.Family.LM_JUDGE, Scorer.Family.PERSONA_PANEL)


class VoicesMeasurer:
    """As `generation.reports.Measurer`."""

    def read(self, report: VoicesReport) -> tuple[str, Callable[[Progress], Json]]:
        asked = Specification.from_dict(report.specification)
        data, digest = read_voices(collection=report.collection, encoder=report.encoder, asked=asked)

        def found(tell: Progress) -> Json:
            result = voices_report(data, asked, version=settings.VERSION, data_hash=digest, progress=tell)
            return {"collection": report.collection.name, **result}

        return digest, found


def create_report(
    *,
    collection: Collection,
    encoder: Encoder,
    asked: Specification,
    created_by: User | None = None,
) -> VoicesReport:
    """Write down what is to be measured, with the studies whose scores of the answers they may see.

    Raises ReportError where there are no such scores, or too much of a person's waits.
    """
    studies = _studies(collection, asked.scorer, created_by) if asked.scorer else ()
    return write_down(
        VoicesReport(
            collection=collection,
            encoder=encoder,
            specification=replace(asked, studies=studies).as_dict(),
            created_by=created_by,
        )
    )


def _studies(collection: Collection, scorer: str, user: User | None) -> tuple[int, ...]:
    """Of a scorer that answers on a study's scale, those of one scale alone: the latest study's."""
    known = Scorer.objects.filter(name=scorer).first()
    if known is None:
        raise ReportError(f"There is no scorer {scorer[:60]}.")
    seen = Study.objects.all() if user is None else studies_of(user)
    scored = seen.filter(
        scores__scorer__name=scorer, scores__response__query__in=collection.queries.order_by().values("pk")
    )
    found = list(scored.order_by("pk").distinct())
    if not found:
        raise ReportError(
            f"{scorer} has scored no response to the queries of {collection} in a study that you may see: "
            "score a study of them."
        )
    if known.family in ON_THE_SCALE:
        found = [study for study in found if study.values == found[-1].values]
    return tuple(study.pk for study in found)

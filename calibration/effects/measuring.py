"""Reports of effects: what a study's are asked for, and how they are measured."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from annotation.models import Study
from annotation.moment import one_moment
from calibration.effects.cautions import cautions_of
from calibration.effects.contrasts import Contrast, ContrastError, every_pair
from calibration.effects.frames import EffectFrame, check_columns, column_values, effect_frame
from calibration.effects.report import effects_of
from calibration.models import EffectReport, Scorer
from generation.diversity.scheduling import Progress
from generation.reports import Json, ReportError, write_down

SPLITS, LEAST_SPLITS, MOST_SPLITS = 100, 20, 2_000
LARGEST_SEED = 2**31 - 1


class EffectMeasurer:
    """As `generation.reports.Measurer`."""

    def read(self, report: EffectReport) -> tuple[str, Callable[[Progress], Json]]:
        asked = report.specification
        contrasts = [Contrast.from_dict(one) for one in asked["contrasts"]]
        study = report.study
        scorer = Scorer.objects.filter(name=asked["scorer"], scores__study=study).first()
        if scorer is None:
            raise ReportError(f"The scores of {asked['scorer']} are gone from {study.slug}.")
        try:
            with one_moment():
                frame = effect_frame(study, scorer, contrasts, report.created_by)
        except ContrastError as error:
            raise ReportError(str(error)) from None
        if not len(frame.people.item):
            raise ReportError(f"There are no labels in {study.slug} yet.")

        def measure(tell: Progress) -> Json:
            found = effects_of(frame, splits_number=asked["splits"], seed=asked["seed"], done=tell)
            result = {
                "study": study.slug,
                "kind": study.kind,
                "version": settings.VERSION,
                "data_hash": frame.digest,
                "specification": asked,
                "simulated": study.simulated,
                "people": _people(frame),
                "scorer": _scorer(scorer, frame),
                **found,
            }
            return {**result, "cautions": cautions_of(result)}

        return frame.digest, measure


def create_report(
    *,
    study: Study,
    scorer: str,
    contrasts: Sequence[Contrast] = (),
    by: str = "",
    splits: int = SPLITS,
    seed: int = 0,
    created_by: User | None = None,
) -> EffectReport:
    """Write down which effects are asked of which scorer: contrasts, or every two values of `by`.

    Raises ReportError.
    """
    if not study.of_quality:
        raise ReportError(f"Scorers answer ratings and comparisons: {study.slug} is a {study.kind} study.")
    if not Scorer.objects.filter(name=scorer, scores__study=study).exists():
        known = ", ".join(scorers_of(study).values_list("name", flat=True))
        raise ReportError(
            f"No scorer {scorer} has scores in {study.slug}; those that have: {known or 'none'}."
        )
    if not LEAST_SPLITS <= splits <= MOST_SPLITS:
        raise ReportError(f"People are split {LEAST_SPLITS} to {MOST_SPLITS:,} times, not {splits:,}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise ReportError(f"A seed is a whole number from 0 to {LARGEST_SEED:,}.")
    if bool(contrasts) == bool(by):
        raise ReportError("Give a file of contrasts, or the column whose values are compared.")
    try:
        of, values = column_values(study, by) if by else ("", [])
        asked = list(contrasts) or every_pair(by, values, of=of)
        check_columns(study, contrasts)
    except ContrastError as error:
        raise ReportError(str(error)) from None
    specification = {
        "scorer": scorer,
        "by": by,
        "contrasts": [one.as_dict() for one in asked],
        "splits": splits,
        "seed": seed,
    }
    return write_down(EffectReport(study=study, specification=specification, created_by=created_by))


def scorers_of(study: Study) -> QuerySet[Scorer]:
    """Those with scores in the study, by name."""
    return Scorer.objects.filter(scores__study=study).distinct().order_by("name")


def _people(frame: EffectFrame) -> Json:
    answers = frame.people
    return {
        "known": frame.known,
        "labels": len(answers.item),
        "of_nobody_known": answers.people - frame.known,
        "items": int((answers.number > 0).sum()),
        "labels_an_item": float(answers.number[answers.number > 0].mean()),
    }


def _scorer(scorer: Scorer, frame: EffectFrame) -> Json:
    scored = frame.scored
    return {
        "name": scorer.name,
        "family": scorer.family,
        "simulated": scorer.simulated,
        "gave": scored.kind,
        "personas": len(scored.attributes),
        "answers": len(scored.panel.own.item),
        "items": scored.items,
        "without_personas": scored.without_personas,
    }

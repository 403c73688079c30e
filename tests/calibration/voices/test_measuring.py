import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from jsonschema import Draft202012Validator

from annotation.models import Membership, Study
from calibration.models import Score, Scorer, VoicesReport
from calibration.voices.measuring import create_report
from generation.diversity.voices.specification import Specification
from generation.models import Encoder, Response
from generation.reports import ReportError, run_report
from tests.calibration.voiced import ENCODER, SCORER, planted
from tests.factory import make_study

pytestmark = pytest.mark.django_db
SCHEMA = json.loads(Path("docs/voices.schema.json").read_text())


@pytest.fixture(autouse=True)
def _own_vectors(settings: Any, tmp_path: Path) -> None:
    settings.MANYMINDS_DATA = tmp_path


def test_a_report_is_measured_once_and_rests_on_the_studies_that_its_asker_sees(
    django_assert_max_num_queries: Any,
):
    collection = planted(queries=3, calls=4)
    encoder, study = Encoder.objects.get(name=ENCODER), Study.objects.get(slug="scored-answers")
    asked = Specification(scorer=SCORER, draws=2, replicates=20, threshold=0.6)
    person = User.objects.create_user("person")
    with pytest.raises(ReportError, match="in a study that you may see"):
        create_report(collection=collection, encoder=encoder, asked=asked, created_by=person)
    assert not VoicesReport.objects.exists()
    Membership.objects.create(study=study, user=person, role=Membership.Role.VIEWER)
    mine = create_report(collection=collection, encoder=encoder, asked=asked, created_by=person)
    assert mine.specification["studies"] == [study.pk]
    steps: list[tuple[int, int]] = []
    with django_assert_max_num_queries(24):  # whatever the number of rows
        run_report(report=mine, progress=lambda done, of: steps.append((done, of)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert mine.result is not None
    assert sorted(map(str, Draft202012Validator(SCHEMA).iter_errors(mine.result))) == []
    assert (mine.result["collection"], mine.result["data_hash"]) == (collection.name, mine.data_hash)
    several = next(row for row in mine.result["budgets"]["calls"]["arms"] if "five" in row["arm"])
    assert several["good_classes"]["value"] is not None
    again = create_report(collection=collection, encoder=encoder, asked=asked)
    run_report(report=again, progress=lambda done, of: pytest.fail("it was measured again"))
    assert again.result == mine.result
    assert [report.pk for report in VoicesReport.objects.filter(collection=collection)] == [again.pk, mine.pk]


def test_a_judges_numbers_of_two_scales_are_never_mixed():
    collection = planted(queries=1, calls=2)
    encoder, scorer = Encoder.objects.get(name=ENCODER), Scorer.objects.get(name=SCORER)
    first, same, other = Study.objects.get(slug="scored-answers"), make_study("same"), make_study("other")
    other.scale_high = first.scale_high + 2
    other.save()
    response = Response.objects.first()
    for study, read in ((same, [first, same]), (other, [other])):
        Score.objects.create(study=study, scorer=scorer, response=response, value=2)
        asked = create_report(collection=collection, encoder=encoder, asked=Specification(scorer=SCORER))
        assert asked.specification["studies"] == [one.pk for one in read]
    Scorer.objects.filter(pk=scorer.pk).update(family=Scorer.Family.REWARD_MODEL)
    asked = create_report(collection=collection, encoder=encoder, asked=Specification(scorer=SCORER))
    assert asked.specification["studies"] == [first.pk, same.pk, other.pk]


def test_a_report_that_cannot_be_measured_says_why():
    collection = planted(queries=1, calls=2, scored=False)
    encoder = Encoder.objects.get(name=ENCODER)
    with pytest.raises(ReportError, match="no scorer nobody"):
        create_report(collection=collection, encoder=encoder, asked=Specification(scorer="nobody"))
    report = create_report(
        collection=collection, encoder=encoder, asked=Specification(conditions=("persona",))
    )
    with pytest.raises(ReportError, match="All responses are of ash-8b · persona: "):
        run_report(report=report)
    assert report.__class__.objects.get(pk=report.pk).error.startswith("All responses")

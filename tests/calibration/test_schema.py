"""Every audit is what docs/audit.schema.json says, and what is undefined in it has its reason."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from annotation.models import Study
from calibration.audit import create_audit, run_audit
from calibration.models import Score
from tests.calibration.measures.test_annotators import labelled
from tests.calibration.scored import make_scored_study

SCHEMA = Path(__file__).parents[2] / "docs" / "audit.schema.json"

pytestmark = pytest.mark.django_db


def validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def audited(study: Study, **asked: Any) -> dict[str, Any]:
    audit = run_audit(audit=create_audit(study=study, replicates=20, **asked))
    assert audit.result is not None, audit.error
    return audit.result


def of_every_kind() -> dict[str, Any]:
    """Ratings by named people in groups; a number, votes for some items, a stated distribution for others."""
    study = labelled()
    judged = Score.objects.filter(scorer__name="judge")
    judged.filter(item__position__lt=30).update(value=None, votes=[2, 4, 4])
    judged.filter(item__position__gte=40).update(value=None, distribution=[0.1, 0.1, 0.2, 0.4, 0.2])
    return audited(study, preset="full")


def of_comparisons() -> dict[str, Any]:
    return audited(make_scored_study(kind="comparison"))


def as_the_paper() -> dict[str, Any]:
    return audited(make_scored_study(), preset="paper")


def of_nobody_known() -> dict[str, Any]:
    return audited(make_scored_study(simulated=True), with_excluded=True)


def of_one_scorer_and_hardly_any_label() -> dict[str, Any]:
    return audited(make_scored_study(items=4, people=1, scorers=("alone",)))


def of_few_comparisons() -> dict[str, Any]:
    return audited(make_scored_study(kind="comparison", items=5, people=2), cluster_unit="item")


EVERY = (
    of_every_kind, of_comparisons, as_the_paper, of_nobody_known, of_one_scorer_and_hardly_any_label,
    of_few_comparisons,
)  # fmt: skip


@pytest.mark.parametrize("audit", EVERY, ids=lambda audit: audit.__name__)
def test_every_audit_is_what_the_schema_says_and_each_null_has_its_reason(
    audit: Callable[[], dict[str, Any]],
) -> None:
    result = audit()
    wrong = [f"{error.json_path}: {error.message[:200]}" for error in validator().iter_errors(result)]
    assert not wrong, "\n".join(wrong)
    assert not [*unexplained(result)]


def test_the_schema_refuses_a_null_without_a_reason_and_a_name_that_it_does_not_know() -> None:
    result, check = as_the_paper(), validator()
    assert check.is_valid(result)
    estimate = result["scorers"][0]["spearman"]
    for wrong in ({"value": None}, {"standard_error": 0.1}, {"n": -1}, {"low": "0.2"}):
        kept = dict(estimate)
        estimate |= wrong
        assert not check.is_valid(result), wrong
        estimate.clear()
        estimate |= kept
    del estimate["n"]
    assert not check.is_valid(result)


# What is null only where an estimate beside it, or an interval of it, is, with its reason.
RESTS_ON = {"p": "spearman", "adjusted_p": "spearman", "ece_floor": "ece", "bins": "ece", "scale": "slope"}


def unexplained(found: Any, at: str = "$", because: bool = False) -> Iterator[str]:
    """Where null stands without a reason beside it."""
    if isinstance(found, list):
        for place, one in enumerate(found):
            yield from unexplained(one, f"{at}[{place}]", because)
    elif isinstance(found, dict):
        reasons = {
            *found.get("reasons", {}),
            *(key for key, of in RESTS_ON.items() if "reason" in found.get(of, {})),
        }
        for key, one in found.items():
            explained = because or "reason" in found or key in reasons or f"{key}_reason" in found
            if one is None and not explained:
                yield f"{at}.{key}"
            yield from unexplained(one, f"{at}.{key}", explained and key in RESTS_ON)

"""Work at a run: everything is asked, everything paid is stored, and it ends as it should."""

import pytest

from calibration.models import Run, Score
from calibration.runs.work import work
from tests.calibration.runs.running import make_server, outcomes, score, started
from tests.model_server import serving

pytestmark = pytest.mark.django_db


def test_every_answer_is_asked_about_once_and_its_score_stored() -> None:
    with serving(score) as server:
        run = work(run=started(make_server(server.url)))
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    assert outcomes(run) == {"answered": 12}
    assert len(server.asked) == 12
    found = Score.objects.filter(scorer__name="judge").values_list("response__text", "value")
    assert {text: value for text, value in found} == {f"answer {n}": float(n) for n in range(12)}

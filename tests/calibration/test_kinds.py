"""Scorers are asked about ratings and comparisons alone: other studies say so in one line, everywhere."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from annotation.rehearsal import rehearse
from annotation.studies import create_study
from calibration.models import Audit, Score
from calibration.runs.simple import score_simply
from generation.runs.errors import RunError
from tests.factory import make_items

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["pair", "query"])
def test_a_study_of_pairs_or_queries_is_not_scored_and_says_so_in_one_line(kind: str, tmp_path: Path) -> None:
    study = create_study(slug=kind, name=kind, kind=kind, labels_per_item=3)
    make_items(study, 6)
    rehearse(study=study, participants=5, seed=0)
    scores = tmp_path / "scores.csv"
    scores.write_text("item_id,score,scorer\ni0,1.5,length\n")
    for command, arguments in (
        ("audit", [kind]),
        ("import_scores", [str(scores), "--study", kind]),
        ("score", [kind, "simple"]),
    ):
        with pytest.raises(CommandError, match="ratings and comparisons") as refused:
            call_command(command, *arguments)
        assert "\n" not in str(refused.value).strip()
    with pytest.raises(RunError, match="ratings and comparisons"):
        score_simply(study=study)
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    for page in ("scores", "audits", "score"):
        shown = client.get(f"/studies/{kind}/{page}/")
        assert shown.status_code == 200 and "this study is neither" in shown.content.decode()
        assert "Upload scores" not in shown.content.decode()
    refused_page = client.post(f"/studies/{kind}/audits/", {"preset": "paper", "scorers": [], "seed": 0})
    assert refused_page.status_code == 400
    overview = client.get(f"/studies/{kind}/").content.decode()
    assert "Audit scorers" not in overview and "Score with" not in overview
    api = client.post(f"/api/v1/studies/{kind}/audits/", {}, content_type="application/json")
    assert api.status_code == 400 and "ratings and comparisons" in api.content.decode()
    assert not Audit.objects.exists() and not Score.objects.exists()

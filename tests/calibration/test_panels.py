"""Panels kept, drawn from surveys, asked, shown, and audited."""

import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from scipy.stats import chisquare

from annotation.members import give_role
from annotation.models import Membership, Question, Reply, Study
from calibration.importers import import_scores
from calibration.models import Panel, Run, Score, Scorer
from calibration.panels import (
    PanelError,
    delete_panel,
    draw_panel,
    import_panel,
    panel_recipe,
    panels_of,
    personas_of,
    survey_margins,
)
from generation.files import FileError
from tests.calibration.runs.running import make_server
from tests.calibration.scored import asked, finished
from tests.factory import make_items, make_labels, make_participant, make_question, make_study
from tests.model_server import Answer, chat, serving
from tests.model_server import Asked as Request

pytestmark = pytest.mark.django_db


def reply(question: Question, values: list[str | None], **of_person: Any) -> None:
    """A person for each value, who says it; None prefers not to say."""
    study, start = question.study, question.study.participants.count()
    people = [make_participant(study, f"person{start + n}", **of_person) for n in range(len(values))]
    Reply.objects.bulk_create(
        Reply(
            participant=one,
            question=question,
            value=value or "",
            declined=value is None,
            replied_at=one.created_at,
        )
        for one, value in zip(people, values, strict=True)
    )


@pytest.fixture
def surveyed() -> Study:
    """30 people of two ages and one of a third, who typed where they live."""
    study = make_study("surveyed")
    make_items(study, 4)
    age = make_question(
        study, "age_band", text="How old are you?", options=["young", "middle", "rare", "none"]
    )
    town = make_question(study, "town", text="Where do you live?", options=[])
    reply(age, ["young"] * 20 + ["middle"] * 10 + ["rare"] * 9 + [None] * 3)
    reply(age, ["none"] * 12, excluded_at=study.created_at, exclusion_reason="too fast")
    reply(age, ["none"] * 12, simulated=True)
    reply(age, ["none"] * 12, identity_erased_at=study.created_at)
    reply(town, ["Secretville"] * 30)
    return study


def test_personas_are_drawn_from_the_margins_of_those_who_count_and_nobody_stands_out(
    surveyed: Study,
) -> None:
    (margin,) = survey_margins(surveyed)
    assert margin["options"] == [{"option": "young", "people": 20}, {"option": "middle", "people": 10}]
    assert (margin["n"], margin["left_out"], margin["declined"]) == (30, 9, 3)
    panel = draw_panel(name="drawn", study=surveyed, size=600, seed=4)
    said = Counter(one["attributes"]["age_band"] for one in panel.personas)
    assert chisquare([said["young"], said["middle"]], [400, 200]).pvalue > 0.01
    assert said.keys() == {"young", "middle"}
    assert panel.personas[0]["description"] in ("How old are you? young.", "How old are you? middle.")
    kept = json.dumps([panel.personas, panel.source])
    assert "Secretville" not in kept and "rare" not in kept and "person0" not in kept
    assert (panel.source["seed"], panel.study, panel.owner) == (4, surveyed, None)
    again = draw_panel(name="again", study=surveyed, size=600, seed=4)
    assert (again.digest, again.personas) == (panel.digest, panel.personas)
    assert draw_panel(name="other", study=surveyed, size=600, seed=5).digest != panel.digest


def test_each_attribute_is_drawn_by_itself(surveyed: Study) -> None:
    """Everybody young is of the north in the survey; among personas the two know nothing of each other."""
    region = make_question(surveyed, "region", options=["north", "south"])
    said = Reply.objects.filter(question__name="age_band", value__in=["young", "middle"])
    people = said.filter(participant__excluded_at=None)
    Reply.objects.bulk_create(
        Reply(
            participant=one.participant,
            question=region,
            value="north" if one.value == "young" else "south",
            replied_at=one.replied_at,
        )
        for one in people
    )
    panel = draw_panel(name="drawn", study=surveyed, size=900)
    pairs = Counter(tuple(sorted(one["attributes"].items())) for one in panel.personas)
    assert len(pairs) == 4
    expected = [900 * (20, 10)[n // 2] * (20, 10)[n % 2] / 900 for n in range(4)]
    table = [
        pairs[(("age_band", age), ("region", region))]
        for age in ("young", "middle")
        for region in ("north", "south")
    ]
    assert chisquare(table, expected).pvalue > 0.01


def test_what_cannot_be_a_panel_is_one_line_and_leaves_nothing(surveyed: Study, tmp_path: Path) -> None:
    bare, file = make_study("bare"), tmp_path / "people.csv"
    file.write_text("age\n34\n")
    import_panel(name="taken", path=file)
    for made, says in (
        (
            lambda: draw_panel(name="new", study=bare, size=5),
            "no question with an option that 10 people chose",
        ),
        (lambda: draw_panel(name="new", study=surveyed, size=0), "1 to 1,000 personas, not 0"),
        (lambda: draw_panel(name="new", study=surveyed, size=5, seed=-1), "A seed is a whole number"),
        (lambda: import_panel(name="taken", path=file), "There is a panel taken already"),
        (lambda: import_panel(name="not a name", path=file), "letters, digits, hyphens and underscores"),
    ):
        with pytest.raises(PanelError, match=says):
            made()
    assert Panel.objects.count() == 1


def test_the_command_keeps_a_file_or_draws_and_says_what_that_is_not(surveyed: Study, tmp_path: Path) -> None:
    def said(*arguments: Any) -> str:
        out = StringIO()
        call_command("make_panel", *map(str, arguments), stdout=out)
        return out.getvalue()

    file = tmp_path / "people.csv"
    file.write_text("persona,age\nA retired teacher.,71\nA pilot.,34\n")
    assert said("filed", file) == f"Made the panel filed of 2 personas of {file}.\n"
    drawn = said("drawn", "--study", "surveyed", "--size", 5, "--seed", 3)
    assert drawn.startswith(
        "Drew the panel drawn of 5 personas from 1 question of surveyed, seed 3: margins, not joint"
    )
    for arguments, says in (
        (["x"], "Say where the personas come from"),
        (["x", "--study", "surveyed"], "--size N"),
        (["x", file, "--size", 3], "a file is taken whole"),
        (["x", "--study", "nowhere", "--size", 3], "There is no study nowhere"),
        (["x", tmp_path / "none.csv"], "none.csv cannot be read"),
    ):
        with pytest.raises(CommandError, match=says):
            said(*arguments)
    assert Panel.objects.count() == 2


def answering(request: Request) -> Answer:
    """Who is young gives 5, the others 2."""
    young = "young" in request.body["messages"][0]["content"]
    return chat(json.dumps({"choice": {"score": 5 if young else 2, "reason": "so"}}))


def test_a_panel_asked_about_a_study_votes_by_persona_and_its_attributes_are_found_again(
    surveyed: Study,
) -> None:
    panel = draw_panel(name="drawn", study=surveyed, size=6, seed=1)
    with serving(answering) as server:
        command = ["score", "surveyed", "panel", "--model", "org/m", "--base-url", server.url, "--panel"]
        with pytest.raises(CommandError, match="There is no panel none"):
            call_command(*command, "none")
        with pytest.raises(CommandError, match="One response has one order: leave both orders out"):
            call_command(*command, "drawn", "--both-orders")
        call_command(*command, "drawn", stdout=StringIO())
        assert len(server.asked) == 24
    run = Run.objects.get()
    assert (run.state, run.error) == (Run.State.FINISHED, "")
    assert run.recipe == panel_recipe(panel, surveyed, model="org/m").as_dict()
    scorer = Scorer.objects.get(name="m as drawn")
    assert (scorer.family, scorer.simulated, run.simulated) == ("persona_panel", True, True)
    known = personas_of(scorer, surveyed)
    for score in Score.objects.filter(scorer=scorer):
        ids, votes = score.metadata["personas"], score.votes
        assert ids == [one["id"] for one in panel.personas] and score.metadata["votes_missing"] == 0
        assert votes == [5 if known[name]["age_band"] == "young" else 2 for name in ids]
    with pytest.raises(PanelError, match="The run of m as drawn in surveyed asks drawn"):
        delete_panel(panel=panel)
    run.delete()
    delete_panel(panel=panel)
    assert personas_of(scorer, surveyed) == known  # what was asked stays with the scorer


def test_a_panel_is_not_asked_what_no_file_says_that_people_were_asked(
    surveyed: Study, tmp_path: Path
) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"query": "q", "response": "r", "human_labels": [1, 2]}\n')
    draw_panel(name="drawn", study=surveyed, size=2)
    ask = ["panel", "--panel", "drawn", "--model", "m", "--base-url", "http://localhost:9/v1", "--show"]
    call_command("import_labels", file, "--study", "unsaid", stdout=StringIO())
    with pytest.raises(CommandError, match=r"What people of unsaid .* settings"):
        call_command("score", "unsaid", *ask)
    shown = StringIO()
    call_command("import_labels", file, "--study", "said", "--question", "Is it good?", stdout=StringIO())
    call_command("score", "said", *ask, stdout=shown)
    assert "- choice: Is it good?" in shown.getvalue()


def test_imported_votes_of_personas_are_kept_with_them(surveyed: Study, tmp_path: Path) -> None:
    panel = draw_panel(name="drawn", study=surveyed, size=2)
    file = tmp_path / "votes.jsonl"
    rows = [
        {"item_id": f"i{n}", "votes": [1, 4], "personas": ["p1", "p2"], "panel": "drawn"} for n in range(2)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_scores(path=file, slug="surveyed", scorer="theirs", family="persona_panel")
    scorer = Scorer.objects.get(name="theirs")
    assert [one.metadata["personas"] for one in scorer.scores.all()] == [["p1", "p2"]] * 2
    assert personas_of(scorer, surveyed) == {one["id"]: one["attributes"] for one in panel.personas}
    Panel.objects.all().delete()
    assert personas_of(scorer, surveyed) == {"p1": {}, "p2": {}}


def test_a_table_names_personas_too_and_their_panel_is_one_that_may_be_seen(
    surveyed: Study, tmp_path: Path
) -> None:
    owner, other = (User.objects.create_user(name) for name in ("owner", "other"))
    file = tmp_path / "people.csv"
    file.write_text("persona_id,age\n1,34\n2,70\n")
    import_panel(name="mine", path=file, by=owner)
    votes = tmp_path / "votes.csv"
    head, row = "item_id,votes,personas,panel\n", 'i0,"[1, 4]","{}",mine\n'
    votes.write_text(head + row.format("[1, 2, 2]"))
    with pytest.raises(FileError, match="personas has 3 ids for 2 votes"):
        import_scores(path=votes, slug="surveyed", scorer="theirs")
    votes.write_text(head + row.format("[1, 2]"))
    import_scores(path=votes, slug="surveyed", scorer="theirs")
    scorer = Scorer.objects.get(name="theirs")
    assert scorer.scores.get().metadata == {"personas": ["1", "2"], "panel": "mine"}
    ages = {"1": {"age": "34"}, "2": {"age": "70"}}
    assert personas_of(scorer, surveyed) == personas_of(scorer, surveyed, owner) == ages
    assert personas_of(scorer, surveyed, other) == {"1": {}, "2": {}}
    owner.delete()
    assert not panels_of(other).exists(), "an account that is gone publishes nothing"


def test_an_audit_tells_a_panel_that_answers_as_people_do_from_one_that_does_not(client: Client) -> None:
    """One votes as other people of the same kind would; the other says each item's mean, all alike."""
    rng = np.random.default_rng(12)
    study = make_study("planted")
    items = make_items(study, 40, queries=10)
    copy, flat = (Scorer.objects.create(name=name, family="persona_panel") for name in ("copy", "flat"))
    for item in items:
        centre = rng.uniform(2, 4)
        people, panel = np.clip(np.round(rng.normal(centre, 1.0, (2, 15))), 1, 5).astype(int).tolist()
        make_labels(item, people)
        mean = round(float(np.mean(people)))
        personas = {"personas": [f"p{n}" for n in range(15)]}
        for scorer, votes in ((copy, panel), (flat, [mean] * 15)):
            Score.objects.create(study=study, scorer=scorer, item=item, votes=votes, metadata=personas)
    audit = finished(asked(study, preset="standard"))
    found = {one["name"]: one for one in audit.result["scorers"]}
    assert all(one["simulated"] and one["kind"] == "votes" for one in found.values())
    near, far = (found[name]["distribution"] for name in ("copy", "flat"))
    # Ranks cannot tell them apart: the mean is all that the flat one knows, and it knows it better.
    assert found["flat"]["spearman"]["value"] > found["copy"]["spearman"]["value"] > 0.5
    assert near["corrected"]["value"] == pytest.approx(0, abs=0.05) and far["corrected"]["value"] > 0.15
    assert abs(near["entropy_gap"]["value"]) < 0.15 and far["entropy_gap"]["value"] < -1
    # The floor of the one is that of a perfect judge with as many votes; its distance is no farther.
    assert near["wasserstein_1"]["value"] < 1.5 * near["floor"]["wasserstein_1"]
    assert far["wasserstein_1"]["value"] > 1.5 * far["floor"]["wasserstein_1"]
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(reverse("audit", args=[audit.pk])).content.decode()
    assert '<bdi>flat</bdi> <span class="tag simulated">simulated people</span>' in page
    assert "persona panel (simulated people)" in page
    sides = {"first": f"{audit.pk}:flat", "second": f"{audit.pk}:copy"}
    assert "<bdi>copy</bdi>: simulated people" in client.get(reverse("audit-compare"), sides).content.decode()
    table = client.get(reverse("audit-table", args=[audit.pk, "league"])).content.decode().splitlines()
    assert table[0].endswith("simulated_people") and all(row.endswith(",true") for row in table[1:])
    assert client.get(reverse("scorer-detail", args=[flat.pk])).json()["simulated"] is True
    text = StringIO()
    call_command("audit", "planted", preset="paper", replicates=20, stdout=text)
    assert "flat (simulated people)" in text.getvalue()


def test_a_panel_is_kept_drawn_looked_at_asked_and_deleted_in_the_browser(
    client: Client, surveyed: Study
) -> None:
    user = User.objects.create_user("editor")
    give_role(study=surveyed, name="editor", role=Membership.Role.EDITOR)
    client.force_login(user)
    make_study("elsewhere")
    at = reverse("panels")
    assert "None yet" in client.get(at).content.decode()
    draw = {"draw": "1", "draw-name": "drawn", "draw-study": "surveyed", "draw-size": "8", "draw-seed": "1"}
    refused = client.post(at, draw | {"draw-study": "elsewhere"})
    assert refused.status_code == 400 and not Panel.objects.exists()
    shown = client.post(at, draw, follow=True).content.decode()
    panel = Panel.objects.get()
    assert panel.owner == user
    for words in (
        "8 personas",
        "simulated people",
        "How old are you?",
        "9 more with rarer answers",
        "not joint",
    ):
        assert words in shown, words
    assert "There is a panel drawn already" in client.post(at, draw).content.decode()
    assert "drawn" in client.get(at).content.decode()
    stranger = User.objects.create_user("stranger")
    assert [*panels_of(stranger)] == [] and [*panels_of(user)] == [panel]

    mine = make_server("https://models.invalid/v1", anywhere=False, owner=user)
    form = reverse("run-new", args=["surveyed", "panel"])
    assert "drawn, 8 personas" in client.get(form).content.decode()
    given = {"where": mine.pk, "model": "m", "panel": "drawn", "currency": "USD", "workers": "1"}
    run = client.post(form, given, follow=True).content.decode()
    made = Run.objects.get()
    assert (made.scorer, made.recipe["temperature"], len(made.recipe["personas"])) == ("m as drawn", 1.0, 8)
    assert "simulated people" in run and "How old are you?" in run
    for page in (reverse("runs", args=["surveyed"]), form):
        assert "simulated people" in client.get(page).content.decode()

    delete = reverse("panel-delete", args=[panel.pk])
    assert "asks drawn: delete that first" in client.post(delete, follow=True).content.decode()
    made.delete()
    client.post(delete)
    assert not Panel.objects.exists()

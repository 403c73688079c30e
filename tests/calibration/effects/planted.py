"""A study whose effects are known, and panels that see them, or do not."""

from typing import Any

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from annotation.models import Item, Label, Reply, Study
from calibration.models import Panel, Score, Scorer
from tests.factory import make_participant, make_question, make_response, make_study

MODELS = ("alpha", "beta", "gamma", "delta")
# What each model's answers are worth beyond the first's.
WORTH = np.array([0.0, 0.0, 0.5, 1.0])
QUERIES, PEOPLE, PERSONAS = 10, 20, 24
SEVERE = 0.8


def make_planted(slug: str = "planted", *, seed: int = 3, named: bool = True) -> Study:
    """10 queries answered by four models, each answer labelled by 20 people: old ones rate higher."""
    rng = np.random.default_rng(seed)
    study = make_study(slug)
    items = Item.objects.bulk_create(
        Item(
            study=study,
            external_id=f"i{n}",
            position=n,
            query=response.query,
            response=response,
            metadata={"length": "long" if n % 8 < 4 else "short"},
        )
        for n, response in enumerate(
            make_response(f"Query {n // 4} of {slug}", f"answer {n}", MODELS[n % 4])
            for n in range(QUERIES * len(MODELS))
        )
    )
    people = [make_participant(study, f"person-{n:02d}") for n in range(PEOPLE)]
    question = make_question(study, "age", options=["young", "old"])
    Reply.objects.bulk_create(
        Reply(participant=one, question=question, value=_age(n), replied_at=timezone.now())
        for n, one in enumerate(people)
    )
    said = answers(rng, PEOPLE)
    Label.objects.bulk_create(
        Label(
            item=item,
            participant=people[n] if named else None,
            value=int(said[n, item.position]),
            submitted_at=timezone.now(),
        )
        for item in items
        for n in range(PEOPLE)
    )
    return study


def answers(rng: np.random.Generator, people: int, *, signal: float = 1.0) -> npt.NDArray[np.float64]:
    """What so many people say, shape (people, items); old ones are every second."""
    items = QUERIES * len(MODELS)
    quality = 2.5 + signal * WORTH[np.arange(items) % 4] + 0.4 * np.sin(np.arange(items) // 4)
    severity = signal * SEVERE * (np.arange(people) % 2)
    said = quality + severity[:, None] + rng.normal(0, 0.8, (people, items))
    return np.clip(np.round(said), 1, 5)


def make_panel(study: Study, name: str, *, signal: float = 1.0, seed: int = 8) -> Scorer:
    """Votes of 24 personas for each item, as they are imported."""
    said = answers(np.random.default_rng(seed), PERSONAS, signal=signal)
    personas = [
        {"id": f"p{n}", "description": f"A person, {_age(n)}.", "attributes": {"age": _age(n)}}
        for n in range(PERSONAS)
    ]
    Panel.objects.create(name=name, personas=personas, digest=name)
    scorer = Scorer.objects.create(name=name, family=Scorer.Family.PERSONA_PANEL)
    told: dict[str, Any] = {"personas": [one["id"] for one in personas], "panel": name}
    Score.objects.bulk_create(
        Score(
            study=study,
            scorer=scorer,
            item=item,
            votes=[int(vote) for vote in said[:, item.position]],
            metadata=told,
        )
        for item in study.items.all()
    )
    return scorer


def _age(place: int) -> str:
    return ("young", "old")[place % 2]

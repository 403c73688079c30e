"""A study of comparisons between models, with labels of simulated people, for pictures of preferences."""

from annotation.models import Item, Study
from annotation.rehearsal import rehearse
from generation.models import Response
from tests.factory import make_response, make_study

MODELS = ("model-a-large", "model-a-small", "model-b-chat", "model-b-base", "model-c-instruct")
LABELS, PEOPLE = 6, 12


def study_compared(*, topics: int = 8) -> Study:
    """Each topic has an answer of every model, and every model meets the next two."""
    study = make_study(
        "compared", name="Short answers, compared", kind="comparison", labels_per_item=LABELS, session_size=20
    )
    pairs = [(n, (n + step) % len(MODELS)) for n in range(len(MODELS)) for step in (1, 2)]
    items = []
    for topic in range(topics):
        answers = [_answer(topic, model) for model in MODELS]
        items += [
            Item(
                study=study, external_id=f"{topic}-{first}-{second}", position=topic * len(pairs) + n,
                query=answers[first].query, response_1=answers[first], response_2=answers[second],
            )
            for n, (first, second) in enumerate(pairs)
        ]  # fmt: skip
    Item.objects.bulk_create(items)
    rehearse(study=study, participants=PEOPLE, seed=1)
    study.refresh_from_db()
    return study


def _answer(topic: int, model: str) -> Response:
    return make_response(
        f"A word for topic {topic}, and why.", f"The word of {model} for topic {topic}.", model
    )

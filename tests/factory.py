"""Explicit makers of rows for tests."""

from typing import Any

from django.utils import timezone

from annotation.models import Check, Item, Label, Participant, Question, Study
from generation.models import LanguageModel, Query, Response


def make_study(slug: str = "answers", **fields: Any) -> Study:
    defaults: dict[str, Any] = {
        "name": slug.title(),
        "question": "How good is this answer to you, all in all?",
    }
    if fields.get("kind") == Study.Kind.COMPARISON:
        defaults |= {"scale_low": -2, "scale_high": 2, "question": "Which answer is better to you?"}
    if fields.get("kind") in (Study.Kind.PAIR, Study.Kind.QUERY):
        defaults |= {"scale_low": 0, "scale_high": 1, "scale_words": ["no", "yes"], "question": "Is it so?"}
    return Study.objects.create(slug=slug, **(defaults | fields))


def make_response(
    query: str = "Why write?", text: str = "To remember.", model: str = "model-a", sample: int = 0
) -> Response:
    asked, _ = Query.objects.get_or_create(digest=Query.digest_of(query), defaults={"text": query})
    author, _ = LanguageModel.objects.get_or_create(name=model)
    digest = Response.digest_of(query=query, model=model, external_id="", sample=sample, text=text)
    response, _ = Response.objects.get_or_create(
        digest=digest, defaults={"query": asked, "model": author, "sample": sample, "text": text}
    )
    return response


def make_items(study: Study, count: int, *, queries: int = 4) -> list[Item]:
    """`count` items spread over `queries` queries, of the study's kind."""
    items = []
    for n in range(count):
        query = f"Query {n % queries} of {study.slug}"
        first = make_response(query, f"answer {n}")
        fields: dict[str, Any] = {"response": first}
        if not study.shown:
            fields = {"claim": f"claim {n}"}
        if study.has_sides:
            fields = {"response_1": first, "response_2": make_response(query, f"other answer {n}", "model-b")}
        items.append(Item(study=study, external_id=f"i{n}", position=n, query=first.query, **fields))
    return Item.objects.bulk_create(items)


def make_labels(
    item: Item, values: list[int | None], *, people: list[Participant] | None = None
) -> list[Label]:
    """Imported labels of one item: None is a cannot-judge."""
    return Label.objects.bulk_create(
        Label(
            item=item,
            participant=people[n] if people else None,
            value=value,
            cannot_judge=value is None,
            submitted_at=timezone.now(),
        )
        for n, value in enumerate(values)
    )


def make_participant(study: Study, code: str, **fields: Any) -> Participant:
    consent = {"consented_at": timezone.now(), "consent_version": study.consent_version}
    return Participant.objects.create(study=study, code=code, **(consent | fields))


def make_check(study: Study, **fields: Any) -> Check:
    """An attention check that only 4 and 5 pass, drawn at random unless it is given a position."""
    shown = {"query": "Show that you read this.", "response": "Choose 4 or 5."}
    return Check.objects.create(
        **({"study": study, "purpose": Check.Purpose.ATTENTION, "accepted": [4, 5]} | shown | fields)
    )


def make_question(study: Study, name: str, **fields: Any) -> Question:
    """A survey question before the work; of the comprehension check the first option is right."""
    defaults: dict[str, Any] = {
        "place": "before",
        "position": study.questions.count() + 1,
        "text": f"What about {name}?",
        "options": [f"{name} one", f"{name} two"],
    }
    if fields.get("place") == Question.Place.COMPREHENSION:
        defaults["right"] = 0
    return Question.objects.create(study=study, name=name, **(defaults | fields))


def make_practice(study: Study, **fields: Any) -> Check:
    """A practice item of which the scale's highest value is expected."""
    number = study.checks.count() + 1
    defaults: dict[str, Any] = {
        "purpose": Check.Purpose.PRACTICE,
        "position": number,
        "query": f"Practice query {number}",
        "response": f"practice response {number}",
        "accepted": [study.scale_high],
        "feedback": f"Feedback {number}",
    }
    if study.kind == Study.Kind.COMPARISON:
        defaults["response_2"] = f"other practice response {number}"
    return Check.objects.create(study=study, **(defaults | fields))

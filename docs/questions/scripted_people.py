"""People and a panel who are both scripted, so that what `replicate_effects` should find is known beforehand.

    python docs/questions/scripted_people.py labels FILE    # what the scripted people answered
    python docs/questions/scripted_people.py serve PORT     # the "model" that answers for the panel

No language model is asked and nobody answered. Points on the scale from 1 to 5, people's and the panel's:

    contrast                            people   panel
    long less short responses             +.7     +.7   it knows
    creative queries less others          +.6       0   it misses
    people who read daily less rarely     -.6    -1.2   it exaggerates
    under 40 less older                     0     +.6   it makes up
    responses that begin with a vowel,
    every other item, the north             0       0   nothing is there
"""

import json
import random
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RESPONSES = Path(__file__).parents[2] / "generation" / "starter" / "responses.jsonl"
PEOPLE, LABELS_AN_ITEM, A_QUERY, LONG, NOISE = 96, 8, 4, 40, 0.9
ASKED = {
    "reading": ("How often do you read for pleasure?", ("daily", "rarely")),
    "age": ("How old are you?", ("under 40", "40 or older")),
    "region": ("Where do you live?", ("in the north", "in the south")),
}


def said_by(number: int) -> dict[str, str]:
    """What a person says of themselves: each combination as often."""
    return {name: options[number >> place & 1] for place, (name, (_, options)) in enumerate(ASKED.items())}


def items() -> list[dict[str, Any]]:
    """Some responses to each query of the starter, with what makes groups of them."""
    rows = [json.loads(line) for line in RESPONSES.read_text(encoding="utf-8").splitlines()]
    chosen = [row for row in rows if int(row["response_id"].rpartition("/")[2]) <= A_QUERY]
    return [
        {
            **{name: row[name] for name in ("query_id", "query", "response_id", "response")},
            "item_id": row["response_id"],
            "length": "long" if is_long(row["response"]) else "short",
            "kind_of_query": "creative" if row["category"].startswith("Creative") else "other",
            "begins_with": "vowel" if row["response"][:1].upper() in "AEIOU" else "another sign",
            "place": "even" if place % 2 else "odd",
        }
        for place, row in enumerate(chosen)
    ]


def is_long(response: str) -> bool:
    return len(response.split()) >= LONG


def labels() -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    for item in items():
        for number in chance.sample(range(PEOPLE), LABELS_AN_ITEM):
            said = said_by(number)
            liking = 3 + 0.7 * (item["length"] == "long") + 0.6 * (item["kind_of_query"] == "creative")
            label = on_scale(liking - 0.6 * (said["reading"] == "daily") - 0.3, chance)
            person = {"annotator_id": code(number), "label": label, "simulated": True}
            yield item | person


def on_scale(liking: float, chance: random.Random) -> int:
    return min(5, max(1, round(chance.gauss(liking, NOISE))))


def code(number: int) -> str:
    return f"scripted-{number:03}"


def keep_surveys(slug: str) -> None:
    """Write down, once, what the scripted people said of themselves, who are marked simulated."""
    from django.db import transaction
    from django.utils import timezone

    from annotation.models import Question, Reply, Study

    study = Study.objects.get(slug=slug, simulated=True)
    if Question.objects.filter(study=study).exists():
        return
    people = {one.code: one for one in study.participants.all()}
    with transaction.atomic():
        for place, (name, (text, options)) in enumerate(ASKED.items()):
            question = Question.objects.create(
                study=study,
                place=Question.Place.BEFORE,
                position=place,
                name=name,
                text=text,
                options=options,
            )
            Reply.objects.bulk_create(
                Reply(
                    participant=people[code(number)],
                    question=question,
                    value=said_by(number)[name],
                    replied_at=timezone.now(),
                )
                for number in range(PEOPLE)
                if code(number) in people
            )


def answer(asked: str) -> int:
    """What the "model" says for the person whom it is told of; the same to the same question."""
    response = re.findall(r"<(response\S*)>\n?(.*?)\n?</\1>", asked, re.DOTALL)[-1][1]
    liking = (
        3 + 0.7 * is_long(response) - 1.2 * ("pleasure? daily" in asked) + 0.6 * ("you? under 40" in asked)
    )
    return on_scale(liking, random.Random(asked))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = "\n".join(message["content"] for message in body["messages"])
        said = {"choice": {"score": answer(asked), "reason": "It is scripted."}}
        message = {"role": "assistant", "content": json.dumps(said)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": len(asked) // 4, "completion_tokens": 12}
        sent = json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *given: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["labels", path]:
            lines = [json.dumps(row) + "\n" for row in labels()]
            Path(path).write_text("".join(lines), encoding="utf-8")
        case ["serve", port]:
            ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
        case _:
            sys.exit(__doc__)

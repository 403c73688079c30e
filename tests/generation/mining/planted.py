"""A chat log in which it is known what each gate drops, in every schema and kind of file."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

# Each conversation: the person's first words, then what else differs from the usual.
TALKS: list[tuple[str, dict[str, Any]]] = [
    ("Write a haiku about the river in winter.", {}),  # 1
    ("In which year was the Suez Canal opened?", {}),
    ("  write a HAIKU about the  river in winter. ", {}),  # 3: the first again
    ("Write a haiku about the river in winter!", {}),  # 4: near the first
    ("Schreibe mir bitte ein Gedicht über die Zeit.", {"language": "German"}),
    ("Say something rude about my neighbour please.", {"toxic": True}),
    ("Suggest ten names for a small bakery.", {"flagged": True}),
    ("Hi there", {}),  # 8: too short
    ("Tell me everything about " + "rivers " * 40, {}),  # 9: too long
    ("", {}),  # 10: no text
    ("What would you cook for a friend from Mars?", {"first": "assistant"}),  # 11: the model speaks first
    ("Hello, which version of you is this one?", {"turns": 2}),
    ("do the second one in the same way", {"model": "gpt-3.5-turbo"}),
]
FUNNEL = [
    ("rows", 13, 0),
    ("readable", 13, 0),
    ("asked", 11, 2),
    ("language", 10, 1),
    ("not toxic", 8, 2),
    ("length", 6, 2),
    ("exact duplicates", 5, 1),
    ("near duplicates", 4, 1),
]
CANDIDATES = [1, 2, 4, 12, 13]


def wildchat(talks: list[tuple[str, dict[str, Any]]] = TALKS) -> list[dict[str, Any]]:
    """As WildChat has them, with columns that nobody looks at."""
    rows = []
    for number, (text, given) in enumerate(talks, start=1):
        language, toxic = given.get("language", "English"), given.get("toxic", False)
        person = {"role": "user", "content": text, "language": language, "toxic": toxic, "redacted": False}
        model = {**person, "role": "assistant", "content": "Well then."}
        turns = [person, model] * given.get("turns", 1)
        flags = [{"flagged": False, "categories": {"hate": False}} for _ in turns]
        flags[-1]["flagged"] = given.get("flagged", False)
        rows.append(
            {
                "conversation_hash": f"c{number}",
                "model": given.get("model", "gpt-4-0314"),
                "conversation": turns[1:] if given.get("first") else turns,
                "turn": given.get("turns", 1),
                "language": language,
                "openai_moderation": flags,
                "detoxify_moderation": [{"toxicity": 0.1} for _ in turns],
                "toxic": toxic,
                "redacted": False,
                "country": "Anywhere",
            }
        )
    return rows


def sharegpt() -> list[dict[str, Any]]:
    names = {"user": "human", "assistant": "gpt"}
    return [
        {
            "id": row["conversation_hash"],
            "conversations": [
                {"from": names[turn["role"]], "value": turn["content"]} for turn in row["conversation"]
            ],
        }
        for row in wildchat()
    ]


def openai() -> list[dict[str, Any]]:
    """With a system's message before, and every other text in parts."""
    rows = []
    for number, row in enumerate(wildchat()):
        turns: list[dict[str, Any]] = [{"role": "system", "content": "Be kind."}]
        for turn in row["conversation"]:
            parts = [{"type": "text", "text": turn["content"]}]
            turns.append({"role": turn["role"], "content": parts if number % 2 else turn["content"]})
        rows.append({"messages": turns})
    return rows


def as_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def as_array(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows, indent=1))
    return path


def as_parquet(path: Path, rows: list[dict[str, Any]], *, group: int = 5) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=group)
    return path

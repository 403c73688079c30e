"""Gates in words: what each one lets through, as a page says it."""

from collections.abc import Mapping
from typing import Any

from generation.mining.languages import language_named
from generation.models import Candidate

# What became of a candidate, as it is asked for in an address and as it is said.
FATES = {
    "open": "open-ended",
    "closed": "closed-ended",
    "about_the_model": "a greeting, or about the model",
    "meaningless": "not meaningful",
    "unjudged": "no verdict yet",
    "near": "near another",
}
# The gate at which the reason stands.
REASONS = {
    "open": "answers",
    "closed": "answers",
    "about_the_model": "about_the_model",
    "meaningless": "meaningful",
}
SCHEMAS = {"wildchat": "WildChat’s schema", "sharegpt": "ShareGPT’s schema", "openai": "OpenAI’s messages"}
PLAIN = {
    "rows": "in the file",
    "readable": "can be read",
    "asked": "begin with words of a person",
    "single turn": "have one turn of a person",
    "not toxic": "are not flagged as toxic",
    "exact duplicates": "say it first",
    "near duplicates": "say nearly the same as none before",
    "judged": "have a verdict",
    "meaningful": "are meaningful on their own",
    "not about the model": "are neither greetings nor about the model",
}


def gate_in_words(gate: str, specification: Mapping[str, Any]) -> str:
    """What is said of the texts that are left after a gate."""
    match gate:
        case "language":
            return f"are in {language_named(specification['language']).name}"
        case "length":
            return f"have {specification['least']:,} to {specification['most']:,} characters"
        case "model":
            return f"are with a model named “{specification['model_contains']}”"
    return PLAIN.get(gate, gate)


def remark(more: Mapping[str, Any]) -> str:
    """What else there is to say of a gate."""
    if more.get("guessed"):
        return f"{more['guessed']:,} guessed: the file names no language"
    if more.get("not_said"):
        return f"of {more['not_said']:,} the file does not say"
    return ""


def fate_of(candidate: Candidate) -> str:
    """What became of it, one of `FATES`."""
    if candidate.near_id is not None:
        return "near"
    if candidate.meaningful is None:
        return "unjudged"
    if not candidate.meaningful:
        return "meaningless"
    if candidate.about_the_model:
        return "about_the_model"
    return "open" if candidate.many_answers else "closed"


def reason_of(candidate: Candidate) -> str:
    """Why the model says so; "" where it gave no reason."""
    return str(candidate.reasons.get(REASONS.get(fate_of(candidate), ""), ""))

"""How a scorer was asked and what it left out, in words."""

from calibration.report.found import Found
from calibration.scorers.judges.judge import METHODS
from calibration.scorers.perplexities.measures import HEADS
from generation.templatetags.numbers import counted, end, fixed, percent, signed

KINDS = {
    "judge": "An LM judge",
    "panel": "A persona panel, which a language model answers for: simulated people",
    "reward": "A reward model",
    "perplexity": "A language model’s perplexity",
    "simple": "A simple scorer, of the text alone",
}


def asked_words(scorer: Found) -> list[str]:
    """A sentence each: who was asked for what, what has no score and why, on what its numbers then rest."""
    asked = scorer.get("asked") or {}
    said = [_who(asked), *_unscored(asked), *_outside(asked), *_bias(asked)] if asked else []
    return said + _left_out(scorer)


def _who(asked: Found) -> str:
    # Of both definitions the head says which.
    words = METHODS | HEADS | {"raw": "raw scores", "both": ""}
    parts = [
        asked.get("model", ""),
        f"at {asked['server']}" if "server" in asked else "",
        f"{counted(asked['personas'], 'persona')} of {asked['panel']}" if "panel" in asked else "",
        f"rubric {asked['rubric']}" if "rubric" in asked else "",
        words.get(asked.get("method", ""), asked.get("method", "")),
        asked.get("head", ""),
    ]
    told = ", ".join(part for part in parts if part)
    return f"{KINDS[asked['kind']]}{': ' if told else ''}{told}."


def _unscored(asked: Found) -> list[str]:
    """Of all that it was asked about, labelled or not."""
    reasons = {why: number for why, number in asked["unscored"].items() if number}
    if not reasons:
        return []
    whole = asked["scored"] + sum(reasons.values())
    shares = "; ".join(f"{why}: {number:,} ({percent(number / whole)})" for why, number in reasons.items())
    return [f"Of {whole:,} it was asked about {asked['scored']:,} have a score; {shares}."]


def _outside(asked: Found) -> list[str]:
    outside = asked.get("outside")
    if outside is None:
        return []
    return [f"{percent(outside)} of the probability lay outside of the scale, on average, and is left out."]


def _bias(asked: Found) -> list[str]:
    bias = asked.get("position_bias")
    if not bias or bias["mean"]["value"] is None:
        return []
    mean, flips = bias["mean"], bias["flips"]
    return [
        f"It favours what is shown first by {_estimate(mean)} steps, and its winner turns with the order in "
        f"{percent(flips['value'])} of {counted(flips['n'], 'pair')}."
    ]


def _left_out(scorer: Found) -> list[str]:
    """Whether what has no score is what people like less, so that numbers are not of the whole study."""
    found = scorer.get("unscored")
    if not found or found["difference"]["value"] is None:
        return []
    difference = found["difference"]
    return [
        f"{counted(difference['n'], 'labelled item')} without a score differ from those with one by "
        f"{_estimate(difference, sign=True)} in their {found['of']}: all its numbers are of the others."
    ]


def _estimate(found: Found, *, sign: bool = False) -> str:
    ends = f" ({end(found['low'])} to {end(found['high'])})" if found["low"] is not None else ""
    return f"{(signed if sign else fixed)(found['value'])}{ends}"

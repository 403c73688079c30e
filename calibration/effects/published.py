"""The published rates, as a reference: language-model personas against experiments of consumer research."""

from typing import Any

from generation.diversity.wilson import wilson

# Viewpoints AI (arXiv 2408.16073), 45 studies; interactions are what is left of all less the main effects.
PUBLISHED = (("main effects", 84, 111), ("interactions", 6, 22), ("all effects", 90, 133))
SAYS = (
    "Of 45 published experiments, 19,447 personas of one language model are reported to replicate 84 of 111 "
    "main effects (76 %). The exact criterion was not found; success is said to track the original p, and "
    "marginal effects give false positives and false negatives. Other questions, other people and another "
    "number of answers: a reference, not a bar."
)


def published() -> dict[str, Any]:
    rates = [
        {"of": name, "replicated": successes, "share": wilson(successes, n).as_dict()}
        for name, successes, n in PUBLISHED
    ]
    return {"source": "arXiv 2408.16073", "says": SAYS, "rates": rates}

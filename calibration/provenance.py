"""How a scorer was asked and what came of it, as an audit keeps it: its numbers are of what was answered."""

from typing import Any

from calibration.models import Scorer

# Under which name a recipe says what is taken of a model.
METHODS = {"judge": "method", "reward": "scores", "perplexity": "definition"}
FOUND = ("server", "run", "scored", "unscored", "outside", "position_bias")


def provenance(scorer: Scorer, study_pk: int) -> dict[str, Any] | None:
    """Plain JSON: the recipe in short with its digest, and how many were scored; None of a file's scores."""
    told = scorer.metadata.get("studies", {}).get(str(study_pk))
    if told is None:
        return None
    recipe = scorer.metadata.get("recipe") or {"kind": "simple"}
    kind = recipe["kind"]
    # A panel's rubric is the study's own question.
    rubric = recipe.get("rubric") if kind == "judge" else None
    asked = {
        "kind": kind,
        "model": recipe.get("model"),
        "dialect": recipe.get("dialect"),
        "method": recipe.get(METHODS.get(kind, "")),
        "panel": recipe.get("panel"),
        "personas": len(recipe.get("personas", ())) or None,
        "both_orders": recipe.get("both_orders") or None,
        "rubric": f"{rubric['name']}:{rubric['version']}" if rubric else None,
        "head": scorer.metadata.get("head"),
        "version": scorer.metadata.get("version"),
        "digest": scorer.metadata.get("digest"),
    }
    found = {name: told.get(name) for name in FOUND}
    return {name: value for name, value in (asked | found).items() if value not in (None, "")}

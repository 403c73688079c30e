"""Names of scorers that are asked live: whose they are."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from annotation.models import Study
from calibration.models import Scorer
from generation.runs.errors import RunError

# Between a scorer's name and its head's.
DOT = " · "
# Both fit a scorer's name together.
MOST_NAME, MOST_HEAD = 130, 60


def check_name(study: Study, name: str, recipe: Mapping[str, Any]) -> None:
    """Raises RunError where the name of a scorer is another's: a file's, or another recipe's elsewhere.

    The same recipe may have one name in several studies, and another recipe may take the place of one that
    scored nothing but this study.
    """
    if DOT in name:
        raise RunError(f"A name has no “{DOT}”: that stands before the names of heads.")
    if len(name) > MOST_NAME:
        raise RunError(f"A scorer’s name has at most {MOST_NAME} characters.")
    digest = recipe_digest(recipe)
    for scorer in scorers_named(name):
        check_same(scorer, study, digest)


def usual_name(recipe: Mapping[str, Any], model: str) -> str:
    """What a scorer is called unless somebody names it: after the model and what it is asked."""
    model = model.rstrip("/").rpartition("/")[2]
    match recipe["kind"]:
        case "judge":
            rubric = recipe["rubric"]
            version = f" {rubric['version']}" if rubric["version"] > 1 else ""
            method = "" if recipe["method"] == "number" else f", {recipe['method']}"
            return f"{model} {rubric['name']}{version}{method}"
        case "panel":
            return f"{model} as {recipe['panel']}"
        case "perplexity":
            return f"{model} perplexity" + (" of the whole chat" if recipe["definition"] == "chat" else "")
    return model


def recipe_digest(recipe: Mapping[str, Any]) -> str:
    """Hex SHA-256 of all that decides what is asked."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def head_name(name: str, head: str) -> str:
    """The name of a head's scorer; of the head without a name the scorer's own."""
    return f"{name}{DOT}{head[:MOST_HEAD]}" if head else name


def scorers_named(name: str, *, lock: bool = False) -> list[Scorer]:
    """The scorer of this name, and those of its heads."""
    found = Scorer.objects.filter(Q(name=name) | Q(name__startswith=f"{name}{DOT}")).order_by("name")
    rows = found.select_for_update(no_key=True) if lock else found
    # SQLite takes upper and lower case for the same here.
    return [scorer for scorer in rows if scorer.name == name or scorer.name.startswith(f"{name}{DOT}")]


def check_same(scorer: Scorer, study: Study, digest: str) -> None:
    """Raises RunError where a recipe of this digest must not write into the scorer."""
    theirs = scorer.metadata.get("digest")
    if theirs is None:
        raise RunError(f"{scorer.name} is a scorer that was not asked live: choose another name.")
    if theirs != digest and scorer.scores.exclude(study=study).exists():
        raise RunError(f"{scorer.name} is another recipe’s in another study: choose another name.")

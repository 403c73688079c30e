"""Reading the console's pages, and a small study with labels to show."""

import re
from html import unescape
from typing import Any

from annotation.models import Study
from tests.factory import make_items, make_labels, make_study


def text(response: Any) -> str:
    """What a person reads, on one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def labelled_study() -> Study:
    """Four items of four queries: agreed, split, nearly agreed, and one that somebody could not judge."""
    study = make_study(imported=True, scale_words=["very poor", "poor", "fair", "good", "excellent"])
    answers: list[list[int | None]] = [[5, 5, 5, 5], [1, 1, 5, 5], [3, 3, 3, 2], [1, 2, 3, None]]
    for item, values in zip(make_items(study, 4), answers, strict=True):
        make_labels(item, values)
    return study

"""What a page says of a report of effects: its key figures, and the order of its contrasts."""

from collections.abc import Mapping
from typing import Any

from calibration.effects.figures import who
from generation.reported import KeyFigure, key_figure
from generation.written import p_text

Json = Mapping[str, Any]
# How a verdict looks: what falls short is red.
SHORT = ("not found", "reversed", "found where people show none")


def key_figures(found: Json) -> list[KeyFigure]:
    """The rates beside what bounds them, each with its interval and n."""
    own, halves, sizes = found["rates"]["own"], found["halves"], found["sizes"]
    return [
        key_figure(own["significant"], "of effects that people show are replicated", share=True),
        key_figure(own["null"], "of contrasts where people show none, it shows none", share=True),
        key_figure(
            found["rates"]["people_n"]["all"],
            "of all are replicated with as many answers as people’s",
            share=True,
        ),
        key_figure(
            halves["people"]["all"],
            "are replicated by one half of people of the other: the ceiling (n: splits)",
            share=True,
        ),
        key_figure(
            halves["panel"]["all"],
            f"are replicated by the {who(found)} in that half’s places (n: splits)",
            share=True,
        ),
        key_figure(
            halves["noise"]["all"], "are replicated by noise in its places: the floor (n: splits)", share=True
        ),
        key_figure(sizes["median_ratio"], "median size beside people’s, of what they show"),
        key_figure(sizes["same_sign"]["significant"], "have people’s sign, of what they show", share=True),
    ]


def size_rows(found: Json) -> list[tuple[str, Json]]:
    """What the sizes of effects say, in words and as estimates."""
    sizes, ratio = found["sizes"], found["halves"]["ratio"]
    return [
        (f"Median ratio of effects that people show, {who(found)} over people", sizes["median_ratio"]),
        ("The same of half the people, the other half over it (n: splits)", ratio["people"]),
        (f"and the {who(found)} in the other half’s places over it (n: splits)", ratio["panel"]),
        (f"Slope of the {who(found)}’s effects on people’s", sizes["slope"]),
        ("Slope without people’s errors, which flatten it", sizes["slope_corrected"]),
        ("Correlation about 0", sizes["correlation"]),
        ("Same sign, of all contrasts", sizes["same_sign"]["all"]),
    ]


def _p(effect: Json) -> dict[str, str]:
    """p, alone and among all contrasts'; empty where there is none."""
    return {key: "" if effect[key] is None else p_text(effect[key]) for key in ("p", "p_adjusted")}


def rows_of(found: Json) -> list[Json]:
    """The contrasts, those that people show most surely first; undefined ones last."""
    contrasts: list[Json] = found["contrasts"]
    ordered = sorted(contrasts, key=lambda one: 2.0 if one["people"]["p"] is None else one["people"]["p"])
    return [
        {
            **one,
            "short": one["verdict"] in SHORT,
            "p": {side: _p(one[side]) for side in ("people", "panel")},
            "why": one["people"]["difference"].get("reason") or one["panel"]["difference"].get("reason", ""),
        }
        for one in ordered
    ]

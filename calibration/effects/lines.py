"""A report of effects in lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from calibration.effects.figures import who
from generation.written import aligned, counted, ends_text, estimate_text, number_text, p_text, value_text

Json = Mapping[str, Any]
MOST_LINES = 40
AMONG = {"all": "all contrasts", "significant": "people's p < .05", "null": "people's p >= .05"}


def report_lines(found: Json) -> Iterator[str]:
    """What the command prints without --json."""
    yield _heading(found)
    if found["simulated"]:
        yield "The labels are simulated: no people answered."
    yield ""
    rows = [["contrast", "people", "", "p", who(found), "", "p", "verdict", "with as many as people"]]
    rows += [_row(one) for one in found["contrasts"][:MOST_LINES]]
    yield from aligned(rows)
    if len(found["contrasts"]) > MOST_LINES:
        yield f"and {len(found['contrasts']) - MOST_LINES:,} more: --json has them all"
    for one in found["contrasts"][:MOST_LINES]:
        reason = one["people"]["difference"].get("reason") or one["panel"]["difference"].get("reason")
        if reason:
            yield f"{one['name']}: undefined, {reason}"
    yield ""
    yield from _rates(found)
    yield ""
    yield from _sizes(found)
    yield ""
    yield found["published"]["says"]
    for caution in found["cautions"]:
        yield f"Caution: {caution}"


def _heading(found: Json) -> str:
    scorer, people = found["scorer"], found["people"]
    simulated = " (simulated people)" if scorer["simulated"] else ""
    who = f"{counted(scorer['personas'], 'persona')}, " if scorer["personas"] else ""
    known = counted(people["known"], "known person", "known people")
    return (
        f"{found['study']}: {counted(len(found['contrasts']), 'contrast')} of "
        f"{counted(people['labels'], 'label')} by {known}; "
        f"{scorer['name']}{simulated}: {who}{counted(scorer['answers'], 'answer')} ({scorer['gave']})"
    )


def _row(one: Json) -> list[str]:
    cells = [one["name"]]
    for side in ("people", "panel"):
        effect = one[side]
        cells += [_size(effect["difference"]), ends_text(effect["difference"]), p_text(effect["p"])]
    return [*cells, one["verdict"] or "undefined", one["at_people_n"]["verdict"] or "undefined"]


def _size(estimate: Json) -> str:
    return "undefined" if estimate["value"] is None else value_text(estimate, sign=True)


def _rates(found: Json) -> Iterator[str]:
    halves = found["halves"]
    shown = {
        f"the {who(found)}, all its answers": found["rates"]["own"],
        f"the {who(found)} in people's places": found["rates"]["people_n"],
        "one half of people by the other": halves["people"],
        f"the {who(found)} in the other half's places": halves["panel"],
        "noise in the other half's places": halves["noise"],
    }
    rows = [["replicated", *AMONG.values()]]
    rows += [[name, *(_share(rates[of]) for of in AMONG)] for name, rates in shown.items()]
    yield from aligned(rows)
    for one in found["bins"]:
        yield f"people's {one['bin']}: {estimate_text(one['own'])}"


def _share(estimate: Json) -> str:
    if estimate["value"] is None:
        return "undefined"
    return f"{value_text(estimate)} ({ends_text(estimate) or 'no interval'})"


def _sizes(found: Json) -> Iterator[str]:
    sizes = found["sizes"]
    named = {
        "median_ratio": f"median ratio of effects that people show, {who(found)} over people",
        "slope": f"slope of the {who(found)}'s effects on people's",
        "slope_corrected": "the same without people's errors",
        "correlation": "correlation about 0",
    }
    for key, name in named.items():
        yield f"{name}: {estimate_text(sizes[key])}"
    same = sizes["same_sign"]
    signs = [number_text(same[of]["value"]) for of in ("all", "significant")]
    yield f"same sign: {signs[0]} of all, {signs[1]} of those that people show"

"""Whether an effect is found again, and how often, by how sure people's own was."""

from collections.abc import Sequence
from typing import Literal

from calibration.metrics.replication.effects import Effect

Verdict = Literal["replicated", "not found", "reversed", "null replicated", "found where people show none"]
SUCCESSES: tuple[Verdict, ...] = ("replicated", "null replicated")
# Upper ends of the bins of the human p, each with its name; a p at an end is in the next bin.
BINS = (
    (0.001, "p < .001"),
    (0.01, ".001 to .01"),
    (0.05, ".01 to .05"),
    (0.1, ".05 to .10"),
    (2.0, "p ≥ .10"),
)


def verdict(people: Effect, panel: Effect) -> Verdict | None:
    """Whether the panel says what people say.

    Parameters
    ----------
    people, panel : Effect

    Returns
    -------
    str or None
        With p < .05 among people: "replicated" needs the same sign and p < .05. With p >= .05: "null
        replicated" needs p >= .05. None where one of the two is undefined.

    Examples
    --------
    >>> verdict(Effect(1.0, p=0.01), Effect(-1.0, p=0.01))
    'reversed'
    """
    if people.significant is None or panel.significant is None:
        return None
    if not people.significant:
        return "found where people show none" if panel.significant else "null replicated"
    if not panel.significant:
        return "not found"
    return "replicated" if people.sign == panel.sign else "reversed"


def bin_of(p: float) -> int:
    """The place among `BINS` of a human p.

    Examples
    --------
    >>> BINS[bin_of(0.03)][1]
    '.01 to .05'
    """
    return next(n for n, (end, _) in enumerate(BINS) if p < end)


def tally(
    verdicts: Sequence[Verdict | None], significant: Sequence[bool | None], of: bool | None = None
) -> tuple[int, int]:
    """How many of the contrasts are replicated, and of how many that have a verdict.

    Parameters
    ----------
    verdicts : sequence of str or None
    significant : sequence of bool or None
        Whether people's own effect is, as long.
    of : bool or None
        Only contrasts where it is, or is not; None: all.

    Examples
    --------
    >>> tally(["replicated", "not found", None], [True, True, False], of=True)
    (1, 2)
    """
    asked = [
        one
        for one, sure in zip(verdicts, significant, strict=True)
        if one is not None and (of is None or sure is of)
    ]
    return sum(one in SUCCESSES for one in asked), len(asked)

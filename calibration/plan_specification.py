"""What can be asked of the planner: every field, its usual value, and what it may hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import log2
from typing import Any, Self

from annotation.agreement import LEVELS
from annotation.statistics.planning import GRID, MOST_LABELS_PER_ITEM
from annotation.statistics.sizes import FEWEST_QUERIES
from calibration.metrics.power import fewest_items
from calibration.plan_fields import (
    PlanError,
    amount,
    checked_number,
    checked_whole,
    in_words,
    number,
    one_of,
    text,
    whole,
)
from generation import currencies

HIGHEST_SEED = 2**63 - 1
MOST_SIMULATIONS = 5_000
PAY = ("", "item", "time")
# What describes people, unless a pilot's labels do.
PEOPLE = ("scale_low", "scale_high", "alpha", "query_share", "shares")
# Of all labels: a rarer value is as good as never given, and cannot be told from it.
LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class Goal:
    """Something that a study may be planned for.

    Attributes
    ----------
    words : str
        What is wanted.
    unit : str
    target : float
        The usual one.
    uses : tuple of str
        The fields of the specification that matter to this goal and not to all.
    """

    words: str
    unit: str
    target: float
    uses: tuple[str, ...]


GOALS = {
    "alpha": Goal("width of the interval of Krippendorff's alpha", "alpha", 0.06, ("level", "most_items")),
    "mean": Goal("width of the interval of an item's mean", "points of the scale", 1.0, ("items",)),
    "entropy": Goal("bias of the entropy of items, at most", "bits", 0.15, ("items", "entropy")),
    "power": Goal(
        "power to see that a scorer errs more where people disagree",
        "share of studies",
        0.9,
        ("most_items", "noise_ratio", "people_ratio", "contested_share", "correlation"),
    ),
    "alt_test": Goal(
        "probability that a judge passes the alternative annotator test",
        "share of studies",
        0.8,
        ("annotators", "epsilon", "judge", "most_items"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class PlanSpecification:
    """What is asked: a goal, who answers, the design, and what it costs.

    Attributes
    ----------
    goal : key of GOALS
    target : float
        What is to be reached; the goal's usual one if it is not given.
    level : nominal, ordinal or interval
        Of alpha.
    entropy : plug-in or corrected
        Which estimate's bias is meant.
    noise_ratio, people_ratio, contested_share, correlation : float
        Of power: how many times larger the scorer's error, and people's noise, is on contested items, the
        share of items that is contested, and the scorer's correlation with the items' true means where its
        error is the usual one.
    annotators, epsilon, judge : int, float, float
        Of the alternative annotator test: people, the advantage granted to the judge, and the judge's noise
        as a multiple of a person's.
    pilot : str
        A study whose labels tell how people answer, by its slug. Then the scale, shares, alpha and
        query_share below are those of its labels.
    scale_low, scale_high : int
    shares : list of float or None
        How often each value is expected; None for equally often.
    alpha : float
        The expected agreement: Krippendorff's interval alpha.
    query_share : float
        Correlation of the true means of two items of a query.
    severity_share : float
        Share of the labels' variance that is due to some people being more severe.
    items_per_query, session_size, sessions_per_person : int
    labels_per_item : list of int
        The numbers to consider.
    items : int
        Of the goals that need no number of items: how many there will be.
    most_items : int
    pay_by : "", "item" or "time"
    pay_rate : str or None
        An answer's, or an hour's.
    currency : str
    seconds_per_item : float
    fee_percent : float
        What a recruiter takes on top of what people are paid.
    simulations, seed : int

    Raises
    ------
    PlanError
        By `checked`, naming the field.
    """

    goal: str = one_of("alpha", tuple(GOALS))
    target: float | None = field(default=None)
    level: str = one_of("ordinal", LEVELS)
    entropy: str = one_of("plug-in", ("plug-in", "corrected"))
    noise_ratio: float = number(1.5, 1, 10, above=True)
    people_ratio: float = number(2.0, 1, 10)
    contested_share: float = number(0.5, 0.05, 0.95)
    correlation: float = number(0.5, 0.05, 0.99)
    annotators: int = whole(10, 2, 500)
    epsilon: float = number(0.1, 0, 0.5)
    judge: float = number(0.7, 0, 10)
    pilot: str = text(80)
    scale_low: int = whole(1, -1_000, 1_000)
    scale_high: int = whole(5, -1_000, 1_000)
    shares: list[float] | None = field(default=None)
    alpha: float = number(0.25, 0, 0.95, above=True)
    query_share: float = number(0.3, 0, 0.95)
    severity_share: float = number(0.0, 0, 0.9)
    items_per_query: int = whole(15, 1, 1_000)
    session_size: int = whole(15, 1, 1_000)
    sessions_per_person: int = whole(1, 1, 1_000)
    labels_per_item: list[int] = field(default_factory=lambda: list(GRID))
    items: int = whole(750, 1, 1_000_000)
    most_items: int = whole(20_000, 10, 100_000)
    pay_by: str = one_of("", PAY)
    pay_rate: str | None = amount(10_000)
    currency: str = text(3)
    seconds_per_item: float = number(30, 0, 36_000, above=True)
    fee_percent: float = number(0, 0, 500)
    simulations: int = whole(200, 20, MOST_SIMULATIONS)
    seed: int = whole(0, 0, HIGHEST_SEED)

    @classmethod
    def checked(cls, asked: Mapping[str, Any]) -> Self:
        """The specification of a plain mapping; raises PlanError."""
        known = {each.name: each for each in fields(cls)}
        if unknown := sorted(set(asked) - set(known)):
            raise PlanError(f"A plan knows no field {unknown[0]}.", field=unknown[0])
        given = {
            name: known[name].metadata.get("check", _as_it_is)(name, value)
            for name, value in asked.items()
            if value is not None
        }
        made = cls(**given)
        made._money()
        made._idle()
        complete = replace(made, **_lists(made), target=made._target())
        complete._sizes()
        return complete

    @property
    def wanted(self) -> float:
        """The target, the goal's usual one if none is given."""
        return GOALS[self.goal].target if self.target is None else self.target

    @property
    def values(self) -> list[int]:
        return list(range(self.scale_low, self.scale_high + 1))

    def _target(self) -> float:
        """The target, held against what its goal can be on the scale."""
        steps = self.scale_high - self.scale_low
        # A pilot brings a scale of its own, 100 steps at most.
        most = {"alpha": 2.0, "mean": 100.0 if self.pilot else steps, "entropy": log2(steps + 1)}
        if self.goal in most:
            return checked_number("target", self.wanted, 0.002, most[self.goal])
        return checked_number("target", self.wanted, 0.06, 0.99)

    def _sizes(self) -> None:
        """The most items, held against the fewest of the goal's smallest study."""
        fewest = FEWEST_QUERIES * self.items_per_query
        if self.goal == "alt_test":
            labels = min(self.labels_per_item)
            if self.annotators < labels:
                raise PlanError(
                    f"{self.annotators} annotators cannot give an item {labels} labels.", field="annotators"
                )
            fewest = fewest_items(self.annotators, labels)
        if "most_items" in GOALS[self.goal].uses and self.most_items < fewest:
            raise PlanError(
                f"The most items must be at least {fewest:,}: no smaller study is simulated.",
                field="most_items",
            )

    def _idle(self) -> None:
        """What would change nothing is refused: fields of other goals, and what the pilot's labels say."""
        others = {name for goal in GOALS.values() for name in goal.uses} - set(GOALS[self.goal].uses)
        told = set(PEOPLE) if self.pilot else set()
        usual = type(self)()
        for name in sorted(others | told):
            if getattr(self, name) != getattr(usual, name):
                why = "the pilot's labels say it" if name in told else f"the goal {self.goal} does not use it"
                raise PlanError(f"{in_words(name)} would change nothing: {why}.", field=name)

    def _money(self) -> None:
        if self.pay_by and self.pay_rate is None:
            raise PlanError("Say how much an answer, or an hour, is paid.", field="pay_rate")
        if self.pay_by and self.currency not in currencies.CODES:
            raise PlanError(
                f"The currency must be a code such as GBP, not {self.currency!r}.", field="currency"
            )


def checked(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The whole specification of what is asked, usual values filled in, as JSON holds it.

    Raises PlanError.
    """
    return asdict(PlanSpecification.checked(asked))


def _lists(made: PlanSpecification) -> dict[str, Any]:
    """The scale, its shares and the labels an item, checked together."""
    if not 1 <= made.scale_high - made.scale_low <= 100:
        raise PlanError("The scale's highest value must be 1 to 100 above its lowest.", field="scale_high")
    shares = made.shares
    if shares is not None:
        if not isinstance(shares, list | tuple) or len(shares) != len(made.values):
            raise PlanError(
                f"Shares must be {len(made.values)} numbers, one a value of the scale.", field="shares"
            )
        shares = [checked_number("shares", share, 0, 1e6) for share in shares]
        if sum(share > 0 for share in shares) < 2:
            raise PlanError("At least two values must have shares above 0.", field="shares")
        if any(0 < share < LEAST_SHARE * sum(shares) for share in shares):
            raise PlanError("Each of the shares must be 0, or a millionth of all or more.", field="shares")
    wanted = made.labels_per_item
    if not isinstance(wanted, list | tuple) or not 1 <= len(wanted) <= 12:
        raise PlanError("Labels an item must be a list of 1 to 12 numbers.", field="labels_per_item")
    several = {checked_whole("labels_per_item", each, 2, MOST_LABELS_PER_ITEM) for each in wanted}
    return {"shares": shares, "labels_per_item": sorted(several)}


def _as_it_is(name: str, value: Any) -> Any:
    return value

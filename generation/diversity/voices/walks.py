"""Calls made one after the other: what they have cost, and the different answers that they have brought."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.diversity.responses import FloatArray, Indices
from generation.diversity.voices.calls import UNITS, QueryCalls, Unit

# Sums of money in another order differ in their last digits.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Walk:
    """An arm's calls about a query in one order; arrays of shape (calls + 1,) begin before the first.

    Attributes
    ----------
    rows : ndarray of intp
        The responses in the order in which they come.
    ends : ndarray of intp
        Responses after so many calls.
    spent : dict of ndarray of float64
        By unit, after so many calls; NaN from the first call on whose cost is unknown.
    """

    rows: Indices
    ends: Indices
    spent: dict[Unit, FloatArray]

    @classmethod
    def of(cls, query: QueryCalls, order: Indices) -> "Walk":
        ends = np.concatenate([[0], np.cumsum(query.answers[order])])
        spent = {unit: np.concatenate([[0.0], np.cumsum(query.cost(unit)[order])]) for unit in UNITS}
        return cls(query.rows(order), ends, spent)

    def calls(self, unit: Unit, budget: npt.ArrayLike, *, least: float = 1.0) -> Indices:
        """How many calls a budget buys: those that fit, and the next where enough of its cost is left.

        Parameters
        ----------
        unit : {"calls", "tokens", "money"}
        budget : array_like of float
        least : float
            The share of the next call's cost that has to be left, above 0. Over many walks with shares spread
            evenly up to 1, the budget is spent on average; with 1 it is never exceeded.

        Returns
        -------
        ndarray of intp
            -1 where the calls end before the budget does, so that nobody knows what it would have bought,
            and where the cost of one of them is unknown.
        """
        sizes, spent = np.asarray(budget, dtype=np.float64), self.spent[unit]
        if np.isnan(spent[-1]):
            return np.full(sizes.shape, -1)
        fit = np.searchsorted(spent, sizes * (1 + ROUNDING), side="right") - 1
        after = np.minimum(fit + 1, len(spent) - 1)
        fit += (sizes - spent[fit] > least * (spent[after] - spent[fit])) & (after > fit)
        return np.where(spent[-1] < sizes * (1 - ROUNDING), -1, fit)

    def different(self, classes: Indices, counted: npt.NDArray[np.bool_]) -> Indices:
        """How many classes have come with a response that counts, after so many calls.

        Parameters
        ----------
        classes : ndarray of intp, shape (responses,)
        counted : ndarray of bool, shape (responses,)
        """
        places = np.flatnonzero(counted[self.rows])
        firsts = np.unique(classes[self.rows[places]], return_index=True)[1]
        return np.searchsorted(np.sort(places[firsts]), self.ends, side="left")

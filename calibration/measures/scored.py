"""One scorer's scores, and what several parts of an audit make of them."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.statistics.counts import FloatArray
from calibration.frames import ScoreColumn
from calibration.measures.people import People
from calibration.measures.specification import Specification
from calibration.metrics.distribution.fitted import Fit, out_of_fold
from calibration.metrics.distribution.isotonic import isotonic_fit
from calibration.metrics.distribution.ordered_logit import ordered_logit
from calibration.metrics.distribution.refits import Refit, loss_slopes, refit


class Scored:
    """A scorer's column beside what people said; what several parts need is computed once."""

    def __init__(self, people: People, column: ScoreColumn, asked: Specification) -> None:
        self.people = people
        self.column = column
        self.asked = asked

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def values(self) -> FloatArray:
        """Higher is better; NaN where there is no score."""
        return self.column.values

    @cached_property
    def distributions(self) -> FloatArray:
        """Shares of each value, shape (items, V): as given, or fitted out of fold; NaN where none are."""
        return self.fitted_by(ordered_logit)

    def fitted_by(self, fit: Fit) -> FloatArray:
        """The same, with numbers turned into shares by another fit."""
        if np.isnan(self._numbers).all():
            return self._given
        counts, folds = self.people.frame.counts, self.people.references.folds
        return np.where(
            np.isnan(self._given), out_of_fold(self._numbers, counts, folds, fit=fit), self._given
        )

    @cached_property
    def refit(self) -> Refit | None:
        """How fitted shares would move with the labels that they were learned from; None if none are."""
        learned = ~np.isnan(self._numbers) & self.people.labelled
        return refit(self._numbers, self.people.frame.counts) if learned.any() else None

    def pulls(self, measure: str, counts: npt.NDArray[Any], items: npt.NDArray[np.bool_]) -> FloatArray:
        """What each item adds, by way of the fit, to the sum of a distance from these counts over items."""
        if self.refit is None:
            return np.zeros(len(items))
        slopes = loss_slopes(measure, self.distributions, counts)
        return self.refit.pulls(np.where(items[:, None], slopes, np.nan), self.distributions)

    @cached_property
    def votes(self) -> FloatArray | None:
        """Counts of votes, shape (items, V), rows of zeros where there are none; None if none are at all."""
        return self.column.votes

    @cached_property
    def source(self) -> str:
        """Where its distributions come from: "stated", "votes", "ordered_logit", or several joined by "+"."""
        labelled = self.people.labelled
        voted = np.zeros(len(labelled), dtype=bool) if self.votes is None else self.votes.any(axis=1)
        sources = {
            "stated": ~np.isnan(self._given[:, 0]) & ~voted,
            "votes": voted,
            "ordered_logit": ~np.isnan(self._numbers),
        }
        return "+".join(name for name, items in sources.items() if (items & labelled).any())

    @cached_property
    def residuals(self) -> FloatArray:
        """Score less the rising function of the mean label that is nearest to the scores."""
        residuals, known = np.full(len(self.values), np.nan), ~np.isnan(self.values + self.people.means)
        scores = self.values[known]
        residuals[known] = scores - isotonic_fit(self.people.means[known], scores)
        return residuals

    @property
    def _given(self) -> FloatArray:
        given = self.column.distributions
        return np.full(self.people.frame.counts.shape, np.nan) if given is None else given

    @cached_property
    def _numbers(self) -> FloatArray:
        """What is to be fitted: scores of items without a distribution of their own, NaN elsewhere.

        A perplexity by its logarithm, the mean surprise at a word: its own scale is that of a few outliers.
        """
        numbers = np.where(np.isnan(self._given[:, 0]), self.values, np.nan)
        of_items = self.column.family == "perplexity" and self.people.frame.kind != "comparison"
        return -np.log(-numbers) if of_items and not (numbers >= 0).any() else numbers

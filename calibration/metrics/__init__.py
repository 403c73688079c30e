"""A scorer against people: pure functions on arrays of scores and labels, for a notebook too.

`docs/audit.md` shows their use. Nothing here needs the server, its database or Django.
"""

from annotation.statistics.intervals import Estimate
from calibration.metrics.annotators.altest import alternative_annotator_test
from calibration.metrics.annotators.annotator_ranks import AnnotatorRanks
from calibration.metrics.annotators.by_group import GroupRanks, spearman_by_group
from calibration.metrics.annotators.per_annotator import annotator_correlations
from calibration.metrics.correlation.intervals import kendall_interval, pearson_interval, spearman_interval
from calibration.metrics.correlation.paired import spearman_difference
from calibration.metrics.correlation.within_query import within_query_spearman
from calibration.metrics.distribution.distances import distances
from calibration.metrics.distribution.fitted import isotonic_shares, out_of_fold, query_folds
from calibration.metrics.distribution.floors import floors
from calibration.metrics.distribution.ordered_logit import ordered_logit
from calibration.metrics.distribution.references import left_out_person, overall_shares
from calibration.metrics.distribution.reliability_curve import reliability_curve
from calibration.metrics.multiple import benjamini_hochberg, benjamini_yekutieli
from calibration.metrics.nulls.corrections import attenuation, thorndike
from calibration.metrics.nulls.equal_noise import equal_noise
from calibration.metrics.nulls.equal_noise_pairs import equal_noise_of_pairs
from calibration.metrics.nulls.mean_reliability import subset_reliability
from calibration.metrics.nulls.residuals import stratified_residual_test, stratified_residual_tests
from calibration.metrics.nulls.size_matched import size_matched
from calibration.metrics.nulls.unsure_means import variance_of_means
from calibration.metrics.pairwise.auc import auc
from calibration.metrics.pairwise.calibration import pairwise_calibration
from calibration.metrics.pairwise.equally_good import equally_good
from calibration.metrics.pairwise.equivalence import equivalent_and_decided
from calibration.metrics.pairwise.single_person import agreement_with_person, person_with_person
from calibration.metrics.subsets import near_pairs, pair_spearman, subsets_for

__all__ = [
    "AnnotatorRanks",
    "Estimate",
    "GroupRanks",
    "agreement_with_person",
    "alternative_annotator_test",
    "annotator_correlations",
    "attenuation",
    "auc",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "distances",
    "equal_noise",
    "equal_noise_of_pairs",
    "equally_good",
    "equivalent_and_decided",
    "floors",
    "isotonic_shares",
    "kendall_interval",
    "left_out_person",
    "near_pairs",
    "ordered_logit",
    "out_of_fold",
    "overall_shares",
    "pair_spearman",
    "pairwise_calibration",
    "pearson_interval",
    "person_with_person",
    "query_folds",
    "reliability_curve",
    "size_matched",
    "spearman_by_group",
    "spearman_difference",
    "spearman_interval",
    "stratified_residual_test",
    "stratified_residual_tests",
    "subset_reliability",
    "subsets_for",
    "thorndike",
    "variance_of_means",
    "within_query_spearman",
]

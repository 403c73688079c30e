"""Disagreement and agreement of labels: pure functions on arrays of counts."""

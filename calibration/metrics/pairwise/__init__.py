"""Scorers on comparisons: which of two responses people prefer, and how surely."""

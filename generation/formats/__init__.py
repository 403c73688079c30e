"""Formats of responses: how they are sorted, and how their shares change over training."""

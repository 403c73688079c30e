"""Queries out of chat logs: what a file's own fields and a few rules let through, then what a model says."""

"""Runs: a recipe asked about a whole study, by any number of processes, within limits and a budget."""

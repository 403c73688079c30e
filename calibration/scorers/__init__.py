"""Scores obtained live: judges, reward models and perplexities, asked one call at a time.

A recipe says what is asked and how its replies become scores. It knows neither Django nor the database, so
that a notebook can use it: `calibration.runs` asks a whole study.
"""

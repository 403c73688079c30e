"""The API of scorers, scores, audits and plans, a subject each."""

"""What cannot be done with a run."""


class RunError(Exception):
    """What cannot be run, and why: one line for a person."""

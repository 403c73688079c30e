"""Effects among people, and whether a scorer's answers show them too."""

"""A scorer against people: pure functions on arrays of scores and labels."""

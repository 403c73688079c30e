"""What queries ask for: the categories that stand, what models propose, and which queries are of which."""

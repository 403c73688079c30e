"""A plot with all that belongs to it, on a page and as files."""

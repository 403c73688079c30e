"""A scorer beside single people, and beside groups of them."""

"""A scorer's shares against people's whole distribution of labels."""

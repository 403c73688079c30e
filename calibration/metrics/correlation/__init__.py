"""Correlations of scores with mean labels, by ranks first of all, with intervals over clusters."""

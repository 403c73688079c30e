"""Geometry of the plots of labels; see `generation.charts`."""

"""Geometry of what several apps plot; templates draw it as SVG, with the look's classes for its colours.

Drawn here and not by a plotting library because the marks take their colours from the page (light, dark,
print), and because a page has a tenth of a second: altair with vl-convert takes .9 s to import and 70 ms and
220 kB a plot of 750 items, this takes 2 ms and 40 kB.
"""

"""A finished audit in words, tables and plots: a page, a file that needs no network, a terminal's lines.

`found.py` reads the frozen result, `cells.py` writes the tables' cells; the sections of the page are a file
each, and `read.py` puts them together.
"""

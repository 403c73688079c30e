"""The forms of pages, a subject each."""

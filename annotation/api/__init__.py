"""The API of studies, a subject each."""

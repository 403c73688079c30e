"""What a study refuses is said in the form that asked for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.forms import BaseForm

from annotation.studies import StudyError


@contextmanager
def refusals_in(form: BaseForm) -> Iterator[None]:
    """Leave the block at a StudyError, with its line above the form's fields."""
    try:
        yield
    except StudyError as error:
        form.add_error(None, str(error))

"""What a study says where its makers say nothing else, in the language that they choose."""

from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _

from annotation.models import Study

CONSENT = _(
    "This is a research study about how people judge answers written by computer programs.\n\n"
    "You will read short texts and say what you think of them. There are no right answers. "
    "Some texts may be odd or wrong. You may stop at any time.\n\n"
    "We keep your answers and the time that you take, under a code, not under your name. "
    "They may be published for research."
)
# The words of a scale stand lowest value first.
KINDS: dict[str, dict[str, Any]] = {
    Study.Kind.RATING: {
        "scale_low": 1,
        "scale_high": 5,
        "scale_words": [_("very poor"), _("poor"), _("fair"), _("good"), _("excellent")],
        "question": _("How good is this answer to you, all in all?"),
        "instructions": _(
            "You will see a request and an answer to it. Read both, then say how good the "
            "answer is to you, all in all. We want your own view: other people may see it otherwise."
        ),
    },
    Study.Kind.COMPARISON: {
        "scale_low": -2,
        "scale_high": 2,
        "scale_words": [
            _("B is much better"),
            _("B is slightly better"),
            _("about the same, hard to tell"),
            _("A is slightly better"),
            _("A is much better"),
        ],
        "question": _("Which answer is better to you?"),
        "instructions": _(
            "You will see a request and two answers to it. Read all three, then say which "
            "answer is better to you. We want your own view: other people may see it otherwise."
        ),
    },
}


def usual_texts(kind: str, language: str) -> dict[str, Any]:
    """The fields of a new study of a kind, its texts in the language."""
    with override(language):
        return {name: _in_words(value) for name, value in {"consent": CONSENT, **KINDS[kind]}.items()}


def _in_words(value: Any) -> Any:
    if isinstance(value, list):
        return [gettext(word) for word in value]
    return gettext(value) if isinstance(value, str) else value

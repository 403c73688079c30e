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
CONSENT_OF_QUERIES = _(
    "This is a research study about requests that people make to computer programs.\n\n"
    "You will read short requests and say what you think of them. There are no right answers. "
    "Some requests may be odd. You may stop at any time.\n\n"
    "We keep your answers and the time that you take, under a code, not under your name. "
    "They may be published for research."
)
# Of an imported study whose file says nothing of it.
UNSTATED = "The file of labels does not state the question."
# Of queries alone, by what is asked of them.
ASKED: dict[str, dict[str, Any]] = {
    "openness": {
        "scale_low": 0,
        "scale_high": 1,
        "scale_words": [_("one right answer"), _("many good answers")],
        "question": _("Is there one right answer to this request, or could many different ones be good?"),
        "instructions": _(
            "You will see requests that people made, without an answer. Read each, then say whether one "
            "answer to it is right, or whether many different ones could be good. We want your own view: "
            "other people may see it otherwise."
        ),
    },
    "answers": {
        "scale_low": 0,
        "scale_high": 3,
        "scale_words": [_("fewer than 3"), _("3 to 10"), _("10 to 20"), _("more than 20")],
        "question": _("How many different answers to this request would be reasonable?"),
        "instructions": _(
            "You will see requests that people made, without an answer. Read each, then say about how "
            "many different answers to it would be reasonable. We want your own view: other people may "
            "see it otherwise."
        ),
    },
    "category": {
        "scale_low": 0,
        "scale_high": 1,
        "scale_words": [_("no"), _("yes")],
        "question": _("Does this description fit the request?"),
        "instructions": _(
            "You will see requests that people made, each with a description of a kind of request. Read "
            "both, then say whether the description fits the request. Other descriptions may fit it too. "
            "We want your own view: other people may see it otherwise."
        ),
    },
}
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
    Study.Kind.PAIR: {
        "scale_low": 0,
        "scale_high": 1,
        "scale_words": [_("no"), _("yes")],
        "question": _("Do these two answers say the same idea?"),
        "instructions": _(
            "You will see a request and two answers to it. Read all three, then say whether the two "
            "answers say the same idea, in whatever words. We want your own view: other people may see "
            "it otherwise."
        ),
    },
    Study.Kind.QUERY: ASKED["openness"],
}


def usual_texts(kind: str, language: str, asks: str = "") -> dict[str, Any]:
    """The fields of a new study of a kind, its texts in the language; of queries, by what is asked."""
    usual = ASKED[asks] if asks else KINDS[kind]
    consent = CONSENT_OF_QUERIES if kind == Study.Kind.QUERY else CONSENT
    with override(language):
        return {name: _in_words(value) for name, value in {"consent": consent, **usual}.items()}


def _in_words(value: Any) -> Any:
    if isinstance(value, list):
        return [gettext(word) for word in value]
    return gettext(value) if isinstance(value, str) else value

"""The standard taxonomy of open-ended queries, and the shares that were published with it."""

from dataclasses import dataclass

from django.db import transaction

from generation.models import Category
from generation.recipes.classifying import key_of
from generation.taxonomy.locks import alone

SOURCE = "Artificial Hivemind, arXiv 2510.22954, section 2: 26,070 open-ended queries, labelled by GPT-4o"


@dataclass(frozen=True)
class Standard:
    """A category of the standard taxonomy.

    Attributes
    ----------
    share : float or None
        The published share of queries, of all that were open-ended; None of one that only groups others.
    """

    name: str
    definition: str
    share: float | None = None
    parts: tuple["Standard", ...] = ()


STANDARD = (
    Standard(
        "Creative Content Generation",
        "Asks for something to be made up and written out: a story, a poem, a song, a joke, a name, a "
        "slogan, a scene. What counts is invention; many quite different results would serve.",
        0.580,
    ),
    Standard(
        "Brainstorm & Ideation",
        "Asks for a number of ideas or possibilities to choose from or to go on with, not for one finished "
        "work.",
        0.152,
    ),
    Standard(
        "Open-Endedness",
        "The question itself has no settled answer: thoughtful people would answer it differently.",
        parts=(
            Standard(
                "Philosophical",
                "Asks about existence, knowledge, mind, meaning or right and wrong, where reasoning leads to "
                "several defensible positions.",
                0.035,
            ),
            Standard(
                "Abstract Conceptual",
                "Asks about an idea that cannot be pointed at, such as time, love, freedom or beauty, in "
                "general and without a case at hand.",
                0.100,
            ),
            Standard(
                "Ambiguous Everyday",
                "Asks about ordinary life in a way that leaves open what is meant or what matters, so that "
                "the answer depends on circumstances nobody stated.",
                0.026,
            ),
            Standard(
                "Analytical & Interpretive",
                "Asks to interpret, compare or assess a text, work, event or situation, where several "
                "readings can be supported.",
                0.226,
            ),
            Standard(
                "Speculative & Hypothetical",
                "Asks what would happen, or would have happened, under conditions that do not hold, or what"
                " the future brings.",
                0.222,
            ),
        ),
    ),
    Standard(
        "Alternative Perspectives",
        "The answer depends on whose values or which side is taken.",
        parts=(
            Standard(
                "Value-Laden",
                "The answer rests on what one holds to be good, fair or important, in morals, culture or "
                "religion.",
                0.023,
            ),
            Standard(
                "Controversial",
                "Touches a matter on which the public is divided, in politics or society, and where an "
                "answer is likely to be disputed.",
                0.025,
            ),
        ),
    ),
    Standard(
        "Alternative Styles",
        "What is to be said is given; how it is said may differ.",
        parts=(
            Standard(
                "Communication Styles",
                "Asks for a certain tone, register or way to address somebody: formal, kind, persuasive, "
                "witty, for children.",
                0.032,
            ),
            Standard(
                "Writing Genres",
                "Asks for a text of a certain kind, with the conventions of its form: an essay, an email, a "
                "review, a script, a poem, a report.",
                0.385,
            ),
        ),
    ),
    Standard(
        "Information-Seeking",
        "Asks to learn something or to get on with something, where many answers can be of equal use.",
        parts=(
            Standard(
                "Problem Solving",
                "Describes a difficulty, technical or practical, and asks for a way out; more than one "
                "would work.",
                0.193,
            ),
            Standard(
                "Decision Support",
                "Asks to weigh options, or for help with a choice that the person has to make.",
                0.022,
            ),
            Standard(
                "Skill Development",
                "Asks how to learn, do or get better at something, by instruction, practice or guidance.",
                0.235,
            ),
            Standard(
                "Recommendations",
                "Asks what to read, watch, buy, eat, visit or use, by taste or need.",
                0.110,
            ),
            Standard(
                "Concept Explanation",
                "Asks to have an idea, a term or how something works explained, where depth, examples and "
                "angle are free.",
                0.236,
            ),
            Standard(
                "Personal Advice",
                "Asks for advice on the person’s own life: relations, feelings, health, work or habits.",
                0.041,
            ),
        ),
    ),
)

# By name, those of the parts too.
PUBLISHED = {one.name: one.share for top in STANDARD for one in (top, *top.parts) if one.share is not None}
NAMES = tuple(one.name for top in STANDARD for one in (top, *top.parts))


def ensure_standard() -> None:
    """Have the standard categories in the database; where they are, nothing is done.

    One that a model had proposed under the same name becomes the standard one.
    """
    if Category.objects.filter(state=Category.State.STANDARD, name__in=NAMES).count() != len(NAMES):
        _make()


@transaction.atomic
def _make() -> None:
    alone()
    known = {key_of(row.name): row for row in Category.objects.all()}
    for top in STANDARD:
        parent = _stored(known, top, None)
        for part in top.parts:
            _stored(known, part, parent)


def _stored(known: dict[str, Category], given: Standard, parent: Category | None) -> Category:
    row = known.get(key_of(given.name)) or Category()
    row.name, row.definition, row.parent = given.name, given.definition, parent
    row.state, row.merged_into = Category.State.STANDARD, None
    row.save()
    return row

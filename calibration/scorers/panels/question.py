"""A study's own question as a rubric: personas answer what people were asked, on the same scale."""

from collections.abc import Sequence

from calibration.scorers.judges.rubrics import MOST_DESCRIPTION, Criterion, Rubric, RubricError

NAME, ANSWER = "question", "choice"
POINTWISE = (
    "Somebody asked a computer program this:\n\n{query}\n\nIt answered:\n\n{response}\n\n"
    "The person is asked, and chooses a number from {low} to {high}:\n{criteria}"
)
PAIRWISE = (
    "Somebody asked two computer programs this:\n\n{query}\n\n"
    "This is answer A, of the first:\n\n{response_1}\n\n"
    "This is answer B, of the second:\n\n{response_2}\n\n"
    "The person is asked, and chooses a number from {low} to {high}:\n{criteria}"
)


def question_rubric(
    *, question: str, low: int, high: int, words: Sequence[str] = (), pairwise: bool = False
) -> Rubric:
    """What people were asked, with the word of each value, the highest first; see `Rubric`.

    Of a comparison A is what is shown first, as on people's pages, and above 0 it is better. Raises
    RubricError.
    """
    named = zip(range(low, high + 1), words, strict=False)
    scale = [f"  {value}: {word}" for value, word in named if str(word).strip()]
    asked = "\n".join([question.strip(), *scale[::-1]])
    if len(asked) > MOST_DESCRIPTION:
        raise RubricError(
            f"The study’s question and its words have more than {MOST_DESCRIPTION:,} characters together: "
            "no model is asked so much at once."
        )
    return Rubric(NAME, "", PAIRWISE if pairwise else POINTWISE, (Criterion(ANSWER, asked),), low, high)

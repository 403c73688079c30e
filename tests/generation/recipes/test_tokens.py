import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipes.tokens import estimated

# Counted with the vocabularies cl100k and o200k.
COUNTED = [
    (
        "The night was quiet, and nobody in the library heard the clock strike; "
        "she closed her book and listened.",
        (22, 22),
    ),
    (
        "def mean(values):\n    if not values:\n        raise ValueError('no values')\n"
        "    return sum(values) / len(values)\n",
        (25, 26),
    ),
    (
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. "
        "Sie sind mit Vernunft und Gewissen begabt.",
        (28, 26),
    ),
    ("所有的人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。", (51, 36)),
    (
        "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق، وقد وهبوا عقلا وضميرا "
        "وعليهم أن يعامل بعضهم بعضا بروح الإخاء.",
        (80, 42),
    ),
]


@pytest.mark.parametrize(("text", "counted"), COUNTED, ids=["English", "code", "German", "Chinese", "Arabic"])
def test_an_estimate_is_within_a_quarter_of_what_vocabularies_count(
    text: str, counted: tuple[int, int]
) -> None:
    assert 0.75 * min(counted) <= estimated(text) <= 1.25 * max(counted)


@given(st.text(), st.text())
def test_every_text_has_an_estimate_and_a_longer_one_no_less(one: str, other: str) -> None:
    assert 0 <= estimated(one) <= estimated(one + "\n" + other) + 1
    assert estimated(one) <= 2 * len(one)


def test_no_text_takes_no_tokens() -> None:
    assert estimated("") == 0

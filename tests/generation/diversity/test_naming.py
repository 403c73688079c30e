import doctest

import numpy as np
import pytest

from generation.diversity import naming
from generation.diversity.naming import name_clusters

QUERY = "Write a metaphor about time."
RIVER = [
    "Time is a river that carries us on.",
    "To me, time is a river, slow and wide.",
    "**Time is a river**: it flows.",
    "I think that time is a river; its source is lost.",
    "A metaphor about time: time is a river.",
]
WEAVER = [
    "Time is a weaver at her loom.",
    "Call it a weaver. Time is a weaver of days.",
    "Time is a weaver, patient and blind.",
    "For time is a weaver, and we are thread.",
    "A metaphor about time: time is a weaver!",
]


def texts_of(phrases):
    return [phrase.text for phrase in phrases]


def test_examples_in_docstrings_hold():
    found = doctest.testmod(naming)
    assert found.attempted and not found.failed


def test_clusters_name_themselves_by_what_the_others_do_not_say():
    river, weaver = name_clusters(RIVER + WEAVER, np.repeat([0, 1], 5), query=QUERY)
    assert (river[0].text, river[0].within, river[0].elsewhere) == ("time is a river", 5, 0)
    assert (weaver[0].text, weaver[0].within, weaver[0].elsewhere) == ("time is a weaver", 5, 0)
    assert river[0].z > 2 and weaver[0].z > 2
    # What the query says, and what all say, names nothing.
    assert not any("metaphor" in text for text in texts_of(river + weaver))


def test_names_do_not_depend_on_the_order_of_responses_or_on_one_that_repeats_itself():
    labels, order = np.repeat([0, 1], 5), np.random.default_rng(0).permutation(10)
    texts = RIVER + WEAVER
    found = name_clusters(texts, labels, query=QUERY)
    shuffled = name_clusters([texts[one] for one in order], labels[order], query=QUERY)
    assert [names[0] for names in shuffled] == [names[0] for names in found]
    texts[3] = "Thief, thief, thief! " + texts[3]
    assert "thief" not in texts_of(name_clusters(texts, labels, query=QUERY)[0])


def test_no_two_names_of_a_cluster_share_a_telling_word_or_end_with_a_stop_word():
    rng = np.random.default_rng(1)
    words = ["time", "the", "of", "river", "sea", "banks", "and", "clock", "bell", "tower", "is", "a"]
    labels = np.repeat([0, 1, 2], 30)
    liked = [words[:7], words[4:], words]
    texts = [" ".join(rng.choice(liked[label], 15)) for label in labels]
    for phrases in name_clusters(texts, labels, most=5):
        seen = [word for text in texts_of(phrases) for word in text.split() if word not in naming.STOP_WORDS]
        assert phrases and len(seen) == len(set(seen))
        for text in texts_of(phrases):
            assert not {text.split()[0], text.split()[-1]} & naming.STOP_WORDS
            assert len(text.split()) <= 4


def test_a_script_without_spaces_is_named_by_its_letters():
    river = ["时间是一条河流，永远流淌。", "时间是一条河流", "我觉得时间是一条河流。"]
    weaver = ["时间是织布工，编织命运。", "时间是织布工", "时间是织布工。"]
    found = name_clusters(river + weaver, np.repeat([0, 1], 3), query="写一个关于时间的比喻")
    assert [phrases[0].text for phrases in found] == ["时间是一条河流", "时间是织布工"]


def test_one_cluster_has_its_commonest_phrases_and_an_empty_one_none():
    (names,) = name_clusters(RIVER, np.zeros(5, int), query=QUERY)
    assert (names[0].text, names[0].within, names[0].z) == ("time is a river", 5, None)
    assert name_clusters(RIVER + WEAVER, np.repeat([0, 2], 5), query=QUERY)[1] == ()
    # Nothing is commoner here than there.
    assert name_clusters(["tick tock"] * 4, np.array([0, 0, 1, 1])) == [(), ()]
    assert name_clusters([], np.zeros(0, int)) == []
    with pytest.raises(ValueError, match="2 labels"):
        name_clusters(["a"], np.array([0, 0]))

"""Studies of what was chosen from a collection: responses, pairs of them, or queries alone.

What decides the choice (the rule, the seed, the encoder) and what came of it is written into the study.
"""

from annotation.selected.choosing import Chosen, Selection, select
from annotation.selected.making import made_before, study_of
from annotation.selected.wanted import Wanted, collection_of

__all__ = ["Chosen", "Selection", "Wanted", "collection_of", "made_before", "select", "study_of"]

import numpy as np
import pytest

from calibration.frames import ScoreColumn
from calibration.measures.each import measure_each

COLUMNS = [ScoreColumn(name, "other", "number", np.zeros(3), "") for name in ("sound", "broken")]


def test_what_a_scorer_breaks_is_told_with_its_name():
    def measure_one(column, step):
        step()
        return {"one": 1 / (column.name != "broken")}

    with pytest.raises(ZeroDivisionError) as broken:
        list(measure_each(measure_one, COLUMNS, steps=1))
    assert broken.value.__notes__ == ["measuring broken"]

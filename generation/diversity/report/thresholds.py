"""From which similarity on two responses are of one given class."""

import numpy as np

from generation.diversity.report.asked import Json, Measured
from generation.diversity.thresholds import THRESHOLDS, threshold_curve

COLUMNS = ("above", "same_above", "pairs", "same")
# Of the thresholds by hundredths, every fifth is reported.
STEP = 5


def thresholds_section(measured: Measured) -> Json:
    columns = {name: measured.column(f"class_pairs.{name}") for name in COLUMNS}
    curve = threshold_curve(
        columns["above"],
        columns["same_above"],
        pairs=columns["pairs"],
        same=columns["same"],
        **measured.resampling,
    )
    shown = {"precision": curve.precision, "recall": curve.recall, "f1": curve.f1, "share": curve.share}
    return {
        "pairs": int(np.nansum(columns["pairs"])),
        "same": int(np.nansum(columns["same"])),
        "best": curve.best,
        "rows": [
            {"threshold": float(THRESHOLDS[place])}
            | {name: one.at(place).as_dict() for name, one in shown.items()}
            for place in range(0, len(THRESHOLDS), STEP)
        ],
    }

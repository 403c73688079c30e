"""What an audit read, kept with it: counts of labels and scores, compressed, and no people."""

from collections.abc import Iterable
from dataclasses import fields
from io import BytesIO
from typing import Any

import numpy as np

from annotation.frames import LabelFrame
from calibration.frames import ScoreColumn
from calibration.measures.people import People
from calibration.measures.specification import Specification
from calibration.models import Audit

# Of a label frame all but what tells people apart.
OF_LABELS = (
    "kind", "item_pks", "item_ids", "queries", "clusters", "values", "counts", "cannot_judge",
    "annotators", "cluster_unit", "simulated", "with_excluded",
)  # fmt: skip


class NothingFrozen(Exception):
    """The audit keeps nothing of what it read: one line for a person."""


def freeze_labels(frame: LabelFrame) -> bytes:
    return _packed({name: getattr(frame, name) for name in OF_LABELS})


def freeze_column(column: ScoreColumn) -> bytes:
    return _packed({field.name: getattr(column, field.name) for field in fields(column)})


def asked_of(audit: Audit) -> Specification:
    """What was asked of an audit, as the measures take it."""
    return Specification(
        preset=audit.preset,
        seed=audit.seed,
        replicates=audit.replicates,
        epsilon=audit.epsilon,
        margin=audit.margin,
        confident=audit.confident,
        cluster_unit=audit.cluster_unit or None,
        rules=audit.subsets,
    )


def people_of(audit: Audit) -> People:
    """What people said when the audit ran, in counts, whatever was labelled or erased since.

    Raises NothingFrozen for an audit that is not finished, or was made by a version that kept nothing.
    """
    if audit.labels is None:
        why = (
            "is not finished"
            if audit.result is None
            else "was made by a version that kept none: run a new one"
        )
        raise NothingFrozen(f"Audit {audit.pk} keeps no labels: it {why}.")
    given = _unpacked(audit.labels, OF_LABELS)
    return People(LabelFrame(**given | {"item_ids": given["item_ids"].tolist()}), asked_of(audit))


def column_of(audit: Audit, name: str) -> ScoreColumn:
    """A scorer's scores as a finished audit read them, aligned with the items of `people_of`.

    Raises NothingFrozen, also where the scorer is not among those of the audit.
    """
    stored = audit.measurements.filter(scorer=name).values_list("column", flat=True).first()
    if stored is None:
        raise NothingFrozen(f"Audit {audit.pk} keeps no scores of {name}.")
    return ScoreColumn(**_unpacked(stored, [field.name for field in fields(ScoreColumn)]))


def _packed(given: dict[str, Any]) -> bytes:
    """Arrays, and what else numpy can hold without pickles; None is left out."""
    buffer = BytesIO()
    arrays = {name: np.asarray(value) for name, value in given.items() if value is not None}
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(stored: bytes | memoryview, names: Iterable[str]) -> dict[str, Any]:
    """The arrays of these names, single values as Python has them; None for what was left out."""
    given: dict[str, Any] = dict.fromkeys(names)
    with np.load(BytesIO(bytes(stored)), allow_pickle=False) as arrays:
        for name in arrays.files:
            given[name] = arrays[name] if arrays[name].ndim else arrays[name].item()
    return given

"""Which items get more labels: those that divide people most, those with the fewest labels, or named ones."""

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite

from annotation.funnel import median_minutes
from annotation.models import Study
from annotation.studies import StudyError
from annotation.summary import summary_of
from generation.currencies import rounded

MOST_CHOSEN = 10_000
# The order in which items are taken.
ORDERS = {"entropy": "-entropy", "fewest": "n"}
AT_ONCE = 1_000


def choose(study: Study, *, by: str, number: int, kind: str = "") -> list[int]:
    """The keys of so many items in an order of ORDERS, of one kind or of all. Raises StudyError."""
    summary = summary_of(study)
    bits = summary.column("entropy_bits")
    fits = [
        place
        for place in summary.places(ORDERS[by])
        if (not kind or summary.kinds[place] == kind) and (by != "entropy" or isfinite(bits[place]))
    ]
    if not fits:
        raise StudyError("No item fits: entropy and kinds take two labels of an item.")
    return [int(key) for key in summary.frame.item_pks[fits[:number]]]


def named(study: Study, ids: Sequence[str]) -> list[int]:
    """The keys of the items with these ids. Raises StudyError."""
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise StudyError("Write the ids of the items, one a line.")
    if len(ids) > MOST_CHOSEN:
        raise StudyError(f"Name {MOST_CHOSEN:,} items at most.")
    found: dict[str, int] = {}
    for start in range(0, len(ids), AT_ONCE):
        items = study.items.filter(external_id__in=ids[start : start + AT_ONCE])
        found |= dict(items.values_list("external_id", "pk"))
    if missing := [each for each in ids if each not in found]:
        more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""
        raise StudyError(f"{study.slug} has no item {', '.join(missing[:3])}{more}.")
    return [found[each] for each in ids]


def cost_of(study: Study, labels: int) -> Decimal | None:
    """About what so many labels cost in pay; None where nothing says so yet.

    By the hour, at the median time of a session so far.
    """
    if study.pay_rate is None or study.pay_by == Study.Pay.NONE:
        return None
    if study.pay_by == Study.Pay.ITEM:
        return rounded(labels * study.pay_rate, study.currency)
    minutes = median_minutes(study)
    if minutes is None:
        return None
    hours = Decimal(minutes) / 60 * labels / study.session_size
    return rounded(hours * study.pay_rate, study.currency)

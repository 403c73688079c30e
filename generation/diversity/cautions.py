"""How far intervals from few queries can be trusted."""

# How often (%) 95 % intervals held the truth in 2,000 simulated data sets (1,000 of up to 4 queries).
COVERAGE = {
    "mean similarity": {2: 50, 3: 74, 4: 87, 5: 89, 10: 93, 20: 95},
    "share of cells near .85": {10: 90, 20: 92},
    "centred gap": {3: 40, 4: 78, 5: 89, 10: 90, 20: 91},
}
FAR_TOO_FEW, FEW = 5, 40


def caution(queries: int) -> str | None:
    """What to know about numbers from so few queries; None for 40 or more, and if there are none.

    Examples
    --------
    >>> caution(30).split(":")[0]
    'so few queries make intervals somewhat narrow'
    """
    if not 2 <= queries < FEW:
        return None
    known = max(number for number in set().union(*COVERAGE.values()) if number <= queries)
    held = [f"{by[known]} % for a {what}" for what, by in COVERAGE.items() if known in by]
    how = "far too" if queries < FAR_TOO_FEW else "somewhat"
    return (
        f"so few queries make intervals {how} narrow: with {known}, 95 % intervals held the truth in these "
        f"shares of simulated data sets: {', '.join(held)}; and a centred gap of "
        f"{queries} queries is up to {100 / (queries - 1):.0f} % too large"
    )

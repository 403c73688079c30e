"""Whether sources keep apart: whose responses are nearest, and how clusters mix them."""

from generation.diversity.report.asked import Json, Measured, number


def neighbours_section(measured: Measured) -> list[Json]:
    """For N = 1, 2, ...: how many sources the N nearest responses come from, and how many by chance."""
    found = measured.mean(measured.column("neighbours"))
    chance = measured.mean(measured.column("neighbours.expected"))
    return [
        {"nearest": n + 1, "sources": found.at(n).as_dict(), "expected": number(chance.value[n])}
        for n in range(len(found.value))
        if found.n[n]
    ]


def clusters_section(measured: Measured) -> Json:
    """As many clusters as sources, of one size and of any: how many sources share one."""
    return {
        "balanced": {
            "sources": _mean(measured, "balanced.sources"),
            "expected": _mean(measured, "balanced.expected"),
            "mixing": _mean(measured, "balanced.mixing"),
        },
        "kmeans": {
            "sources": _mean(measured, "kmeans.sources"),
            "mixing": _mean(measured, "kmeans.mixing"),
        },
    }


def _mean(measured: Measured, name: str) -> Json:
    return measured.mean(measured.column(name)).at().as_dict()

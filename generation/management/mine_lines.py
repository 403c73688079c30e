"""What the command says of a mining: its funnel, in words and as JSON."""

from typing import Any

from generation.management import run_work
from generation.mining.funnel import Funnel, Gate, funnel_of
from generation.models import Mining, Run

NAMED = 3


def summary(mining: Mining) -> dict[str, Any]:
    """Plain JSON."""
    return {
        "mining": mining.name,
        "collection": mining.collection and mining.collection.name,
        "specification": mining.specification,
        "funnel": funnel_of(mining).as_dict(),
    }


def named(run: Run) -> dict[str, Any]:
    """What a run's JSON begins with."""
    return {"name": run.name, "mining": run.mining and run.mining.name}


def outcome(run: Run) -> tuple[dict[str, Any], list[str]]:
    """What came of a run, and the funnel after it."""
    found, lines = run_work.outcome(run)
    if run.mining is None:
        return found, lines
    return {**found, **summary(run.mining)}, [*lines, *funnel_lines(run.mining)]


def funnel_lines(mining: Mining) -> list[str]:
    """Each gate with what it left and dropped, then what became of the rest."""
    funnel = funnel_of(mining)
    gates = funnel.gates if funnel.judged else funnel.file
    width = max(len(gate.gate) for gate in gates)
    lines = [f"{mining.name}, from {mining.specification['file']} ({mining.specification['schema']}):"]
    for gate in gates:
        lines.append(f"  {gate.gate:<{width}} {gate.left:>12,} {_dropped(gate)}".rstrip())
        lines += [f"    {line}" for line in gate.more.get("examples", ())[:NAMED]]
    return [*lines, *_after(mining, funnel)]


def _dropped(gate: Gate) -> str:
    what = "without a verdict" if gate.gate == "judged" else "dropped"
    notes = [f"{gate.dropped:,} {what}"] if gate.dropped else []
    notes += [f"{gate.more['guessed']:,} guessed"] if gate.more.get("guessed") else []
    notes += [f"{gate.more['not_said']:,} without any flag"] if gate.more.get("not_said") else []
    return f"({', '.join(notes)})" if notes else ""


def _after(mining: Mining, funnel: Funnel) -> list[str]:
    parts = funnel.parts
    if not funnel.judged and mining.runs.exists():
        return [f"No verdict is kept so far; of a trial none is. /mining/{mining.name}/"]
    if not funnel.judged:
        return [f"No model has judged any of them yet: give --model. /mining/{mining.name}/"]
    return [
        f"{parts['open']:,} open-ended and {parts['closed']:,} closed-ended queries are in the collection "
        f"{mining.collection}: /mining/{mining.name}/"
    ]

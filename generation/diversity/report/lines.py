"""A report for a terminal: the main findings first, then a line a source."""

from collections.abc import Mapping, Sequence
from typing import Any

from generation.written import (
    aligned,
    counted,
    ends_text,
    estimate_text,
    number_text,
    p_text,
    short,
    value_text,
)

Json = Mapping[str, Any]
MOST_COMPARED = 12
SHOWN_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
MEASURES = {
    "similarity": "similarity within",
    "self_bleu": "self-BLEU",
    "rarefied_2": "distinct pairs of words",
    "vendi": "Vendi score",
    "distinct_k": "classes",
}


def report_lines(found: Json) -> list[str]:
    """Short lines, aligned; what is undefined says why."""
    lines = [_title(found), "", *_findings(found)]
    for section in (_within, _between, _words, _classes, _thresholds, _compared, _verbatim):
        if more := section(found):
            lines += ["", *more]
    return [*lines, "", *_foot(found)]


def _title(found: Json) -> str:
    encoder = f", encoder {found['encoder']}" if found["encoder"] else ", no vectors"
    left = found["without_vectors"]
    without = f"; {left:,} responses have no vector and are left out" if left else ""
    return (
        f"{found['responses']:,} responses of {counted(len(found['sources']), 'source')} to "
        f"{counted(found['queries'], 'query', 'queries')}{encoder}{without}"
    )


def _findings(found: Json) -> list[str]:
    rows: list[tuple[str, str]] = []
    if (within := found["within"]) and (floor := found["floor"]):
        average = within["average"]
        rows += [
            ("Similarity within a source", estimate_text(average["similarity"])),
            ("  floor: responses to other queries", estimate_text(floor["similarity"])),
            ("  gap above the floor", estimate_text(average["gap"])),
            ("  centred gap, for any encoder alike", estimate_text(average["centred_gap"])),
            ("Cells with a mean above .8", estimate_text(average["cells_above"])),
            ("Pairs within a source above .8", estimate_text(average["pairs_above"])),
        ]
    if between := found["between"]:
        rows += [
            ("Similarity between sources", estimate_text(between["average"]["similarity"])),
            ("  gap above the floor", estimate_text(between["average"]["gap"])),
            ("  centred gap", estimate_text(between["average"]["centred_gap"])),
            ("Pairs between sources above .8", estimate_text(between["average"]["pairs_above"])),
        ]
    if clusters := found["clusters"]:
        balanced = clusters["balanced"]
        rows.append(("Sources in a balanced cluster", estimate_text(balanced["sources"])))
        rows.append(("  if sources did not matter", estimate_text(balanced["expected"])))
    if found["neighbours"]:
        last = nearest_row(found)
        rows.append((f"Sources among the {last['nearest']} nearest", estimate_text(last["sources"])))
        rows.append(("  if sources did not matter", number_text(last["expected"])))
    if verbatim := found["verbatim"]:
        rows.append(("Identical pairs within a source", estimate_text(verbatim["within"]["average"])))
        if verbatim["between"]:
            rows.append(("Identical pairs between sources", estimate_text(verbatim["between"]["average"])))
            rows.append(
                ("Responses sharing 8 words in a row", estimate_text(verbatim["shared_runs"]["average"]))
            )
    for name in ("within", "between"):
        if name in found["reasons"]:
            rows.append((f"Similarity {name}", f"undefined: {found['reasons'][name]}"))
    return [f"{name:<37} {value}" for name, value in rows]


def nearest_row(found: Json) -> Json:
    """Of the nearest responses, as many as a source has on average: if sources kept apart, all its own."""
    each = round(found["responses"] / max(1, found["queries"] * len(found["sources"])))
    rows: Sequence[Json] = found["neighbours"]
    row: Json = rows[min(len(rows), max(1, each)) - 1]
    return row


def _within(found: Json) -> list[str]:
    if not found["within"]:
        return []
    rows = [["Within a source", "mean", "interval", "centred gap", "cells > .8", "pairs > .8", "n"]]
    for row in found["within"]["sources"]:
        rows.append(
            [
                row["source"],
                value_text(row["similarity"]),
                ends_text(row["similarity"]),
                value_text(row["centred_gap"]),
                value_text(row["cells_above"]),
                value_text(row["pairs_above"]),
                f"{row['similarity']['n']:,}",
            ]
        )
    return aligned(rows)


def _between(found: Json) -> list[str]:
    if not found["between"]:
        return []
    pairs = [row for row in found["between"]["pairs"] if row["similarity"]["value"] is not None]
    pairs.sort(key=lambda row: -row["similarity"]["value"])
    rows = [["Most alike of two sources", "mean", "interval", "centred gap", "pairs > .8", "n"]]
    for row in pairs[:MOST_COMPARED]:
        name = f"{short(row['a'], 30)} and {short(row['b'], 30)}"
        estimate = row["similarity"]
        cells = [value_text(row["centred_gap"]), value_text(row["pairs_above"])]
        rows.append([name, value_text(estimate), ends_text(estimate), *cells, f"{estimate['n']:,}"])
    return aligned(rows, longest=70)


def _words(found: Json) -> list[str]:
    if not found["words"]:
        return []
    heads = {"distinct_2": "distinct-2", "self_bleu": "self-BLEU", "compression": "compression"}
    vendi = {row["source"]: row["vendi"] for row in (found["spectrum"] or {"sources": []})["sources"]}
    rows = [["Words and meaning", *heads.values(), *(["Vendi"] if vendi else []), "n"]]
    for row in found["words"]["sources"]:
        cells = [value_text(row[key]) for key in heads]
        more = [value_text(vendi[row["source"]])] if vendi else []
        rows.append([row["source"], *cells, *more, f"{row['words']['n']:,}"])
    return aligned(rows)


def _classes(found: Json) -> list[str]:
    if not found["classes"]:
        return []
    rows = [["Classes of ideas", "classes", "interval", "entropy", "n"]]
    for row in found["classes"]["sources"]:
        distinct = row["distinct_k"]
        entropy = value_text(row["semantic_entropy"])
        rows.append([row["source"], value_text(distinct), ends_text(distinct), entropy, f"{distinct['n']:,}"])
    return aligned(rows)


def _thresholds(found: Json) -> list[str]:
    if not found["thresholds"]:
        return []
    rows = [["One idea from a similarity of", "precision", "interval", "recall", "of all pairs", "n"]]
    for row in found["thresholds"]["rows"]:
        precision = row["precision"]
        if row["threshold"] in SHOWN_THRESHOLDS:
            cells = [
                value_text(precision),
                ends_text(precision),
                value_text(row["recall"]),
                value_text(row["share"]),
            ]
            rows.append([f"{row['threshold']:.2f}", *cells, f"{precision['n']:,}"])
    return aligned(rows)


def _compared(found: Json) -> list[str]:
    if not found["compared"]:
        return []
    lines = []
    compared = found["compared"]
    rows = [["Conditions compared", "of", "difference", "interval", "adjusted p", "n"]]
    for row in [*compared["conditions_over_models"], *compared["conditions"]][:MOST_COMPARED]:
        over = f" ({row['models']} models)" if "models" in row else ""
        name = f"{short(row['a'] or 'no condition')} less {short(row['b'] or 'no condition')}{over}"
        estimate = row["difference"]
        cells = [value_text(estimate, sign=True), ends_text(estimate), p_text(row["p_adjusted"])]
        rows.append([name, MEASURES[row["measure"]], *cells, f"{estimate['n']:,}"])
    lines += [*aligned(rows, longest=90), compared["equal_numbers"]] if len(rows) > 1 else []
    for row in compared["ensembles"]:
        one = row["one_model"]
        named = f" under {row['condition']}" if row["condition"] else ""
        lines.append(
            f"{row['models']} models{named} sharing {row['responses']} responses, less one model alone: "
            f"similarity {estimate_text(one['difference'], sign=True)}, p {p_text(one['p'])}"
        )
    return lines


def _verbatim(found: Json) -> list[str]:
    if not found["verbatim"] or not found["verbatim"]["phrases"]:
        return []
    lines = ["Longest phrases that several sources share"]
    for row in found["verbatim"]["phrases"][:5]:
        by = ", ".join(short(name, 30) for name in row["sources"][:4])
        more = f" and {len(row['sources']) - 4} more" if len(row["sources"]) > 4 else ""
        lines.append(f"  {row['words']} words, {by}{more}: “{short(row['text'], 160)}”")
    return lines


def _foot(found: Json) -> list[str]:
    asked = found["specification"]
    lines = [
        f"95 % intervals: {counted(asked['replicates'], 'replicate')} of "
        f"{counted(found['queries'], 'query', 'queries')}, seed {asked['seed']}."
    ]
    if found["caution"]:
        lines.append(f"Caution: {found['caution'].rstrip('.')}.")
    if found["unequal"]:
        lines.append(f"Caution: {found['unequal']}.")
    if found["within"]:
        lines.append(
            "A cell is one source's responses to one query. An encoder gives any two texts some similarity, "
            "its floor; only what lies above it says that responses are alike."
        )
    if found["paper"]:
        said = found["paper"]["definitions"].items()
        lines += [f"As Jiang et al. (2025) have it, {name.replace('_', ' ')}: {text}" for name, text in said]
    return [*lines, f"Data {found['data_hash']}, version {found['version']}"]

"""Rules that come with Manyminds, by their names; as files they would be the same JSON."""

from typing import Any

from generation.formats.rules import Rules

NUMBER = r"[-+]?[$€£]?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)"
BOXED = r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}"

# What open-ended answers look like. Only crisp shapes: a story, an argument, a letter are all text.
SHAPES: dict[str, Any] = {
    "rules": [
        {"format": "code", "kind": "regex", "pattern": r"^[ \t]*```", "flags": "m"},
        {"format": "code", "kind": "python", "defines": True},
        {"format": "headings", "kind": "regex", "pattern": r"^#{1,6}[ \t]+\S", "flags": "m"},
        # Two lines of either: one may be a year, or a thought within dashes.
        {
            "format": "steps",
            "kind": "regex",
            "pattern": r"^[ \t]*(?:\*\*)?\d{1,3}[.)][ \t*]+[^\s*].*?^[ \t]*(?:\*\*)?\d{1,3}[.)][ \t*]+[^\s*]",
            "flags": "ms",
        },
        {
            "format": "list",
            "kind": "regex",
            "pattern": r"^[ \t]*[-*•–][ \t]+\S.*?^[ \t]*[-*•–][ \t]+\S",
            "flags": "ms",
        },
        # Four lines on end, each shorter than a paragraph is.
        {"format": "verse", "kind": "regex", "pattern": r"(?:^[^\n]{2,60}\n){3}[^\n]{2,60}$", "flags": "m"},
    ],
    "default": "text",
}

# How a problem is solved, in the order in which a detector of formats left over from pretraining looks:
# a tool's call, then a program, then notation, then words. Programs are not run, so they have no answer.
MATHEMATICS: dict[str, Any] = {
    "rules": [
        {
            "format": "tool call",
            "kind": "regex",
            "pattern": r"<(?:llm-code|tool_call|function_call|code_interpreter)\b",
            "flags": "i",
            "answer": (
                r"(?:\\boxed\{|<llm-code-output>)\s*([^<{}\s][^<{}\n]*)(?:\n\s*)?(?:\}|</llm-code-output>)"
            ),
        },
        {"format": "python", "kind": "python", "defines": True},
        {
            "format": "latex",
            "kind": "regex",
            "pattern": r"\\boxed\{|\\\[|\\begin\{|\$\$",
            "answer": BOXED,
        },
        {
            "format": "number",
            "kind": "regex",
            "pattern": rf"\A\s*{NUMBER}\s*\.?\s*\Z",
            "answer": rf"({NUMBER})",
        },
        {
            "format": "equations",
            "kind": "regex",
            "pattern": r"\d[ \t]*[-+*/×·÷][ \t]*[$€£]?\d[\d \t.,()+*/×·÷$€£-]{0,200}=[ \t]*[-+$€£]*\d",
            "answer": rf"(?:####|=)\s*({NUMBER})",
        },
    ],
    # The last number of the text, which may not be what it ends on.
    "default": {"format": "text", "answer": rf"({NUMBER})"},
}

SHIPPED = {"shapes": Rules.from_dict(SHAPES), "mathematics": Rules.from_dict(MATHEMATICS)}

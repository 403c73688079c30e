"""What is marked for translation, read from the sources as they are, and what the catalogs say."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.template import engines
from django.template.base import Node, Template, Variable
from django.template.defaulttags import IfNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.translation import trim_whitespace

APPS = ("annotation", "calibration", "config", "generation")
# What each name of `django.utils.translation` takes, by the arguments' places.
CALLS = {
    "gettext": ("text",),
    "ngettext": ("text", "plural"),
    "pgettext": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
}
CALLS |= {f"{name}_lazy": places for name, places in CALLS.items()} | {"gettext_noop": ("text",)}


@dataclass(frozen=True)
class Message:
    text: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.text


@dataclass
class Entry:
    """A message of a catalog with what it says: one string, or one for each plural form."""

    message: Message
    said: list[str]
    flags: set[str] = field(default_factory=set)


def marked_messages() -> dict[tuple[str, str], Message]:
    """Everything marked in the apps' modules and in the templates."""
    sources = [path for app in APPS for path in sorted((settings.ROOT / app).rglob("*.py"))]
    found = [message for path in sources for message in _of_module(path)]
    for path in sorted((settings.ROOT / "templates").rglob("*.html")):
        found += _of_template(path)
    return {message.key: message for message in found}


def _of_module(path: Path) -> Iterator[Message]:
    tree = ast.parse(path.read_text())
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        places = CALLS.get(names.get(node.func.id, ""), ())
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        if places and len(texts) >= len(places):  # a variable was marked where its text stands
            yield Message(**dict(zip(places, texts, strict=False)))


def _of_template(path: Path) -> Iterator[Message]:
    template = engines["django"].from_string(path.read_text()).template
    for node in _nodes(template):
        if isinstance(node, TranslateNode):
            said = node.filter_expression.var
            assert isinstance(said, Variable) and isinstance(said.literal, str), path
            context = node.message_context
            yield Message(said.literal, context=str(context.var.literal) if context else "")
        elif isinstance(node, BlockTranslateNode):
            tidy = trim_whitespace if node.trimmed else str
            text, plural = (tidy(node.render_token_list(part)[0]) for part in (node.singular, node.plural))
            context = node.message_context
            yield Message(text, plural, str(context.var.literal) if context else "")


def _nodes(parent: Template | Node) -> Iterator[Node]:
    """Every node below, also in the branches of conditions."""
    lists = [parent.nodelist] if hasattr(parent, "nodelist") else []
    if isinstance(parent, Node):
        lists += [getattr(parent, name) for name in parent.child_nodelists if hasattr(parent, name)]
    if isinstance(parent, IfNode):
        lists = [branch for _, branch in parent.conditions_nodelists]
    for node in dict.fromkeys(node for nodes in lists for node in nodes):
        yield node
        yield from _nodes(node)


def read_catalog(path: Path) -> list[Entry]:
    """The entries of a .po file, without its header."""
    entries = [_entry(block) for block in path.read_text().split("\n\n")]
    return [entry for entry in entries if entry and entry.message.text]


def _entry(block: str) -> Entry | None:
    words: dict[str, str] = {}
    flags: set[str] = set()
    name = ""
    for line in block.splitlines():
        if line.startswith("#,"):
            flags |= {flag.strip() for flag in line[2:].split(",")}
        elif line and not line.startswith("#"):
            if not line.startswith('"'):
                name, _, line = line.partition(" ")
            words[name] = words.get(name, "") + ast.literal_eval(line)
    if "msgid" not in words:
        return None
    said = [text for name, text in words.items() if name.startswith("msgstr")]
    message = Message(words["msgid"], words.get("msgid_plural", ""), words.get("msgctxt", ""))
    return Entry(message, said, flags)

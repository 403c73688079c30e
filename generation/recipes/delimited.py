"""Texts of other people within a prompt, between tags that no text can close."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256


def delimited(texts: Mapping[str, str]) -> dict[str, str]:
    """Each text, as it is, between tags of its name, such as "query" or "response_1".

    Where one holds what may pass for such a tag, all tags get a name of their own.
    """
    words = {re.escape(name.split("_")[0]) for name in texts}
    tag = re.compile(rf"</?\s*(?:{'|'.join(sorted(words))})", re.IGNORECASE)
    held = any(tag.search(text) for text in texts.values())
    own = sha256(json.dumps(dict(texts)).encode()).hexdigest()[:12] if held else ""
    tags = {name: f"{name}-{own}" if own else name for name in texts}
    return {name: f"<{tags[name]}>\n{text}\n</{tags[name]}>" for name, text in texts.items()}

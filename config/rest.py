"""What the API takes and gives at once."""

import re
from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.parsers import JSONParser

# NUL, and half of a pair: JSON can write them, and no database takes them.
NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class Pages(LimitOffsetPagination):
    max_limit = 10_000


class PlainJSON(JSONParser):
    """JSON of a depth that can be read, with texts that a database can hold."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            given = super().parse(stream, media_type, parser_context)
            odd = any(map(NO_TEXT.search, _texts(given)))
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        if odd:
            raise ParseError("A text holds what is no character: NUL, or half of a surrogate pair.")
        return given


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for name, one in value.items():
                yield name
                yield from _texts(one)

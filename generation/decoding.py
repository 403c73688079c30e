"""How a model draws the tokens of a response."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from generation.recipes.fields import check_number, check_whole, fields_of
from generation.recipes.recipe import RecipeError

USUAL_TOKENS, MOST_TOKENS = 2048, 100_000


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """The limits of what is drawn; None leaves one to the server, which is not sent then. Raises RecipeError.

    Attributes
    ----------
    temperature : float or None
        What logits are divided by; 0 takes the likeliest token always.
    top_p : float or None
        Draw from the fewest likeliest tokens that together reach this probability.
    min_p : float or None
        Draw from tokens at least this share as likely as the likeliest one. Known to vLLM, llama.cpp and
        models in this process, not to OpenAI's API.
    top_k : int or None
        Draw from so many likeliest tokens; known to the same.
    max_tokens : int
        Where a response is cut off. Always told, since a budget counts with it.

    Notes
    -----
    Models in this process and vLLM apply the temperature before they leave tokens out; llama.cpp leaves out
    first, unless its `samplers` are set otherwise, which at high temperatures is another distribution.
    """

    temperature: float | None = None
    top_p: float | None = None
    min_p: float | None = None
    top_k: int | None = None
    max_tokens: int = USUAL_TOKENS

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, 0, 10)
        check_number("top_p", self.top_p, 0, 1)
        check_number("min_p", self.min_p, 0, 1)
        if self.top_p == 0:
            raise RecipeError('"top_p" is above 0.')
        if self.top_k is not None:
            check_whole("top_k", self.top_k, 1, 1_000_000)
        check_whole("max_tokens", self.max_tokens, 1, MOST_TOKENS)
        for name in ("temperature", "top_p", "min_p"):
            value = getattr(self, name)
            # 1 and 1.0 are the same decoding.
            object.__setattr__(self, name, None if value is None else float(value))

    def as_dict(self) -> dict[str, Any]:
        """What is told of it, as plain JSON; nothing is there for what is left to the server."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote, or what a person did. Raises RecipeError."""
        if not isinstance(given, Mapping):
            raise RecipeError('"decoding" is an object such as {"temperature": 1.0, "top_p": 0.9}.')
        return cls(**fields_of(cls, given))

    @property
    def words(self) -> str:
        """In short: "top-p .9 · T 1"."""
        words = []
        if self.top_p not in (None, 1.0):
            words.append(f"top-p {_short(self.top_p)}")
        if self.min_p:
            words.append(f"min-p {_short(self.min_p)}")
        if self.top_k is not None:
            words.append(f"top-k {self.top_k}")
        if self.temperature is not None:
            words.append(f"T {_short(self.temperature)}")
        if not words:
            words.append("all tokens" if self.top_p else "the server's own decoding")
        if self.max_tokens != USUAL_TOKENS:
            words.append(f"{self.max_tokens:,} tokens")
        return " · ".join(words)


def _short(number: float | None) -> str:
    written = f"{number:g}"
    return written.removeprefix("0") if written != "0" else written


# The paper's two.
PRESETS = {
    "top-p": Decoding(temperature=1.0, top_p=0.9),
    "min-p": Decoding(temperature=2.0, top_p=1.0, min_p=0.1),
}

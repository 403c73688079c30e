"""Perplexity by completions that echo their prompt with each token's log-probability.

The form is OpenAI's older one, as llama-cpp-python (started with logits_all) and vLLM serve it: of `echo` and
`logprobs`, `choices[0].logprobs` has `tokens`, `token_logprobs` (the first null) and `text_offset`, of the
prompt and then of what was generated. One token is, since llama-cpp-python takes 0 for as many as fit.

llama-cpp-python leaves the token that begins a text out of what it echoes, wherever the template has it: for
SmolLM2 each <|im_start|>, which makes a whole chat's perplexity a fifth higher than it is. So what is echoed
is held to how many tokens the prompt had.
"""

from itertools import pairwise
from typing import Any

from calibration.scorers.perplexities.measures import RESPONSE, Undefined
from calibration.scorers.perplexities.templates import pieces
from generation.clients import ServerRefuses
from generation.recipes.members import Unreadable, described, member, number
from generation.recipes.recipe import Subject

MISSING = (
    "The server echoes no prompt with log-probabilities: llama-cpp-python does when started with logits_all, "
    "many servers never do."
)
LEFT_OUT = (
    "The server echoes {told} of the {had} tokens of the whole chat: llama-cpp-python leaves out those that "
    "begin a text. Ask for the definition response."
)
APART = "The server's tokens do not tell where the response begins; vLLM does with the dialect vllm."


def text(template: str, subject: Subject, definition: str) -> str:
    """What is sent: it ends with the response where that is all that counts."""
    before, response, closing = pieces(template, subject)
    return before + response + ("" if definition == RESPONSE else closing)


def body(model: str, template: str, subject: Subject, definition: str) -> dict[str, Any]:
    return {
        "model": model,
        "prompt": text(template, subject, definition),
        "echo": True,
        "logprobs": 1,
        "max_tokens": 1,
        "temperature": 0,
    }


def log_likelihoods(template: str, subject: Subject, definition: str, answer: dict[str, Any]) -> list[float]:
    """Of the tokens that the definition takes.

    Raises Unreadable for an answer of another form, ServerRefuses where the server echoes nothing, and
    Undefined where its tokens do not tell where the response begins, or are not all of the whole chat's.
    """
    told = answer["choices"][0].get("logprobs")
    if not isinstance(told, dict):
        raise ServerRefuses(MISSING)
    values, tokens, offsets = (_list(told, name) for name in ("token_logprobs", "tokens", "text_offset"))
    if not len(values) == len(tokens) == len(offsets):
        raise Unreadable("The echoed tokens, their log-probabilities and offsets differ in number.")
    usage = member(answer, "usage")
    generated = member(usage, "completion_tokens")
    if not isinstance(generated, int) or not 0 <= generated <= len(values):
        raise Unreadable("The server does not say how many tokens it generated.")
    count = len(values) - generated
    if not count:
        raise ServerRefuses(MISSING)
    # Where the prompt ends, in the server's own count of characters.
    end = offsets[count] if generated else offsets[-1] + len(tokens[-1])
    first = 1
    if definition != RESPONSE and (had := member(usage, "prompt_tokens")) != count:
        raise Undefined(LEFT_OUT.format(told=count, had=described(had)))
    if definition == RESPONSE:
        before, response, _ = pieces(template, subject)
        first = _beginning(tokens[:count], [*offsets[:count], end], before, response)
    if first < 1:
        raise Undefined("Nothing comes before the response, so its first token has no probability.")
    return [number(value, "A log-probability") for value in values[first:count]]


def _list(told: dict[str, Any], name: str) -> list[Any]:
    kind = {"tokens": str, "text_offset": int}.get(name, object)
    values = member(told, name)
    if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
        raise Unreadable(f'The answer\'s "{name}" is not what it should be.')
    return values


def _beginning(tokens: list[str], offsets: list[int], before: str, response: str) -> int:
    """The response's first token; `offsets` has one more, where the last token ends.

    Some servers' offsets are sums of the tokens' lengths, where parts of a character count as whole ones;
    others' are those of the text, without special tokens. So offsets are held to what the tokens say.
    """
    if len(before) in offsets[:-1]:
        place = offsets.index(len(before))
        if "".join(tokens[:place]) == before:
            return place
    start = offsets[-1] - len(response)
    if start in offsets[:-1]:
        place = offsets.index(start)
        of_the_text = any(
            len(token) != stop - at for token, (at, stop) in zip(tokens, pairwise(offsets), strict=True)
        )
        if of_the_text or "".join(tokens[place:]) == response:
            return place
    raise Undefined(APART)

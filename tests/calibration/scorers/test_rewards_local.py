"""Reward models in this process: a tiny classifier drawn at random, against a plain loop over the texts."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from calibration.scorers.rewards.reward import RewardRecipe
from generation.local import LocalError, classifier
from generation.recipes.recipe import Asked, Reply, Subject

pytestmark = pytest.mark.local_models
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

CHAT = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] }} : {{ m['content'] }} {{ eos_token }}{% endfor %}"
)
WORDS = [f"w{number}" for number in range(40)]
LONGEST = 256


def make_model(
    folder: Path, *, labels: tuple[str, ...] = ("LABEL_0",), pad: bool = True, chat: str = CHAT
) -> str:
    """A classifier of two layers with a tokenizer of words, saved as transformers does."""
    words = ["<pad>", "<s>", "</s>", "<unk>", "user", "assistant", ":", *WORDS]
    vocabulary = {word: place for place, word in enumerate(words)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("<s> $A", None, [("<s>", 1)])
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=LONGEST, **special
    )
    fast.chat_template = chat or None
    fast.save_pretrained(folder)
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        initializer_range=0.3,
        pad_token_id=0 if pad else None,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    transformers.LlamaForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def one_head(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def three_heads(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("three"), labels=("helpful", "safe", "short"))


def subjects(count: int) -> list[Subject]:
    """Responses of 1 to 200 words."""
    texts = [
        " ".join(WORDS[(place * 7 + word) % 40] for word in range(1 + place * 53 % 200))
        for place in range(count)
    ]
    return [Subject(f"w{place % 5} w9", (text,)) for place, text in enumerate(texts)]


def asked(recipe: RewardRecipe, about: list[Subject]) -> list[Reply]:
    """Replies in the order of what was asked about."""
    replies = list(recipe.ask([Asked(key, subject) for key, subject in enumerate(about)], None))
    assert sorted(one.key for one, _ in replies) == list(range(len(about)))
    return [reply for _, reply in sorted(replies, key=lambda pair: pair[0].key)]


def scores(recipe: RewardRecipe, about: list[Subject]) -> list[dict[str, float]]:
    replies = asked(recipe, about)
    values = [recipe.values({"": reply.result}) for reply in replies if reply.result is not None]
    assert [reply.error for reply in replies if reply.error] == []
    return [{head: value.number for head, value in one.items() if value.number is not None} for one in values]


def plain_loop(folder: str, texts: list[str]) -> list[list[float]]:
    """One text at a time, as the model's own tokenizer and the model itself have it."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32
    ).eval()
    with torch.no_grad():
        return [
            model(**tokenizer(text, return_tensors="pt", add_special_tokens=False)).logits[0].tolist()
            for text in texts
        ]


def chat(subject: Subject) -> str:
    return f"<s> user : {subject.query} </s> assistant : {subject.responses[0]} </s>"


def test_a_score_is_that_of_a_plain_loop_whatever_the_batch(one_head: str):
    about, recipe = subjects(90), RewardRecipe(one_head, "local", device="cpu")
    plain = [row[0] for row in plain_loop(one_head, [chat(subject) for subject in about])]
    assert max(plain) - min(plain) > 0.1
    assert [one[""] for one in scores(recipe, about)] == pytest.approx(plain, abs=1e-5)
    assert [one[""] for one in scores(recipe, about[::-3])] == pytest.approx(plain[::-3], abs=1e-5)
    assert scores(recipe, about[5:6])[0][""] == pytest.approx(plain[5], abs=1e-5)


def test_a_model_without_a_padding_token_scores_the_same_in_any_company(tmp_path: Path):
    folder = make_model(tmp_path, pad=False)
    about = subjects(12)
    plain = [row[0] for row in plain_loop(folder, [chat(subject) for subject in about])]
    assert [one[""] for one in scores(RewardRecipe(folder, "local"), about)] == pytest.approx(plain, abs=1e-5)


def test_heads_are_told_apart_by_the_models_labels(three_heads: str):
    about = subjects(20)
    plain = plain_loop(three_heads, [chat(subject) for subject in about])
    recipe = RewardRecipe(three_heads, "local", heads=("short", "helpful", "safe"), main="helpful")
    for one, (helpful, safe, short) in zip(scores(recipe, about), plain, strict=True):
        assert one == pytest.approx({"": helpful, "safe": safe, "short": short}, abs=1e-5)


def test_probabilities_are_made_of_the_same_logits(one_head: str, three_heads: str):
    about = subjects(3)
    heads = ("helpful", "safe", "short")
    recipe = RewardRecipe(three_heads, "local", heads=heads, scores="probabilities")
    for one, row in zip(
        scores(recipe, about), plain_loop(three_heads, [chat(subject) for subject in about]), strict=True
    ):
        total = sum(map(math.exp, row))
        assert one == pytest.approx(
            {head: math.exp(x) / total for head, x in zip(heads, row, strict=True)}, abs=1e-5
        )
    single = scores(RewardRecipe(one_head, "local", scores="probabilities"), about)
    plain = plain_loop(one_head, [chat(subject) for subject in about])
    assert [one[""] for one in single] == pytest.approx(
        [1 / (1 + math.exp(-row[0])) for row in plain], abs=1e-5
    )


@pytest.mark.parametrize("heads", [(), ("helpful",), ("helpful", "safe"), ("helpful", "safe", "long")])
def test_a_model_with_other_heads_than_the_recipe_names_is_refused(three_heads: str, heads: tuple[str, ...]):
    with pytest.raises(LocalError, match=r"has 3 scores \(helpful, safe, short\), the recipe expects"):
        asked(RewardRecipe(three_heads, "local", heads=heads), subjects(1))


def test_a_model_without_a_chat_template_needs_one_of_ones_own(tmp_path: Path):
    folder, about = make_model(tmp_path, chat=""), subjects(9)
    with pytest.raises(LocalError, match=r"has no chat template: write one with \{query\} and \{response\}"):
        asked(RewardRecipe(folder, "local"), about)
    plain = plain_loop(folder, [f"<s> user {one.query} </s> {one.responses[0]}" for one in about])
    recipe = RewardRecipe(folder, "local", template="user {query} </s> {response}")
    assert [one[""] for one in scores(recipe, about)] == pytest.approx([row[0] for row in plain], abs=1e-5)


def test_a_chat_template_that_refuses_is_said_of_each_response(tmp_path: Path):
    folder = make_model(tmp_path, chat="{{ raise_exception('Only one turn is taken') }}")
    for reply in asked(RewardRecipe(folder, "local"), subjects(2)):
        assert (reply.outcome, reply.result) == ("failed", None)
        assert reply.error == f"The chat template of {folder} refuses: Only one turn is taken"


def test_what_is_too_long_has_no_score_unless_the_recipe_lets_it_be_cut_and_then_says_so(one_head: str):
    long = Subject("w1 w2", (" ".join(["w3"] * 300),))
    about = [*subjects(3), long, Subject(" ".join(["w1"] * 400), ("w2",))]
    strict = asked(RewardRecipe(one_head, "local"), about)
    assert [reply.outcome for reply in strict] == ["answered"] * 3 + ["failed"] * 2
    assert strict[3].error == "Its 309 tokens are more than the 256 that the model reads."
    recipe = RewardRecipe(one_head, "local", truncate=True)
    *short, cut, hopeless = asked(recipe, about)
    assert not any("cut" in (reply.result or {}) for reply in short)
    assert hopeless.outcome == "failed" and hopeless.error.endswith("The query alone fills them.")
    value = recipe.values({"": cut.result or {}})[""]
    # Of 300 words with spaces between them, 247 and the space after them fit beside what the template takes.
    assert value.metadata["cut"] == 3 * 53 - 1
    plain = plain_loop(one_head, [chat(Subject("w1 w2", (" ".join(["w3"] * 247),)))])
    assert value.number == pytest.approx(plain[0][0], abs=1e-5)


def test_a_score_that_is_no_number_is_not_stored(tmp_path: Path):
    folder = make_model(tmp_path)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    model.score.weight.data.fill_(float("nan"))
    model.save_pretrained(folder)
    (reply,) = asked(RewardRecipe(folder, "local"), subjects(1))
    assert (reply.outcome, reply.result, reply.error) == ("unparsable", None, "The score is not finite.")


def test_where_memory_ends_the_batch_is_halved_and_every_score_stays_the_same(one_head: str):
    about, recipe = subjects(40), RewardRecipe(one_head, "local", device="cpu")
    before = asked(recipe, about)
    sizes: list[int] = []

    def short_of_memory(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        rows, width = args[0].shape
        sizes.append(rows * width)
        if rows * width > 200:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = classifier(one_head, "cpu").model.register_forward_pre_hook(short_of_memory, with_kwargs=True)
    try:
        replies = asked(recipe, about)
    finally:
        hook.remove()
    assert max(sizes) > 200
    for reply, was in zip(replies, before, strict=True):
        if was.tokens_in > 200:
            assert reply.outcome == "failed" and "do not fit in the memory of cpu" in reply.error
        else:
            assert reply.result is not None and was.result is not None
            assert reply.result["scores"] == pytest.approx(was.result["scores"], abs=1e-5)


def test_a_result_is_plain_json(one_head: str):
    (reply,) = asked(RewardRecipe(one_head, "local"), subjects(1))
    assert json.loads(json.dumps(reply.result, allow_nan=False)) == reply.result

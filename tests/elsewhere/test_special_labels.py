"""Which labels are those of special tokens: exactly what tokenizers put around texts, in their spelling."""

from pathlib import Path

import pytest

import attnviz
from attnviz.elsewhere.tokens.special_labels import is_special_label

GOLDEN = Path(__file__).parents[1] / "checkpoints" / "golden"
FOLDERS = sorted(path.parent.name for path in GOLDEN.glob("*/config.json"))


@pytest.mark.parametrize("folder", ["tiny", *FOLDERS])
def test_what_a_tokenizer_adds_to_a_text_is_known_by_its_label(folder):
    source = folder if folder == "tiny" else GOLDEN / folder
    model = attnviz.load(model=source)
    result = attnviz.run("The dog read letters.", model=model, layers=0)
    has_padding = model.tokenizer.padding is not None
    padding = [model.tokenizer.padding_token(model.config.n_vocab)] if has_padding else []
    tokens = (*result.tokens, *padding)
    assert [token.piece for token in tokens if is_special_label(token.piece) != token.special] == []


@pytest.mark.parametrize(
    "label", ["<|endoftext|>", "<|begin_of_text|>", "<|im_start|>", "<bos>", "<eos>", "[EOS]", "ro_RO"]
)
def test_other_models_special_tokens_are_known(label):
    assert is_special_label(label)


@pytest.mark.parametrize("label", ["[UNK]", "[MASK]", "<unk>", "<mask>"])
def test_what_takes_the_place_of_a_word_is_not_special(label):
    assert not is_special_label(label)


@pytest.mark.parametrize(
    "label",
    ["", "cls", "[cls]", "[CLS", "[1]", "<b>", "<|", "<||>", "<|a b|>", "s", " <s>", "<s>\n", "__init__", "en_us"],
)
def test_other_brackets_are_text(label):
    assert not is_special_label(label)

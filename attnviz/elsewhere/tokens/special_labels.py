"""Labels that only special tokens have, for tokens of which nothing else is known."""

import re

_PADDING = frozenset(("[PAD]", "<pad>", "<PAD>", "<|pad|>", "<|padding|>", "<|finetune_right_pad_id|>", "__null__"))
# What tokenizers put around and between texts, or fill the length with. [UNK] and [MASK] take the place of a word of
# the text, so they are not among them, as they are not where a tokenizer says which tokens it added.
_NAMES = _PADDING | frozenset(
    (
        *("[CLS]", "[SEP]", "[BOS]", "[EOS]", "[SOS]", "[START]", "[END]"),
        *("<s>", "</s>", "<bos>", "<eos>", "<sos>", "<cls>", "<sep>", "<BOS>", "<EOS>", "<SOS>"),
        *("<start_of_turn>", "<end_of_turn>"),
        *("__start__", "__end__"),
    )
)
_LANGUAGE = re.compile(r"__[a-z]{2,3}__|[a-z]{2}_[A-Z]{2}|[a-z]{3}_[A-Z][a-z]{3}")  # M2M-100, mBART, NLLB
_FENCED = re.compile(r"<\|\w+\|>|<｜[\w▁]+｜>")  # <|endoftext|>, <|begin_of_text|>, <｜begin▁of▁sentence｜>


def is_special_label(label: str) -> bool:
    """True for the label of a special token of a family of models, in its exact spelling.

    >>> [is_special_label(label) for label in ("[CLS]", "<|endoftext|>", "eng_Latn", "[UNK]", "cls")]
    [True, True, True, False, False]
    """
    return label in _NAMES or any(one.fullmatch(label) is not None for one in (_FENCED, _LANGUAGE))


def is_padding_label(label: str) -> bool:
    """True for the label of a token that only fills the length, in its exact spelling."""
    return label in _PADDING

"""Labels that only special tokens have, for tokens of which nothing else is known."""

import re

_PADDING = frozenset(("[PAD]", "<pad>", "<PAD>", "<|pad|>", "<|padding|>", "<|finetune_right_pad_id|>"))
# What tokenizers put around and between texts, or fill the length with. [UNK] and [MASK] take the place of a word of
# the text, so they are not among them, as they are not where a tokenizer says which tokens it added.
_NAMES = _PADDING | frozenset(
    (
        *("[CLS]", "[SEP]", "[BOS]", "[EOS]", "[SOS]", "[START]", "[END]"),
        *("<s>", "</s>", "<bos>", "<eos>", "<sos>", "<cls>", "<sep>", "<BOS>", "<EOS>", "<SOS>"),
        *("<start_of_turn>", "<end_of_turn>"),
    )
)
_FENCED = re.compile(r"<\|\w+\|>|<｜[\w▁]+｜>")  # <|endoftext|>, <|begin_of_text|>, <｜begin▁of▁sentence｜>


def is_special_label(label: str) -> bool:
    """True for the label of a special token of a family of models, in its exact spelling.

    >>> [is_special_label(label) for label in ("[CLS]", "<|endoftext|>", "[UNK]", "cls")]
    [True, True, False, False]
    """
    return label in _NAMES or _FENCED.fullmatch(label) is not None


def is_padding_label(label: str) -> bool:
    """True for the label of a token that only fills the length, in its exact spelling."""
    return label in _PADDING

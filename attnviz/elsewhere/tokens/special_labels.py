"""Labels that only special tokens have, for tokens of which nothing else is known."""

import re

# What tokenizers put around and between texts, or fill the length with. [UNK] and [MASK] take the place of a word of
# the text, so they are not among them, as they are not where a tokenizer says which tokens it added.
_NAMES = frozenset(
    (
        *("[CLS]", "[SEP]", "[PAD]", "[BOS]", "[EOS]"),
        *("<s>", "</s>", "<pad>", "<bos>", "<eos>", "<cls>", "<sep>"),
        *("<start_of_turn>", "<end_of_turn>"),
    )
)
_FENCED = re.compile(r"<\|\w+\|>")  # <|endoftext|>, <|begin_of_text|>, <|im_start|>


def is_special_label(label: str) -> bool:
    """True for the label of a special token of a family of models, in its exact spelling.

    >>> [is_special_label(label) for label in ("[CLS]", "<|endoftext|>", "[UNK]", "cls")]
    [True, True, False, False]
    """
    return label in _NAMES or _FENCED.fullmatch(label) is not None

"""The ids of a vocabulary that random texts are made of."""

import re

import numpy as np

from attnviz.model import Model
from attnviz.text.pretrained import PretrainedTokenizer
from attnviz.text.regex import RegexTokenizer

_UNTRAINED = re.compile(r"[\[<].*(unused|reserved|extra_id|madeupword).*[\]>]", re.IGNORECASE)


def ordinary_ids(model: Model) -> np.ndarray:
    """The ids of ordinary pieces, in order: no special, added or unknown token, and none that no text has.

    Ids of a tokenizer without a vocabulary are hashes: all of them are ordinary.
    """
    tokenizer, n_vocab = model.tokenizer, model.config.n_vocab
    if isinstance(tokenizer, PretrainedTokenizer):
        pieces = tokenizer.library.get_vocab()
        others = {*tokenizer.library.get_added_tokens_decoder(), pieces.get(tokenizer.unknown or "")}
    elif isinstance(tokenizer, RegexTokenizer):
        pieces = dict(tokenizer.vocabulary)
        others = {pieces.get(name) for name in tokenizer.specials.values()}
    else:
        return np.arange(n_vocab)
    kept = {i for piece, i in pieces.items() if i < n_vocab and i not in others and not _UNTRAINED.fullmatch(piece)}
    return np.array(sorted(kept), dtype=np.int64)

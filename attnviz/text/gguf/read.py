"""The tokenizer of a GGUF file, made from the vocabulary in its metadata as llama.cpp makes its own."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attnviz.errors import CheckpointError, brief
from attnviz.text.engine.faults import library_errors
from attnviz.text.gguf.byte_pairs import byte_pairs
from attnviz.text.gguf.scored import scored_pairs, unigram
from attnviz.text.gguf.vocabulary import PREFIX, GgufVocabulary, read_vocabulary
from attnviz.text.gguf.wordpieces import wordpieces
from attnviz.text.pretrained import PretrainedTokenizer, pretrained_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# By the value of ``tokenizer.ggml.model``.
_MODELS: dict[str, Callable[[GgufVocabulary], "Tokenizer"]] = {
    "gpt2": byte_pairs,
    "gemma4": byte_pairs,
    "llama": scored_pairs,
    "bert": wordpieces,
    "t5": unigram,
}
_OVERRIDE = "give its tokenizer.json with --tokenizer FILE"


def read_gguf_tokenizer(metadata: Mapping[str, object], where: str) -> PretrainedTokenizer:
    """The tokenizer of a file.

    Args:
        metadata: keys and values of the file; arrays are lists of texts or NumPy arrays of numbers.
        where: the file's name in messages.

    Raises:
        CheckpointError: there is none, it is of a kind that is not known, or it is damaged.
    """
    model = metadata.get(f"{PREFIX}model")
    if model is None or (isinstance(model, str) and model in ("none", "no_vocab")):
        raise CheckpointError(f"{where}: it has no tokenizer ({PREFIX}model); expected one", hint=_OVERRIDE)
    if not isinstance(model, str) or model not in _MODELS:
        raise CheckpointError(
            f"{where}: {PREFIX}model is {brief(model)}, which is not known; expected {', '.join(_MODELS)}",
            hint=_OVERRIDE,
        )
    vocabulary = read_vocabulary(metadata, where)
    pad = vocabulary.special_id("pad")
    settings = {} if pad is None else {"pad_token": vocabulary.pieces[pad]}
    with library_errors(f"{where}: its vocabulary is damaged", "expected that of a tokenizer"):
        made = _MODELS[model](vocabulary)
    return pretrained_tokenizer(made, name=f"{where}, tokenizer", settings=settings)

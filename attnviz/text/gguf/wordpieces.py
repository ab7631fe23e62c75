"""A GGUF's vocabulary of word pieces (``bert``)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.text.gguf.finish import finish
from attnviz.text.gguf.vocabulary import GgufVocabulary
from attnviz.text.pieces.conversion import SPACE
from attnviz.text.pieces.model_file import NORMAL
from attnviz.text.vocabularies import bert_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def wordpieces(vocabulary: GgufVocabulary) -> "Tokenizer":
    """BERT's tokenizer (Devlin et al. 2019); files mark the pieces that start a word, and BERT those that do not.

    Raises:
        CheckpointError: an id that is not of the vocabulary.
    """
    spelled = vocabulary
    if any(piece.startswith(SPACE) for piece in vocabulary.pieces):
        pieces = tuple(map(_spelling, vocabulary.pieces, vocabulary.kinds))
        spelled = replace(vocabulary, pieces=pieces)
    unk = spelled.pieces[spelled.needed_id("unk", 100)]
    lower_case = spelled.is_set("normalizer.lowercase", True)
    accents = spelled.is_set("normalizer.strip_accents", lower_case)
    made = bert_tokenizer(spelled.ids, unk=unk, lower_case=lower_case, strip_accents=accents)
    first = spelled.special_id("cls") if spelled.special_id("bos") is None else spelled.special_id("bos")
    first = spelled.needed_id("bos", 101) if first is None else first
    last = spelled.needed_id("sep", 102)
    return finish(made, spelled, first=spelled.pieces[first], last=spelled.pieces[last], second=None)


def _spelling(piece: str, kind: int) -> str:
    """A piece as BERT writes it: ``▁play`` is ``play``, ``ing`` is ``##ing``."""
    if kind != NORMAL or (piece.startswith("[") and piece.endswith("]") and len(piece) > 2):
        return piece
    return piece.removeprefix(SPACE) if piece.startswith(SPACE) and piece != SPACE else f"##{piece}"

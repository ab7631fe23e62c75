"""A GGUF's vocabularies of scored pieces: merged by score (``llama``), or split by likelihood (``t5``)."""

from typing import TYPE_CHECKING

from attnviz.text.gguf.finish import finish
from attnviz.text.gguf.vocabulary import GgufVocabulary
from attnviz.text.pieces.conversion import MERGE_KINDS, SPACE, merges_by_score, piece_decoder
from attnviz.text.pieces.model_file import NORMAL

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Normalizer


def scored_pairs(vocabulary: GgufVocabulary) -> "Tokenizer":
    """Llama's tokenizer: pairs are merged, the best score first; a character without a piece is spelled in bytes.

    Raises:
        CheckpointError: scores that are missing, or an id that is not of the vocabulary.
    """
    from tokenizers import Tokenizer, models  # noqa: PLC0415 (start-up time)

    scores = vocabulary.scores()
    rows = zip(vocabulary.pieces, scores, vocabulary.kinds, strict=True)
    merges = merges_by_score({piece: score for piece, score, kind in rows if kind in MERGE_KINDS})
    unk = vocabulary.special_id("unk", 0)
    made = Tokenizer(
        models.BPE(
            vocabulary.ids,
            merges,
            unk_token=None if unk is None else vocabulary.pieces[unk],
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    made.normalizer = _spaces(vocabulary)
    made.decoder = piece_decoder()
    first = vocabulary.added_piece("bos", usual=True, default=1)
    last = vocabulary.added_piece("eos", usual=False, default=2)
    return finish(made, vocabulary, first=first, last=last, second=first)


def unigram(vocabulary: GgufVocabulary) -> "Tokenizer":
    """T5's tokenizer: the likeliest split of a text (Kudo 2018).

    Raises:
        CheckpointError: scores that are missing, a damaged table of characters, or an id that is not of the vocabulary.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers  # noqa: PLC0415 (start-up time)

    scores = vocabulary.scores()
    usual = [score for score, kind in zip(scores, vocabulary.kinds, strict=True) if kind == NORMAL]
    # The library takes the lowest score of all tokens for its penalty, and llama.cpp that of the normal ones.
    lowest = min(usual, default=0.0)
    fixed = [max(score, lowest) for score in scores]
    made = Tokenizer(models.Unigram(list(zip(vocabulary.pieces, fixed, strict=True)), vocabulary.needed_id("unk", 2)))
    squeezes = vocabulary.is_set("remove_extra_whitespaces", False)
    steps = _characters(vocabulary)
    if squeezes:
        steps += [normalizers.Replace(Regex(r"\A +| +\z"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    made.normalizer = _spaces(vocabulary, *steps)
    made.decoder = piece_decoder()
    first = vocabulary.added_piece("bos", usual=False)
    last = vocabulary.added_piece("eos", usual=True, default=1)
    return finish(made, vocabulary, first=first, last=last, second=first)


def _spaces(vocabulary: GgufVocabulary, *steps: "Normalizer") -> "Normalizer":
    """Some steps, then ``▁`` for spaces, with one before each part of a text."""
    from tokenizers import normalizers  # noqa: PLC0415 (start-up time)

    prefix = [normalizers.Prepend(SPACE)] if vocabulary.is_set("add_space_prefix", True) else []
    return normalizers.Sequence([*steps, *prefix, normalizers.Replace(" ", SPACE)])


def _characters(vocabulary: GgufVocabulary) -> list["Normalizer"]:
    """The step that replaces characters by the file's table, if it has one.

    Raises:
        CheckpointError: the table is damaged.
    """
    from tokenizers import normalizers  # noqa: PLC0415 (start-up time)

    from attnviz.text.pieces.charsmap import is_sound_charsmap  # noqa: PLC0415 (start-up time: it needs NumPy)

    table = vocabulary.bytes_of("precompiled_charsmap")
    if not table:
        return []
    damaged = vocabulary.error("precompiled_charsmap", "is damaged", "SentencePiece's table of characters")
    if not is_sound_charsmap(table):
        raise damaged
    try:
        return [normalizers.Precompiled(table)]
    except Exception as error:  # the library raises nothing more specific
        raise damaged from error

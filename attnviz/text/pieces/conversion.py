"""A SentencePiece model as JSON of the ``tokenizers`` library, so that native files can hold it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attnviz.text.pieces.layout import PieceLayout
from attnviz.text.pieces.model_file import NORMAL, UNUSED, USER_DEFINED, SentencePieceModel

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.decoders import Decoder
    from tokenizers.normalizers import Normalizer

SPACE = "▁"
MERGE_KINDS = (NORMAL, USER_DEFINED, UNUSED)  # of pieces that take part in merges


def converted(
    model: SentencePieceModel,
    vocabulary: Sequence[tuple[str, float]],
    unk: int,
    *,
    layout: PieceLayout,
) -> "Tokenizer":
    """The library's tokenizer with a model's pieces, merges and normalisation.

    Args:
        model: of the file.
        vocabulary: the pieces with their scores, in the order of the ids.
        unk: the id for what is unknown.
        layout: of the family, which says whether texts are lower-cased first, and whether they keep their accents.
    """
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers  # noqa: PLC0415 (start-up time)

    if model.is_bpe:
        ids = {piece: i for i, (piece, _) in enumerate(vocabulary)}
        scores = {piece.text: piece.score for piece in model.pieces if piece.kind in MERGE_KINDS and piece.text in ids}
        made = Tokenizer(
            models.BPE(
                ids,
                merges_by_score(scores),
                unk_token=vocabulary[unk][0],
                fuse_unk=True,
                byte_fallback=model.byte_fallback,
            )
        )
    else:
        made = Tokenizer(models.Unigram(list(vocabulary), unk, model.byte_fallback))
    symbols = [piece.text for piece in model.pieces if piece.kind == USER_DEFINED]
    at_first = bool(symbols) and model.dummy_prefix  # else each part between symbols would begin with a space
    made.normalizer = _normalizer(model, layout, prefix=model.dummy_prefix and not at_first)
    if at_first:
        made.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, "first", split=False)
    made.add_tokens([AddedToken(symbol, normalized=at_first, special=False) for symbol in symbols])
    made.decoder = piece_decoder()
    return made


def piece_decoder() -> "Decoder":
    """The step that makes text of pieces: signs for spaces become spaces, and spelled bytes characters."""
    from tokenizers import decoders  # noqa: PLC0415 (start-up time)

    return decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])


def _normalizer(model: SentencePieceModel, layout: PieceLayout, *, prefix: bool) -> "Normalizer":
    from tokenizers import Regex, normalizers  # noqa: PLC0415 (start-up time)

    steps: list[Normalizer] = []
    if layout.lower is not None:
        steps += [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')] if layout.quotes else []
        steps += [] if layout.keep_accents else [normalizers.NFKD(), normalizers.StripAccents()]
        steps += [normalizers.Lowercase()] if layout.lower else []
    if model.charsmap:
        steps.append(normalizers.Precompiled(model.charsmap))
    if model.squeezes:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    steps.append(normalizers.Replace(" ", SPACE))
    if model.squeezes:  # also where a text has the sign for a space itself
        steps.append(normalizers.Replace(Regex(rf"{SPACE}+\z"), ""))
    steps += [normalizers.Prepend(SPACE)] if prefix else []
    return normalizers.Sequence(steps)


def merges_by_score(scores: Mapping[str, float]) -> list[tuple[str, str]]:
    """The pairs of pieces that make another one, the best first: those of the highest score.

    Args:
        scores: of the pieces that take part in merges.
    """
    by_score: dict[float, list[tuple[str, str]]] = defaultdict(list)
    for text, score in scores.items():
        splits = ((text[:at], text[at:]) for at in range(1, len(text)))
        by_score[score] += [(left, right) for left, right in splits if left in scores and right in scores]
    return [
        pair for score in sorted(by_score, reverse=True) for pair in sorted(by_score[score], key=lambda p: len(p[0]))
    ]

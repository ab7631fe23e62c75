"""M2M-100 (Fan et al. 2020) and NLLB (NLLB Team 2022): translators of pre-norm blocks, with fairseq's sinusoids."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attnviz.checkpoints.huggingface.families import bart, mbart, roberta
from attnviz.checkpoints.huggingface.families.xglm import fairseq_sinusoids
from attnviz.checkpoints.huggingface.family import TokenizerKind
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules import language_codes
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, decoder_start, scale_embedding
from attnviz.encoder.parameters.shapes import Shape
from attnviz.text.languages import LanguageTokens
from attnviz.text.pieces.layout import PieceLayout


def _positions(settings: Settings, shape: Shape) -> np.ndarray:
    """The rows from the padding's on, which is 0."""
    first = roberta.pad_id(settings)
    return fairseq_sinusoids(shape, first, first)


def _pieces(codes: tuple[str, ...]) -> PieceLayout:
    return PieceLayout(
        last=tuple(f"__{code}__" for code in codes),
        single="$A </s>",
        pair="$A $B </s>",
        specials=("<pad>",),
        vocabulary="vocab.json",
        model="sentencepiece.bpe.model",
    )


_LANGUAGES = LanguageTokens("__{}__", "[a-z]{2,3}", "source $A </s>", "target $A </s>", default="en")
_TOKENIZERS: Mapping[str, TokenizerKind] = {
    "wmt21": TokenizerKind(_LANGUAGES, _pieces(language_codes.WMT21)),
    "Nllb": TokenizerKind(
        LanguageTokens(
            "{}",
            "[a-z]{3}_[A-Z][a-z]{3}",
            "source $A </s>",
            "target $A </s>",
            older=("$A </s> source", "$A </s> target"),
            default="eng_Latn",
        ),
        mbart.pieces(language_codes.NLLB),
    ),
}

FAMILY = replace(
    bart.FAMILY,
    name="M2M-100",
    paper="Fan et al. 2020",
    example="facebook/nllb-200-distilled-600M",
    fields=bart.SIZES
    | {
        "position": "learned",
        "pad_id": roberta.pad_id,
        "norm_placement": "pre",
        "activation": activation_from("activation_function", "relu"),
        "embed_scale": scale_embedding(default=True),
        "decoder_start_id": decoder_start(2),
    },
    modules={**bart.TOKENS, **bart.LAYERS, **bart.FINAL_NORMS},
    computed={"embed.positions": _positions},
    first_position=0,
    unused=(*bart.FAMILY.unused, "encoder.embed_positions.weights", "decoder.embed_positions.weights"),
    ignored=bart.old_settings(pre=True, embed_norm=False, offset=None),
    classes="M2M100",
    head=LanguageHead(),
    vocabulary=None,
    pieces=_pieces(language_codes.M2M100),
    languages=_LANGUAGES,
    tokenizer_class="M2M100",
    tokenizers=_TOKENIZERS,
)

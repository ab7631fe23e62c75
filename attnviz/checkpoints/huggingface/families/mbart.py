"""mBART (Liu et al. 2020): BART with pre-norm blocks, and a token for the language of each text; mBART-50 too."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bart
from attnviz.checkpoints.huggingface.family import TokenizerKind
from attnviz.checkpoints.huggingface.rules import language_codes
from attnviz.checkpoints.huggingface.settings import decoder_start
from attnviz.text.languages import LanguageTokens
from attnviz.text.pieces.layout import PieceLayout

_CODE = "[a-z]{2,3}_[A-Z]{2}"


def pieces(codes: tuple[str, ...]) -> PieceLayout:
    """The ids of fairseq: four special tokens, the pieces, the languages, the mask."""
    return PieceLayout(
        first=("<s>", "<pad>", "</s>", "<unk>"),
        skipped=3,
        last=(*codes, "<mask>"),
        single="$A </s>",
        pair="$A $B </s>",
        specials=("<pad>", *codes, "<mask>"),
        mask="<mask>",
    )


_MBART50 = TokenizerKind(
    LanguageTokens("{}", _CODE, "source $A </s>", "target $A </s>", default="en_XX"),
    pieces(language_codes.MBART50),
)

FAMILY = replace(
    bart.FAMILY,
    name="mBART",
    paper="Liu et al. 2020",
    example="facebook/mbart-large-50-many-to-many-mmt",
    fields=bart.FAMILY.fields
    | {
        "norm_placement": "pre",
        "decoder_start_id": decoder_start(None),
        "decoder_wraps": True,
    },
    modules=bart.FAMILY.modules | bart.FINAL_NORMS,
    ignored=bart.old_settings(pre=True, embed_norm=True, offset=2),
    classes="MBart",
    vocabulary=None,
    pieces=pieces(language_codes.MBART),
    languages=LanguageTokens("{}", _CODE, "$A </s> source", "$A </s> target", default="en_XX"),
    tokenizer_class="MBart",
    tokenizers={"MBart50": _MBART50, "ML50": _MBART50},
)

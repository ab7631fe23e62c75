"""Marian (Junczys-Dowmunt et al. 2018): OPUS-MT's translators; positions are sinusoids, sines before cosines."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bart
from attnviz.checkpoints.huggingface.settings import decoder_start
from attnviz.text.languages import LanguageTokens
from attnviz.text.pieces.layout import PieceLayout

_STORED_POSITIONS = ("encoder.embed_positions.weight", "decoder.embed_positions.weight")  # in older files

FAMILY = replace(
    bart.FAMILY,
    name="Marian",
    paper="Junczys-Dowmunt et al. 2018",
    example="Helsinki-NLP/opus-mt-en-de",
    fields=bart.SIZES | {"position": "sinusoidal", "sinusoids": "halves", "decoder_start_id": decoder_start(58100)},
    modules={**bart.TOKENS, **bart.LAYERS},
    first_position=0,
    unused=(*bart.FAMILY.unused, *_STORED_POSITIONS),
    rounded=_STORED_POSITIONS,
    ignored=bart.old_settings(pre=False, embed_norm=False, offset=None),
    classes="Marian(?:MT)?",
    vocabulary=None,
    pieces=PieceLayout(
        single="$A </s>",
        pair="$A $B </s>",
        specials=("<pad>",),
        vocabulary="vocab.json",
        model="source.spm",
        target_model="target.spm",
        target_vocabulary="target_vocab.json",
        code=">>.*?<<",
    ),
    tokenizer_class="Marian",
    languages=LanguageTokens(">>{}<<", "[^<>]+", "target $A </s>", "$A </s>"),
)
